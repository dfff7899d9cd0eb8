//! The context of one exchange and the only place of it that blocks: how long it may, what may wake it, and the notes from
//! which a failure is classified afterwards. It knows nothing of HTTP.

use crate::error::Phase;
use crate::sys::{self, Latch, MAX_WATCHED, Scoped, Watch};
use std::cell::{Cell, RefCell};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// When each part of an exchange has to be over; `None`: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// DNS, connect, CONNECT and TLS handshake.
    pub connect: Option<Instant>,
    /// The last byte of the request handed to the kernel.
    pub send: Option<Instant>,
    /// The last byte of the answer received.
    pub answer: Option<Instant>,
}

/// Why blocking ended with nothing to read or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Deadline,
    Cancelled,
    Interrupted,
}

/// What cancels a call: its own token, and that of its client.
pub(crate) type Cancels = [Option<Arc<Latch>>; 2];

/// What may end an exchange, and what is noted about it.
pub(super) struct Context {
    limits: Limits,
    cancels: Cancels,
    interruptible: bool,
    /// An idle connection older than this is not taken from the pool; zero: none is.
    pub max_idle: Duration,
    /// Bytes that the head and the first part of the body need, so that the output buffer is allocated once.
    pub output_size: usize,
    phase: Cell<Phase>,
    stop: Cell<Option<Stop>>,
    /// A connection was made for the exchange; otherwise it came from the pool.
    pub connected: Cell<bool>,
    /// One side refused the other in the TLS handshake.
    pub refused: Cell<bool>,
    /// This process had no descriptor, thread or memory for it.
    pub exhausted: Cell<bool>,
    /// The peer hung up before all of the request was sent.
    cut: Cell<bool>,
    /// When all of the request was sent.
    written: Cell<Option<Instant>>,
    sent: Cell<u64>,
    received: Cell<u64>,
    /// The peer ended the stream.
    pub ended: Cell<bool>,
    /// What the socket or the TLS session said when it broke.
    broken: RefCell<Option<String>>,
}

thread_local! {
    static CURRENT: Scoped<Context> = const { Scoped::new() };
}

impl Context {
    pub fn new(limits: Limits, cancels: &Cancels, interruptible: bool) -> Context {
        Context {
            limits,
            cancels: cancels.clone(),
            interruptible,
            max_idle: Duration::MAX,
            output_size: 0,
            phase: Cell::new(Phase::Send),
            stop: Cell::new(None),
            connected: Cell::new(false),
            refused: Cell::new(false),
            exhausted: Cell::new(false),
            cut: Cell::new(false),
            written: Cell::new(None),
            sent: Cell::new(0),
            received: Cell::new(0),
            ended: Cell::new(false),
            broken: RefCell::new(None),
        }
    }

    /// Runs `exchange` with this as the thread's context.
    pub fn scope<T>(&self, exchange: impl FnOnce() -> T) -> T {
        CURRENT.with(|current| current.set(self, exchange))
    }

    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    pub fn enter(&self, phase: Phase) {
        self.phase.set(phase);
    }

    pub fn stop(&self) -> Option<Stop> {
        self.stop.get()
    }

    /// Notes the first thing that broke; what follows from it says less.
    pub fn note_broken(&self, what: impl ToString) {
        self.broken.borrow_mut().get_or_insert_with(|| what.to_string());
    }

    pub fn broken(&self) -> Option<String> {
        self.broken.borrow().clone()
    }

    pub fn note_cut(&self, what: impl ToString) {
        self.cut.set(true);
        self.note_broken(what);
    }

    /// The request is out, as far as the peer took it; from here on its answer is awaited.
    pub fn note_written(&self, at: Instant) {
        self.written.set((!self.cut.get()).then_some(at));
        self.enter(Phase::Wait);
    }

    /// The peer took the request and refused the session before it looked at it.
    pub fn note_unread(&self) {
        self.refused.set(true);
        self.written.set(None);
        self.enter(Phase::Tls);
    }

    pub fn written(&self) -> Option<Instant> {
        self.written.get()
    }

    /// Whether to send the request: after a cancel it could only bring about an answer that nobody reads.
    pub fn may_send(&self) -> bool {
        let cancelled = self.cancels.iter().flatten().any(|cancel| cancel.seems_set());
        if cancelled {
            self.stop.set(Some(Stop::Cancelled));
        }
        !cancelled
    }

    pub fn count_sent(&self, count: usize) {
        self.sent.set(self.sent.get() + count as u64);
    }

