//! Waits that run in the background. The rules of a wait are in `calls`; `engine` runs it; and `sink` is where its outcome
//! goes: to the `slot` of a [`StartedWait`], or to the `fifo` of a [`Queue`].

mod block;
mod completion;
mod engine;
mod fifo;
mod queue;
mod sink;
mod slot;
mod ticket;
mod untaken;

pub use completion::Completion;
pub use queue::{Queue, QueuedWait};

/// What `slot` and `fifo` import; the model checker has its own.
mod platform {
    pub(super) use crate::sys::Event;
    pub use std::sync::{Arc, Mutex, MutexGuard};
}

use crate::calls::call::Start;
use crate::error::Error;
use crate::session::Session;
use crate::status::Status;
use crate::sys::{self, Event, Thread};
use block::{end_of, pending, until_found};
use sink::Sink;
use slot::{Slot, Stage};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use ticket::Ticket;
use untaken::Untaken;

/// A wait that runs in the background, on a thread of its own. After its end it keeps its outcome until
/// [`finish`](Self::finish) takes it. Any number of threads may use it at once.
///
/// Dropping it cancels the wait, if it still runs, and blocks until its thread has ended, which takes a moment. A started
/// wait belongs to its process: a forked child cannot use it, and dropping it there does not affect the parent's wait.
pub struct StartedWait {
    session: Arc<Session>,
    slot: Arc<Slot<Untaken>>,
    ticket: Arc<Ticket>,
    /// Made when a program asks for it.
    event: OnceLock<Arc<Event>>,
    thread: Option<Thread>,
}

impl StartedWait {
    pub(crate) fn start(
        session: &Arc<Session>,
        event_name: &str,
        timeout: Option<Duration>,
    ) -> Result<StartedWait, Error> {
        let start = Start::new(session, event_name)?;
        let (slot, ticket) = (Arc::new(Slot::new()), Arc::new(Ticket::new()?));
        let thread = engine::start(start, event_name, timeout, &ticket, Sink::slot(session, &slot))?;
        Ok(StartedWait { session: Arc::clone(session), slot, ticket, event: OnceLock::new(), thread: Some(thread) })
    }

    /// Blocks until the wait has ended, and takes its outcome: the service's answer, byte for byte, or the error. If several
    /// threads call it, one of them gets the outcome.
    ///
    /// - `timeout`: how long to block; `None` sets no limit; zero only looks.
    ///
    /// # Errors
    ///
    /// [`Status::Pending`] if the wait has not ended in that time; [`Status::Interrupted`] if a signal handler ran on this
    /// thread and the settings ask for it; neither changes the wait. [`Status::InvalidArgument`] if the outcome was taken
    /// before, or the wait belongs to the parent process. Otherwise the error of the wait.
    pub fn finish(&self, timeout: Option<Duration>) -> Result<String, Error> {
        let until = end_of(timeout);
        if let Some(outcome) = self.take() {
            return outcome;
        }
        if timeout == Some(Duration::ZERO) {
            return Err(pending(Status::Pending));
        }
        let event = Event::new().ok().map(Arc::new);
        let _watcher = event.as_ref().map(|event| self.slot.watch(event));
        let is_interruptible = || self.session.config.interruptible;
        until_found(event.as_deref(), None, until, is_interruptible, || self.take())?
    }

