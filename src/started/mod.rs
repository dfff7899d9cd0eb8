//! Waits that were started and are collected later. Each runs on a thread of its own. What such a wait does is in `wait`;
//! how its end reaches whoever collects it is in `slot`.

mod slot;

/// What `slot` is made of.
mod platform {
    pub(super) use crate::sys::Event;
    pub use std::sync::{Mutex, MutexGuard};
}

use crate::calls::call::Start;
use crate::calls::wait::wait;
use crate::cancel::CancelToken;
use crate::error::Error;
use crate::panic::catch;
use crate::session::Session;
use crate::status::Status;
use crate::sys::{self, Event, Thread, Watch};
use slot::{Slot, Stage, Watcher};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A wait over TLS was measured to need 43 KiB of it in an optimised build (plain 29) and 112 KiB in a debug build. The rest
/// is margin, for longer certificate chains and a caller's log callback; only what is touched costs memory.
const WAIT_STACK_SIZE: usize = 256 * 1024;

/// A wait that is running on its own thread, or has ended and keeps its answer until it is taken. Dropping it cancels the
/// wait, if it still runs, and waits for its thread, which takes a moment. In a forked child it is of no use, and
/// dropping it leaves the parent's wait alone.
pub struct StartedWait {
    session: Arc<Session>,
    task: Arc<Task>,
    thread: Option<Thread>,
    process: u32,
}

/// What the thread of a wait and its owner share.
struct Task {
    slot: Slot<Result<String, Error>>,
    cancel: CancelToken,
}

impl StartedWait {
    pub(crate) fn start(
        session: &Arc<Session>,
        event_name: &str,
        timeout: Option<Duration>,
    ) -> Result<StartedWait, Error> {
        let start = Start::new(session, event_name)?;
        let exhausted = |e| Error::new(Status::OutOfMemory, format!("cannot start a wait: {e}"));
        let slot = Slot::new(Event::new().map_err(exhausted)?);
        let task = Arc::new(Task { slot, cancel: CancelToken::new()? });
        let (theirs, their_session, event_name) = (Arc::clone(&task), Arc::clone(session), event_name.to_owned());
        let work = move || {
            let outcome = catch(|| wait(&their_session, &start, &event_name, timeout, Some(&theirs.cancel)));
            theirs.slot.end(outcome);
        };
        let thread = Thread::start(c"anchor-wait", WAIT_STACK_SIZE, work).map_err(exhausted)?;
        Ok(StartedWait { session: Arc::clone(session), task, thread: Some(thread), process: std::process::id() })
    }

    /// Waits up to `timeout` for the wait to end, and takes what came of it: the service's answer, byte for byte, or the
    /// error. `None` is no limit; zero only looks. Of several threads that do so, one gets it.
    ///
    /// # Errors
    ///
    /// [`Status::Pending`] if it has not ended yet, which changes nothing; [`Status::InvalidArgument`] if it was taken
    /// before, or belongs to a parent process; [`Status::Interrupted`] if a signal handler ran here and the
    /// configuration asks to be told, which changes nothing either; and those of the wait.
    pub fn finish(&self, timeout: Option<Duration>) -> Result<String, Error> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let taken = || Error::invalid("wait is finished already, or a parent process'");
        let watcher = self.watch().ok_or_else(taken)?;
        first_set(&[watcher.event()], self.session.config.interruptible, until)?;
        match watcher.take() {
            Stage::Ended(outcome) => outcome,
            Stage::Taken => Err(taken()),
            Stage::Running => Err(as_error(Status::Pending)),
        }
    }

    /// Blocks until one of the waits has ended and tells which: the first such of the slice. Nothing is taken; the others
    /// are left alone. `None` is no limit; zero only looks. Waits that are taken, before or meanwhile, are passed over.
    ///
    /// # Errors
    ///
    /// [`Status::Pending`] if none has ended in time; [`Status::InvalidArgument`] if there is none that is not taken;
    /// [`Status::Interrupted`] as in [`finish`](Self::finish), if the configuration of one of them asks for it.
    pub fn select(waits: &[&StartedWait], timeout: Option<Duration>) -> Result<usize, Error> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let interruptible = waits.iter().any(|wait| wait.session.config.interruptible);
        let watched = waits.iter().enumerate().filter_map(|(at, wait)| Some((at, wait.watch()?)));
        let mut watched: Vec<(usize, Watcher<'_, _>)> = watched.collect();
        while !watched.is_empty() {
            let events: Vec<&Event> = watched.iter().map(|(_, watcher)| watcher.event()).collect();
            let at = first_set(&events, interruptible, until)?;
            match watched[at].1.stage() {
                Stage::Ended(()) => return Ok(watched[at].0),
                Stage::Taken => drop(watched.remove(at)),
                Stage::Running => return Err(as_error(Status::Pending)),
            }
        }
        Err(Error::invalid("waits holds none that is not finished"))
    }

    /// Makes the wait end with [`Status::Cancelled`], unless an answer is there already. What came of it is still to be
    /// taken with [`finish`](Self::finish).
    pub fn cancel(&self) {
        if !self.is_inherited() {
            self.task.cancel.cancel();
        }
    }

    /// Is set from the wait's end until it is finished.
    pub(crate) fn event(&self) -> &Event {
        self.task.slot.event()
    }

    fn watch(&self) -> Option<Watcher<'_, Result<String, Error>>> {
        if self.is_inherited() { None } else { self.task.slot.watch() }
    }

    /// A child process has the memory and the descriptors of its parent's wait, but not the thread.
    fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }
}

sys::impl_pollable!(
    /// Readable from the wait's end until it is finished; for poll and its kin only, never to be read, written or closed.
    StartedWait
);

impl Drop for StartedWait {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if self.is_inherited() {
            // Neither joined nor detached: the C library may have reused what it kept about a thread of the parent.
            std::mem::forget(thread);
            return;
        }
        self.cancel();
        thread.join();
    }
}

impl fmt::Debug for StartedWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartedWait").field("stage", &self.task.slot.stage()).finish_non_exhaustive()
    }
}

/// Blocks until one of the events is set, and says which: the first of those that are.
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
