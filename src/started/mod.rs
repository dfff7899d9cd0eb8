//! Waits that run in the background, all on one thread. The rules of a wait are in `calls`. `reactor` is the thread, `scheduler`
//! gives each wait its turns, and `task` is one wait. `sink` is where its outcome goes: to the `slot` of a [`StartedWait`], or to
//! the `fifo` of a [`Queue`].

mod block;
mod completion;
mod fifo;
mod queue;
mod reactor;
mod scheduler;
mod sink;
mod slot;
mod task;
mod ticket;
mod timers;
mod turns;
mod untaken;

pub use completion::Completion;
pub use queue::{Queue, QueuedWait};

/// Ends the waits of clients that have cancelled all their calls.
pub(crate) fn note_cancel_all() {
    Reactor::cancel_all();
}

/// What `slot` and `fifo` import; the model checker has its own.
mod platform {
    pub(super) use crate::sys::Event;
    pub use std::sync::{Arc, Mutex, MutexGuard};
}

use crate::calls::call::Start;
use crate::error::Error;
use crate::options::Options;
use crate::session::Session;
use crate::status::Status;
use crate::sys::{self, Event};
use block::{end_of, pending, until_found};
use reactor::{Lease, Reactor, is_this_thread as is_reactor};
use sink::Sink;
use slot::{Slot, Stage};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use task::Task;
use ticket::Ticket;
use untaken::Untaken;

/// A wait that runs in the background. All of them run on one thread of the library. After its end a wait keeps its outcome
/// until [`finish`](Self::finish) takes it. Any number of threads may use it at once.
///
/// Dropping it cancels the wait, if it still runs, and blocks until it has ended, which takes a moment. A started wait belongs to its process: a forked child cannot use it, and dropping it there does not affect the parent's wait.
pub struct StartedWait {
    session: Arc<Session>,
    slot: Arc<Slot<Untaken>>,
    ticket: Ticket,
    /// Made when a program asks for it.
    event: OnceLock<Arc<Event>>,
    _lease: Lease,
}

impl StartedWait {
    pub(crate) fn start(
        session: &Arc<Session>,
        event_name: &str,
        timeout: Option<Duration>,
        options: &Options,
    ) -> Result<StartedWait, Error> {
        let start = Start::new(session, event_name)?;
        let lease = Lease::new()?;
        let (slot, ticket) = (Arc::new(Slot::new()), Ticket::new(&lease));
        let sink = Sink::slot(session, &slot);
        lease.start(Task::new(start, event_name, timeout, options, ticket.clone(), sink))?;
        Ok(StartedWait { session: Arc::clone(session), slot, ticket, event: OnceLock::new(), _lease: lease })
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

    /// Blocks until the wait has ended, unless this is the thread that ends it.
    fn await_end(&self) {
        if is_reactor() {
            return;
        }
        let event = Event::new().ok().map(Arc::new);
        let _watcher = event.as_ref().map(|event| self.slot.watch(event));
        let has_ended = || (!matches!(self.stage(), Stage::Running)).then_some(());
        let _ = until_found(event.as_deref(), None, None, || false, has_ended);
    }

    fn stage(&self) -> Stage<()> {
        if self.is_inherited() { Stage::Taken } else { self.slot.stage() }
    }

    fn is_inherited(&self) -> bool {
        self.ticket.is_inherited()
    }
}

sys::impl_event_fd!(
    /// Returns what an event loop waits for: a descriptor that is readable, or on Windows an event that is signaled, from the
    /// wait's end until it is finished. It is for poll, epoll, WaitForMultipleObjects and similar calls; do not read, write,
    /// reset or close it. The first call makes it, so a wait that nobody polls needs none.
    ///
    /// # Errors
    ///
    /// [`Status::OutOfMemory`] if the process has no file descriptor left; [`Status::InvalidArgument`] if the wait belongs to
    /// the parent process.
    StartedWait, Error
);

impl Drop for StartedWait {
    fn drop(&mut self) {
        if self.is_inherited() {
            // The outcome is the parent's.
            std::mem::forget(Arc::clone(&self.slot));
            return;
        }
        if matches!(self.stage(), Stage::Running) {
            self.cancel();
            self.await_end();
        }
        // The reactor may still hold the slot for a moment.
        drop(self.slot.take());
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