    pub fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// Counts bytes of the answer: those of the handshake or of a proxy come in other phases.
    pub fn count_received(&self, count: usize) {
        if count > 0 && matches!(self.phase(), Phase::Wait | Phase::Receive) {
            self.received.set(self.received.get() + count as u64);
            self.enter(Phase::Receive);
        }
    }

    pub fn received(&self) -> u64 {
        self.received.get()
    }

    fn until(&self) -> Option<Instant> {
        match self.phase.get() {
            Phase::Dns | Phase::Connect | Phase::Tls => self.limits.connect,
            Phase::Send => self.limits.send,
            Phase::Wait | Phase::Receive => self.limits.answer,
        }
    }

    /// Blocks until one of `watched` is ready (true), or until `at_most` (false), or until the call has to end. What is
    /// ready wins over a cancel and a deadline, so that nothing that has arrived is thrown away.
    pub fn block(&self, watched: &mut [Watch], at_most: Option<Instant>) -> Result<bool, Stop> {
        let ended = block_on(watched, &self.cancels, self.interruptible, earlier(self.until(), at_most));
        match ended {
            Ok(()) => Ok(true),
            Err(Stop::Deadline) if self.until().is_none_or(|until| Instant::now() < until) => Ok(false),
            Err(stop) => {
                self.stop.set(Some(stop));
                Err(stop)
            }
        }
    }

    /// Blocks until it is ready.
    pub fn block_on(&self, watch: Watch) -> io::Result<()> {
        match self.block(&mut [watch], None) {
            Ok(_) => Ok(()),
            // Any kind but those that ureq or rustls would retry or take for the end of the stream.
            Err(_) => Err(io::Error::other("the call has ended")),
        }
    }
}

/// Gives the thread's context to `note`. Outside an exchange (a connection that is dropped with its pool) there is none.
pub(super) fn with_current<T>(note: impl FnOnce(&Context) -> T) -> Option<T> {
    CURRENT.with(|current| current.get(note))
}

/// Blocks until then, or until cancelled or interrupted.
pub(crate) fn pause_until(until: Instant, cancels: &Cancels, interruptible: bool) -> Result<(), Stop> {
    match block_on(&mut [], cancels, interruptible, Some(until)) {
        Err(Stop::Deadline) | Ok(()) => Ok(()),
        Err(stop) => Err(stop),
    }
}

fn block_on(watched: &mut [Watch], cancels: &Cancels, interruptible: bool, until: Option<Instant>) -> Result<(), Stop> {
    let mut all = [Watch::NOTHING; MAX_WATCHED];
    let mut count = watched.len();
    all[..count].copy_from_slice(watched);
    for cancel in cancels.iter().flatten() {
        all[count] = Watch::readable(cancel.event());
        count += 1;
    }
    let wake = sys::poll(&mut all[..count], interruptible, until);
    watched.copy_from_slice(&all[..watched.len()]);
    match wake {
        Ok(wake) if !wake.ready && wake.interrupted => Err(Stop::Interrupted),
        Ok(wake) if wake.ready && watched.iter().any(Watch::is_ready) => Ok(()),
        Ok(wake) if wake.ready => Err(Stop::Cancelled),
        // The system cannot watch them: there is nothing that could be waited for.
        Ok(_) | Err(_) => Err(Stop::Deadline),
    }
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Event;

    #[test]
    fn what_is_ready_wins_over_cancel_and_deadline() {
        let ready = Event::new().unwrap();
        ready.notify();
        let cancel = Arc::new(Latch::new().unwrap());
        cancel.set();
        let past = Some(Instant::now());
        let limits = Limits { connect: past, send: past, answer: past };
        let context = Context::new(limits, &[Some(Arc::clone(&cancel)), None], false);
        assert!(context.block_on(Watch::readable(&ready)).is_ok());
        ready.clear();
        assert!(context.block_on(Watch::readable(&ready)).is_err());
        assert_eq!(context.stop(), Some(Stop::Cancelled));
        cancel.reset();
        assert!(context.block_on(Watch::readable(&ready)).is_err());
        assert_eq!(context.stop(), Some(Stop::Deadline));
    }

    #[test]
    fn a_pause_ends_with_a_cancel() {
        let cancel = Arc::new(Latch::new().unwrap());
        let cancels = [None, Some(Arc::clone(&cancel))];
        cancel.set();
        assert_eq!(pause_until(Instant::now() + Duration::from_secs(60), &cancels, false), Err(Stop::Cancelled));
        cancel.reset();
        assert_eq!(pause_until(Instant::now(), &cancels, false), Ok(()));
    }
}