    /// Blocks until one of the waits has ended. It takes no outcome and changes no wait. It ignores waits that are finished
    /// already, or that another thread finishes meanwhile.
    ///
    /// - `waits`: the waits, which may belong to different clients.
    /// - `timeout`: how long to block; `None` sets no limit; zero only looks.
    ///
    /// Returns the index of the first wait in the slice that has ended.
    ///
    /// # Errors
    ///
    /// [`Status::Pending`] if no wait has ended in that time; [`Status::InvalidArgument`] if the slice is empty or every wait
    /// in it is finished; [`Status::Interrupted`] if a signal handler ran on this thread and the settings of one of the waits
    /// ask for it.
    pub fn select(waits: &[&StartedWait], timeout: Option<Duration>) -> Result<usize, Error> {
        let until = end_of(timeout);
        if let Some(found) = first_ended(waits) {
            return found;
        }
        if timeout == Some(Duration::ZERO) {
            return Err(pending(Status::Pending));
        }
        let event = Event::new().ok().map(Arc::new);
        let own = waits.iter().filter(|wait| !wait.is_inherited());
        let _watchers: Vec<_> = event.iter().flat_map(|event| own.clone().map(|wait| wait.slot.watch(event))).collect();
        let is_interruptible = || waits.iter().any(|wait| wait.session.config.interruptible);
        let look = || {
            // Cleared first: a wait that ends after the look sets it again.
            event.iter().for_each(|event| event.clear());
            first_ended(waits)
        };
        until_found(event.as_deref(), None, until, is_interruptible, look)?
    }

    /// Ends the wait with [`Status::Cancelled`], unless its answer has already arrived. [`finish`](Self::finish) still has to
    /// take the outcome.
    pub fn cancel(&self) {
        self.ticket.cancel();
    }

    /// An event that is set from the wait's end until it is finished. The first call makes it.
    pub(crate) fn try_event(&self) -> Result<&Event, Error> {
        if let Some(event) = self.event.get() {
            return Ok(event);
        }
        if self.is_inherited() {
            return Err(Error::invalid("wait belongs to the parent process"));
        }
        let new = Event::new()
            .map_err(|e| Error::new(Status::OutOfMemory, format!("cannot make a file descriptor for the wait: {e}")))?;
        let event = self.event.get_or_init(|| Arc::new(new));
        self.slot.show(event);
        Ok(event)
    }

    /// The outcome, or why it cannot be taken; `None` while the wait runs.
    fn take(&self) -> Option<Result<String, Error>> {
        let taken = || Error::invalid("wait is finished already, or belongs to the parent process");
        // The parent's lock may be held by a thread that this process does not have.
        match if self.is_inherited() { Stage::Taken } else { self.slot.take() } {
            Stage::Ended(outcome) => Some(outcome.take()),
            Stage::Taken => Some(Err(taken())),
            Stage::Running => None,
        }
    }

    fn stage(&self) -> Stage<()> {
        if self.is_inherited() { Stage::Taken } else { self.slot.stage() }
    }

    fn is_inherited(&self) -> bool {
        self.ticket.is_inherited()
    }
}

sys::impl_event_fd!(
    /// Returns a descriptor that is readable from the wait's end until it is finished. It is for poll, epoll and similar calls;
    /// do not read, write or close it. The first call makes it, so a wait that nobody polls needs none.
    ///
    /// # Errors
    ///
    /// [`Status::OutOfMemory`] if the process has no file descriptor left; [`Status::InvalidArgument`] if the wait belongs to
    /// the parent process.
    StartedWait, Error
);

impl Drop for StartedWait {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if self.is_inherited() {
            // Neither joined nor detached: in the child, the thread's handle is not valid. The outcome is the parent's.
            std::mem::forget((thread, Arc::clone(&self.slot)));
            return;
        }
        self.cancel();
        thread.join();
    }
}

impl fmt::Debug for StartedWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartedWait").field("stage", &self.stage()).finish_non_exhaustive()
    }
}

/// The first of the waits that has ended, or why none will; `None` if one may still end.
fn first_ended(waits: &[&StartedWait]) -> Option<Result<usize, Error>> {
    let first = |waits: &[&StartedWait]| waits.iter().position(|wait| matches!(wait.stage(), Stage::Ended(())));
    if let Some(found) = first(waits) {
        // One before it may have ended while the others were looked at.
        return Some(Ok(first(&waits[..found]).unwrap_or(found)));
    }
    let may_end = waits.iter().any(|wait| !matches!(wait.stage(), Stage::Taken));
    if may_end { None } else { Some(Err(Error::invalid("waits contains no unfinished wait"))) }
}
