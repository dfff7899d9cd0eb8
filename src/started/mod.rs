//! Waits that run in the background. The rules of a wait are in `calls`; `engine` runs it, and `sink` is where its outcome
//! goes: to the `slot` of a [`StartedWait`], or to the `fifo` of a [`Queue`].

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
    pub use std::sync::{Mutex, MutexGuard};
}

use crate::calls::call::Start;
use crate::error::Error;
use crate::session::Session;
use crate::status::Status;
use crate::sys::{self, Event, Thread, Watch};
use sink::Sink;
use slot::{Slot, Stage, Watcher};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
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
    thread: Option<Thread>,
}

impl StartedWait {
    pub(crate) fn start(
        session: &Arc<Session>,
        event_name: &str,
        timeout: Option<Duration>,
    ) -> Result<StartedWait, Error> {
        let start = Start::new(session, event_name)?;
        let event = Event::new().map_err(|e| Error::new(Status::OutOfMemory, format!("cannot start a wait: {e}")))?;
        let (slot, ticket) = (Arc::new(Slot::new(event)), Arc::new(Ticket::new()?));
        let thread = engine::start(start, event_name, timeout, &ticket, Sink::slot(session, &slot))?;
        Ok(StartedWait { session: Arc::clone(session), slot, ticket, thread: Some(thread) })
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
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let taken = || Error::invalid("wait is finished already, or belongs to the parent process");
        let watcher = self.watch().ok_or_else(taken)?;
        first_set(&[watcher.event()], self.session.config.interruptible, until)?;
        match watcher.take() {
            Stage::Ended(outcome) => outcome.take(),
            Stage::Taken => Err(taken()),
            Stage::Running => Err(as_error(Status::Pending)),
        }
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
    /// ask for it; [`Status::OutOfMemory`] if there are more waits than the system can poll.
    pub fn select(waits: &[&StartedWait], timeout: Option<Duration>) -> Result<usize, Error> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let interruptible = waits.iter().any(|wait| wait.session.config.interruptible);
        let watched = waits.iter().enumerate().filter_map(|(at, wait)| Some((at, wait.watch()?)));
        let mut watched: Vec<(usize, Watcher<'_, _>)> = watched.collect();
        while !watched.is_empty() {
            let events: Vec<&Event> = watched.iter().map(|(_, watcher)| watcher.event()).collect();
            first_set(&events, interruptible, until)?;
            watched.retain(|(_, watcher)| !matches!(watcher.stage(), Stage::Taken));
            // By the stage: while the poll looked at the descriptors one by one, an earlier wait may have ended.
            if let Some((at, _)) = watched.iter().find(|(_, watcher)| matches!(watcher.stage(), Stage::Ended(()))) {
                return Ok(*at);
            }
        }
        Err(Error::invalid("waits contains no unfinished wait"))
    }

    /// Ends the wait with [`Status::Cancelled`], unless its answer has already arrived. [`finish`](Self::finish) still has to
    /// take the outcome.
    pub fn cancel(&self) {
        self.ticket.cancel();
    }

    /// An event that is set from the wait's end until it is finished.
    pub(crate) fn event(&self) -> &Event {
        self.slot.event()
    }

    fn watch(&self) -> Option<Watcher<'_, Untaken>> {
        if self.is_inherited() { None } else { self.slot.watch() }
    }

    fn is_inherited(&self) -> bool {
        self.ticket.is_inherited()
    }
}

sys::impl_pollable!(
    /// Returns a descriptor that is readable from the wait's end until it is finished. It is for poll, epoll and similar calls;
    /// do not read, write or close it.
    StartedWait
);

impl Drop for StartedWait {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if self.is_inherited() {
            // Neither joined nor detached: in the child, the thread's handle is not valid.
            std::mem::forget(thread);
            return;
        }
        self.cancel();
        thread.join();
    }
}

impl fmt::Debug for StartedWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartedWait").field("stage", &self.slot.stage()).finish_non_exhaustive()
    }
}

/// Blocks until one of the events is set, and returns the index of the first that is.
fn first_set(events: &[&Event], interruptible: bool, until: Option<Instant>) -> Result<usize, Error> {
    let mut watched: Vec<Watch> = events.iter().map(|event| Watch::readable(event)).collect();
    let wake = sys::poll(&mut watched, interruptible, until)
        .map_err(|_| Error::new(Status::OutOfMemory, "the system cannot poll so many descriptors"))?;
    match watched.iter().position(Watch::is_ready) {
        Some(at) => Ok(at),
        None => Err(as_error(if wake.interrupted { Status::Interrupted } else { Status::Pending })),
    }
}

fn as_error(status: Status) -> Error {
    Error::new(status, status.message())
}
