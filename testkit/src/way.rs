//! The ways to wait for an event: a blocking call, a wait that is started and collected later, and one whose outcome goes to a
//! queue. They keep the same promises, so a test of a promise has one body, which `each_way` runs in each of them.

#[cfg(target_os = "linux")]
use crate::freeze;
use crate::freeze::Freezable;
use crate::sandbox;
use anchor::{CancelToken, Client, Error, Queue, QueuedWait, StartedWait};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
pub use testkit_attributes::each_way;

/// How a test waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// [`Client::wait`], cancelled by a [`CancelToken`].
    Blocking,
    /// [`Client::start`] and [`StartedWait::finish`], cancelled by [`StartedWait::cancel`].
    Started,
    /// [`Client::start_on`] a queue of its own and [`Queue::next`], cancelled by [`QueuedWait::cancel`].
    Queued,
}

/// The tag of the one wait on a queue.
const TAG: u64 = 0x51c7;

impl Way {
    /// Waits, and returns the outcome.
    pub fn wait(self, client: &Client, event_name: &str, timeout: Option<Duration>) -> Result<String, Error> {
        match self {
            Way::Blocking => client.wait(event_name, timeout, None),
            Way::Started => client.start(event_name, timeout)?.finish(None),
            Way::Queued => {
                let queue = Queue::new()?;
                client.start_on(&queue, event_name, timeout, TAG)?;
                take(&queue)
            }
        }
    }

    /// Waits, while the test does something else.
    pub fn begin(self, client: &Client, event_name: &str, timeout: Option<Duration>) -> Waiting {
        match self {
            Way::Blocking => {
                let token = CancelToken::new().expect("a token");
                let (client, event_name, theirs) = (client.clone(), event_name.to_owned(), token.clone());
                let call = move || (client.wait(&event_name, timeout, Some(&theirs)), Instant::now());
                Waiting::Blocking(Freezable::spawn(call), token)
            }
            Way::Started => Waiting::Started(Arc::new(client.start(event_name, timeout).expect("a wait"))),
            Way::Queued => {
                let queue = Queue::new().expect("a queue");
                let wait = client.start_on(&queue, event_name, timeout, TAG).expect("a wait");
                Waiting::Queued(queue, Arc::new(wait))
            }
        }
    }

    /// What a wait may ask the service for, in milliseconds, while more time than a slice is left. Started waits shorten their
    /// slices by up to a tenth at random, so that those which started together do not ask again together.
    pub fn slices(self, slice_ms: u64) -> RangeInclusive<u64> {
        match self {
            Way::Blocking => slice_ms..=slice_ms,
            Way::Started | Way::Queued => slice_ms - slice_ms / 10..=slice_ms,
        }
    }

    /// Whether this test may freeze its wait. A wait in the background is frozen with all others of its process, so that the
    /// test runs once more, alone.
    pub fn may_freeze(self, test: &str) -> bool {
        self == Way::Blocking || sandbox::is_alone(&self.of(test), &[])
    }

    /// The name by which a test program knows this way of a test.
    pub fn of(self, test: &str) -> String {
        format!("{test}::{self}")
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Blocking => "blocking",
            Way::Started => "started",
            Way::Queued => "queued",
        })
    }
}

/// Takes the only completion of a queue.
fn take(queue: &Queue) -> Result<String, Error> {
    let completion = queue.next(None, None)?;
    assert_eq!((completion.tag(), queue.running()), (TAG, 0));
    completion.into_outcome()
}

/// A wait that is running.
pub enum Waiting {
    Blocking(Freezable<(Result<String, Error>, Instant)>, CancelToken),
    Started(Arc<StartedWait>),
    Queued(Queue, Arc<QueuedWait>),
}

impl Waiting {
    pub fn cancel(&self) {
        match self {
            Waiting::Blocking(_, token) => token.cancel(),
            Waiting::Started(wait) => wait.cancel(),
            Waiting::Queued(_, wait) => wait.cancel(),
        }
    }

    /// For a log callback or a signal handler.
    pub fn canceller(&self) -> Canceller {
        match self {
            Waiting::Blocking(_, token) => Canceller::Token(token.clone()),
            Waiting::Started(wait) => Canceller::Started(Arc::downgrade(wait)),
            Waiting::Queued(_, wait) => Canceller::Queued(Arc::downgrade(wait)),
        }
    }

    /// Blocks until the wait has ended, and returns its outcome.
    pub fn end(self) -> Result<String, Error> {
        self.end_at().0
    }

    /// The same, with the time when the caller had the outcome.
    pub fn end_at(self) -> (Result<String, Error>, Instant) {
        match self {
            Waiting::Blocking(thread, _) => thread.join(),
            Waiting::Started(wait) => (wait.finish(None), Instant::now()),
            Waiting::Queued(queue, _wait) => (take(&queue), Instant::now()),
        }
    }

    #[cfg(target_os = "linux")]
    /// Blocks until the wait has nothing to do but to wait.
    pub fn until_asleep(&self) {
        match self {
            Waiting::Blocking(thread, _) => thread.until_asleep(),
            Waiting::Started(_) | Waiting::Queued(..) => freeze::until_the_library_sleeps(),
        }
    }

    #[cfg(target_os = "linux")]
    /// Arranges something that the wait finds all at once. The test asks first whether it [may](Way::may_freeze).
    pub fn while_frozen(&self, arrange: impl FnOnce()) {
        match self {
            Waiting::Blocking(thread, _) => thread.while_frozen(arrange),
            Waiting::Started(_) | Waiting::Queued(..) => freeze::while_started_waits_stop(arrange),
        }
    }

    #[cfg(target_os = "linux")]
    /// Runs the handler of a signal on the thread that waits, or on this one, which will collect the outcome.
    pub fn signal(&self, signal: libc::c_int) {
        match self {
            Waiting::Blocking(thread, _) => thread.signal(signal),
            // SAFETY: no pointers are passed.
            Waiting::Started(_) | Waiting::Queued(..) => assert_eq!(unsafe { libc::raise(signal) }, 0),
        }
    }
}

/// Cancels a wait from anywhere, and does not keep it.
#[derive(Clone)]
pub enum Canceller {
    Token(CancelToken),
    Started(Weak<StartedWait>),
    Queued(Weak<QueuedWait>),
}

impl Canceller {
    pub fn cancel(&self) {
        match self {
            Canceller::Token(token) => token.cancel(),
            Canceller::Started(wait) => wait.upgrade().expect("the wait is not collected yet").cancel(),
            Canceller::Queued(wait) => wait.upgrade().expect("the wait is not taken yet").cancel(),
        }
    }
}
