//! Waits that were started and are collected later. Each runs on a thread of its own; what such a wait does is in `wait`.
//!
//! A started wait goes through three stages, and never back:
//!
//! ```text
//! Running --- its thread has an answer or an error ---> Ended --- finish takes it ---> Taken
//! ```
//!
//! A cancel is no stage: it makes the thread end, and the answer that arrives with it is the answer. The descriptor is
//! readable in `Ended`, and while somebody is in `finish` who has to hear of `Taken`.

use crate::cancel::CancelToken;
use crate::client::Shared;
use crate::endpoint::check_event_name;
use crate::error::{Error, Status, caught};
use crate::http::{EventFd, Stop, Thread, first_set};
use crate::wait::wait;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Enough for a TLS handshake with a long certificate chain, of which an optimised build needs a quarter. Only what is
/// touched costs memory.
const STACK_SIZE: usize = 256 * 1024;

/// A wait that is running on its own thread, or has ended and keeps its answer until it is taken. Dropping it cancels the
/// wait, if it still runs, and waits for its thread, which takes a moment.
pub struct PendingWait {
    client: Arc<Shared>,
    slot: Arc<Slot>,
    thread: Option<Thread>,
}

impl PendingWait {
    pub(crate) fn start(
        client: &Arc<Shared>,
        event_name: &str,
        timeout: Option<Duration>,
    ) -> Result<PendingWait, Error> {
        check_event_name(event_name).map_err(Error::invalid)?;
        let exhausted = |e| Error::new(Status::OutOfMemory, format!("cannot start a wait: {e}"));
        let slot = Arc::new(Slot::new(CancelToken::new()?, EventFd::new().map_err(exhausted)?));
        let (theirs, shared, event_name) = (Arc::clone(&slot), Arc::clone(client), event_name.to_owned());
        let work = move || theirs.end(caught(|| wait(&shared, &event_name, timeout, Some(&theirs.cancel))));
        let thread = Thread::start(c"anchor-wait", STACK_SIZE, work).map_err(exhausted)?;
        Ok(PendingWait { client: Arc::clone(client), slot, thread: Some(thread) })
    }

    /// Waits up to `timeout` for the wait to end, and takes what came of it: the service's answer, byte for byte, or the
    /// error. `None` is no limit; zero only looks.
    ///
    /// # Errors
    ///
    /// [`Status::Pending`] if it has not ended yet, which changes nothing; [`Status::InvalidArgument`] if it was taken
    /// before; [`Status::Interrupted`] if a signal handler ran here and the configuration asks to be told; and those of
    /// the wait.
    pub fn finish(&self, timeout: Option<Duration>) -> Result<String, Error> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let finisher = Finisher::new(&self.slot);
        match first_set(&[&self.slot.ended], self.client.config.interruptible, until) {
            Ok(_) => finisher.take(),
            Err(stop) => Err(not_yet(stop)),
        }
    }

    /// Blocks until one of the waits has ended and tells which: the first such of the slice. Nothing is taken; the others
    /// are left alone. `None` is no limit; zero only looks. Waits that were taken already are passed over.
    ///
    /// # Errors
    ///
    /// [`Status::Pending`] if none has ended in time; [`Status::InvalidArgument`] if there is none that is not taken;
    /// [`Status::Interrupted`] as in [`finish`](Self::finish).
    pub fn select(waits: &[&PendingWait], timeout: Option<Duration>) -> Result<usize, Error> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let open: Vec<usize> = (0..waits.len()).filter(|at| !waits[*at].slot.is_taken()).collect();
        let Some(first) = open.first() else {
            return Err(Error::invalid("waits holds none that is not finished"));
        };
        let events: Vec<&EventFd> = open.iter().map(|at| &waits[*at].slot.ended).collect();
        let interruptible = waits[*first].client.config.interruptible;
        first_set(&events, interruptible, until).map(|at| open[at]).map_err(not_yet)
    }

    /// Makes the wait end with [`Status::Cancelled`], unless an answer is there already. What came of it is still to be
    /// taken with [`finish`](Self::finish).
    pub fn cancel(&self) {
        self.slot.cancel.cancel();
    }
}

impl AsFd for PendingWait {
    /// Readable from the wait's end until it is finished; for poll and its kin only, never to be read, written or closed.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.slot.ended.as_fd()
    }
}

impl Drop for PendingWait {
    fn drop(&mut self) {
        // In a forked child the thread does not exist, and its token is still the parent's too.
        if self.client.is_inherited() {
            return;
        }
        self.slot.cancel.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join();
        }
    }
}

impl fmt::Debug for PendingWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingWait").field("stage", &self.slot.lock().stage).finish_non_exhaustive()
    }
}

fn not_yet(stop: Stop) -> Error {
    let status = if stop == Stop::Interrupted { Status::Interrupted } else { Status::Pending };
    Error::new(status, status.message())
}

/// Where the thread leaves what came of the wait.
struct Slot {
    state: Mutex<State>,
    cancel: CancelToken,
    ended: EventFd,
}

struct State {
    stage: Stage,
    /// Threads in `finish`: only one takes the answer, and the others have to wake up for it too.
    finishers: usize,
}

enum Stage {
    Running,
    Ended(Result<String, Error>),
    Taken,
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Running => "Running",
            Stage::Ended(_) => "Ended",
            Stage::Taken => "Taken",
        })
    }
}

impl Slot {
    fn new(cancel: CancelToken, ended: EventFd) -> Slot {
        Slot { state: Mutex::new(State { stage: Stage::Running, finishers: 0 }), cancel, ended }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, outcome: Result<String, Error>) {
        let mut state = self.lock();
        state.stage = Stage::Ended(outcome);
        self.ended.notify();
    }

    fn is_taken(&self) -> bool {
        matches!(self.lock().stage, Stage::Taken)
    }
}

/// A thread in `finish`.
struct Finisher<'a>(&'a Slot);

impl<'a> Finisher<'a> {
    fn new(slot: &'a Slot) -> Finisher<'a> {
        let mut state = slot.lock();
        state.finishers += 1;
        // What is taken stays so: a look at the descriptor must not block.
        if matches!(state.stage, Stage::Taken) {
            slot.ended.notify();
        }
        Finisher(slot)
    }

    fn take(&self) -> Result<String, Error> {
        let mut state = self.0.lock();
        match std::mem::replace(&mut state.stage, Stage::Taken) {
            Stage::Ended(outcome) => outcome,
            Stage::Taken => Err(Error::invalid("wait is finished already")),
            // The descriptor is not readable in this stage.
            Stage::Running => {
                state.stage = Stage::Running;
                Err(not_yet(Stop::Deadline))
            }
        }
    }
}

impl Drop for Finisher<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.finishers -= 1;
        if state.finishers == 0 && matches!(state.stage, Stage::Taken) {
            self.0.ended.clear();
        }
    }
}
