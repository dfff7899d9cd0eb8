//! [`Queue`]: one place at which the outcomes of any number of waits arrive. Its state is in `fifo`.

use super::block::{end_of, until_found};
use super::completion::{Completion, Ended};
use super::fifo::Fifo;
use super::reactor::{Lease, is_this_thread};
use super::sink::Sink;
use super::task::Task;
use super::ticket::Ticket;
use crate::calls::call::Start;
use crate::cancel::CancelToken;
use crate::error::Error;
use crate::options::Options;
use crate::session::Session;
use crate::status::Status;
use crate::sys::{self, Event, PerProcess};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Collects the outcomes of waits that [`Client::start_on`](crate::Client::start_on) started. Any number of threads may start
/// waits on it and take from it, and the waits may belong to different clients.
///
/// Each wait gives exactly one [`Completion`], cancelled or not. Take until [`running`](Self::running) is 0 before you drop a
/// queue: dropping it cancels what runs, and drops events that have arrived, which
/// [`Stats::dropped`](crate::Stats::dropped) counts.
///
/// In a forked child, a queue of the parent is empty, has no callback, and has a descriptor of its own.
pub struct Queue {
    state: PerProcess<State>,
}

/// What a forked child does not share with its parent.
struct State {
    fifo: Arc<Completions>,
    /// From the first wait on.
    lease: OnceLock<Lease>,
}

pub(super) type Completions = Fifo<Ended, Ticket>;

impl Queue {
    /// Makes an empty queue. It holds one file descriptor.
    ///
    /// # Errors
    ///
    /// [`Status::OutOfMemory`] if the process has no file descriptor left.
    pub fn new() -> Result<Queue, Error> {
        Ok(Queue { state: PerProcess::new(empty()?) })
    }

    /// Blocks until a wait has ended, and takes its completion.
    ///
    /// - `timeout`: how long to block; `None` sets no limit; zero only looks.
    /// - `cancel`: a token that ends this call; it does not cancel the waits.
    ///
    /// # Errors
    ///
    /// [`Status::Pending`] if no wait has ended in that time; [`Status::Cancelled`] if the token is cancelled;
    /// [`Status::Interrupted`] if a signal handler ran on this thread and the settings of a client with a wait on the queue ask
    /// for it; [`Status::OutOfMemory`] if a forked child has no file descriptor left for the queue of its parent. Nothing is
    /// taken then. A failure of the wait itself is in the completion.
    pub fn next(&self, timeout: Option<Duration>, cancel: Option<&CancelToken>) -> Result<Completion, Error> {
        let until = end_of(timeout);
        let fifo = self.fifo()?;
        let is_interruptible = || fifo.is_interruptible();
        until_found(Some(fifo.event()), cancel, until, is_interruptible, || fifo.take()).map(Ended::take)
    }

    /// Returns the number of waits whose completion was not taken yet.
    #[must_use]
    pub fn running(&self) -> usize {
        self.fifo().map_or(0, |fifo| fifo.untaken())
    }

    /// Cancels the waits that run on the queue. Each still gives its completion: with [`Status::Cancelled`], unless its answer
    /// has already arrived. Later waits are not affected.
    pub fn cancel_all(&self) {
        if let Ok(fifo) = self.fifo() {
            fifo.each_running(Ticket::cancel);
        }
    }

    /// Sets a function that the library's thread calls once for each change from empty to not empty; `None` for none. If the
    /// queue is not empty, the function is called at once, on this thread. A call of the function that is replaced has
    /// returned when this call returns.
    ///
    /// The function must not block and must not call libanchor: it is meant to wake an event loop. A panic in it is ignored.
    ///
    /// # Errors
    ///
    /// [`Status::OutOfMemory`] if a forked child has no file descriptor left for the queue of its parent.
    pub fn set_callback(&self, callback: Option<Box<dyn FnMut() + Send>>) -> Result<(), Error> {
        let guarded = callback.map(|mut callback| -> Box<dyn FnMut() + Send> {
            // A panic's own payload may panic when dropped.
            Box::new(move || std::mem::forget(catch_unwind(AssertUnwindSafe(&mut callback))))
        });
        self.fifo()?.set_callback(guarded);
        Ok(())
    }

    /// An event that is set while the queue is not empty.
    pub(crate) fn try_event(&self) -> Result<&Event, Error> {
        Ok(self.fifo()?.event())
    }

    fn event(&self) -> &Event {
        self.try_event().expect("a file descriptor is left for a queue of the parent process")
    }

    fn fifo(&self) -> Result<&Arc<Completions>, Error> {
        Ok(&self.state.get(empty)?.fifo)
    }

    /// The same for a wait that is to run on the queue, which keeps the reactor from here on.
    fn lend(&self) -> Result<&Arc<Completions>, Error> {
        let state = self.state.get(empty)?;
        if state.lease.get().is_none() {
            // Another thread may be first; then this lease is given back.
            drop(state.lease.set(Lease::new()?));
        }
        Ok(&state.fifo)
    }
}

sys::impl_pollable!(
    /// Returns what an event loop waits for: a descriptor that is readable, or on Windows an event that is signaled, while the
    /// queue is not empty. It is for poll, epoll, WaitForMultipleObjects and similar calls; do not read, write, reset or close
    /// it.
    ///
    /// # Panics
    ///
    /// In a forked child that has no file descriptor left for a queue of its parent.
    Queue
);

impl Drop for Queue {
    /// Returns when no wait runs on the queue any more, unless this is the thread that ends them.
    fn drop(&mut self) {
        // The parent's is not touched.
        let Ok(State { fifo, .. }) = self.state.get(|| Err(())) else { return };
        fifo.close();
        fifo.each_running(Ticket::cancel);
        if !is_this_thread() {
            let _ = until_found(Some(fifo.event()), None, None, || false, || fifo.is_over().then_some(()));
        }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("running", &self.running()).finish_non_exhaustive()
    }
}

fn empty() -> Result<State, Error> {
    let event = Event::new()
        .map_err(|e| Error::new(Status::OutOfMemory, format!("cannot make a file descriptor for the queue: {e}")))?;
    Ok(State { fifo: Arc::new(Fifo::new(event)), lease: OnceLock::new() })
}

/// A wait on a [`Queue`]. It only cancels; its outcome is a [`Completion`] of the queue. Dropping it does not cancel the wait.
///
/// It belongs to its process: a forked child cannot cancel a wait of its parent.
pub struct QueuedWait {
    ticket: Ticket,
    _lease: Lease,
}

impl QueuedWait {
    pub(crate) fn start(
        session: &Arc<Session>,
        queue: &Queue,
        event_name: &str,
        timeout: Option<Duration>,
        tag: u64,
        options: &Options,
    ) -> Result<QueuedWait, Error> {
        let start = Start::new(session, event_name)?;
        let (lease, fifo) = (Lease::new()?, queue.lend()?);
        let ticket = Ticket::new(&lease);
        let sink = Sink::queue(session, fifo, &ticket, tag);
        lease.start(Task::new(start, event_name, timeout, options, ticket.clone(), sink))?;
        Ok(QueuedWait { ticket, _lease: lease })
    }

    /// Ends the wait with [`Status::Cancelled`], unless its answer has already arrived. Its completion still comes.
    pub fn cancel(&self) {
        self.ticket.cancel();
    }
}

impl fmt::Debug for QueuedWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuedWait").finish_non_exhaustive()
    }
}
