//! The context of one exchange: its limits, how far it got, what ended it, and the notes by which a failure is classified. It
//! knows nothing about HTTP and never blocks: `blocking` and `flight` find out what is ready, and ask it what that means.
//!
//! When the end of a call comes (its deadline, a cancel, an interruption), what the socket holds at that moment is still read,
//! and nothing that arrives later.

use super::failure::FailureKind;
use crate::error::Phase;
use std::cell::{Cell, RefCell};
use std::time::Instant;

/// When each part of an exchange has to be over; `None` sets no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// DNS lookup, connect, CONNECT and TLS handshake.
    pub connect: Option<Instant>,
    /// Sending the request, until its last byte is in the kernel.
    pub send: Option<Instant>,
    /// Receiving the answer, until its last byte.
    pub answer: Option<Instant>,
}

/// What is known about an exchange, whether it succeeded or failed.
#[derive(Clone, Copy)]
pub(crate) struct Trace {
    pub phase: Phase,
    /// When all of the request was sent, if it was.
    pub written: Option<Instant>,
    /// The exchange dialled a connection. Otherwise it used one of the pool, if it sent anything.
    pub dialled: bool,
    /// The dialled connection was made.
    pub connected: bool,
    pub sent: u64,
    pub received: u64,
}

/// Why a call has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Deadline,
    Cancelled,
    Interrupted,
    /// The system cannot poll: it lacks memory or descriptors.
    Exhausted,
}

/// The call has ended and must not block again. [`Context::stop`] has the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended;

/// The limits of an exchange, and the notes about it.
pub(super) struct Context {
    limits: Limits,
    phase: Cell<Phase>,
    stop: Cell<Option<Stop>>,
    /// After the end: how many of the bytes that the socket held at the end are still to be read.
    allowance: Cell<usize>,
    /// The exchange dialled a connection. Otherwise its connection came from the pool.
    dialled: Cell<bool>,
    /// The dialled connection was made.
    connected: Cell<bool>,
    /// One side refused the other in the TLS handshake, or the server refused the client's certificate after it.
    pub refused: Cell<bool>,
    /// When all of the request was sent.
    written: Cell<Option<Instant>>,
    sent: Cell<u64>,
    received: Cell<u64>,
    /// The peer ended the stream.
    pub ended: Cell<bool>,
    /// Why there will be no answer, if that is known.
    verdict: RefCell<Option<(FailureKind, String)>>,
    /// The first error of the socket or the TLS session.
    broken: RefCell<Option<String>>,
}

impl Context {
    pub fn new(limits: Limits) -> Context {
        Context {
            limits,
            phase: Cell::new(Phase::Send),
            stop: Cell::new(None),
            allowance: Cell::new(0),
            dialled: Cell::new(false),
            connected: Cell::new(false),
            refused: Cell::new(false),
            written: Cell::new(None),
            sent: Cell::new(0),
            received: Cell::new(0),
            ended: Cell::new(false),
            verdict: RefCell::new(None),
            broken: RefCell::new(None),
        }
    }

    pub fn limits(&self) -> Limits {
        self.limits
    }

    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    pub fn enter(&self, phase: Phase) {
        self.phase.set(phase);
    }

    pub fn note_dialled(&self) {
        self.dialled.set(true);
    }

    /// The dialled connection was made; the request is sent next.
    pub fn note_connected(&self) {
        self.connected.set(true);
        self.enter(Phase::Send);
    }

    /// The exchange did not take a connection of the pool.
    pub fn is_fresh(&self) -> bool {
        self.dialled.get()
    }

    pub fn stop(&self) -> Option<Stop> {
        self.stop.get()
    }

    /// Notes the first error; later ones follow from it.
    pub fn note_broken(&self, what: impl ToString) {
        self.broken.borrow_mut().get_or_insert_with(|| what.to_string());
    }

    pub fn broken(&self) -> Option<String> {
        self.broken.borrow().clone()
    }

    /// Notes why there will be no answer; the first reason counts.
    pub fn note_verdict(&self, kind: FailureKind, why: impl Into<String>) {
        self.verdict.borrow_mut().get_or_insert_with(|| (kind, why.into()));
    }

    pub fn verdict(&self) -> Option<(FailureKind, String)> {
        self.verdict.borrow().clone()
    }

    /// The request is sent; the exchange waits for the answer from here on.
    pub fn note_written(&self, at: Instant) {
        self.written.set(Some(at));
        self.enter(Phase::Wait);
    }

    pub fn written(&self) -> Option<Instant> {
        self.written.get()
    }

    pub fn count_sent(&self, count: usize) {
        self.sent.set(self.sent.get() + count as u64);
    }

    pub fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// Counts bytes of the answer. Those of a handshake or of a proxy arrive in other phases.
    pub fn count_received(&self, count: usize) {
        if count > 0 && matches!(self.phase(), Phase::Send | Phase::Wait | Phase::Receive) {
            self.received.set(self.received.get() + count as u64);
            if self.phase() != Phase::Send {
                self.enter(Phase::Receive);
            }
        }
    }

    pub fn received(&self) -> u64 {
        self.received.get()
    }

    pub fn trace(&self) -> Trace {
        Trace {
            phase: self.phase(),
            written: self.written(),
            dialled: self.is_fresh(),
            connected: self.connected.get(),
            sent: self.sent(),
            received: self.received(),
        }
    }

    /// When the current phase has to be over.
    pub fn until(&self) -> Option<Instant> {
        match self.phase.get() {
            Phase::Dns | Phase::Connect | Phase::Tls => self.limits.connect,
            Phase::Send => self.limits.send,
            Phase::Wait | Phase::Receive => self.limits.answer,
        }
    }

    /// Notes the end of the call.
    pub fn end(&self, stop: Stop) -> Ended {
        self.stop.set(Some(stop));
        Ended
    }

    /// Returns how many bytes of the answer may be read now. Input wins over the end of the call: after the end, what the socket
    /// held at that moment may be read, and no more.
    ///
    /// - `is_ready`: the socket has input, or its end.
    /// - `stop`: the reason to end, if there is one.
    /// - `held`: how many bytes the socket holds.
    pub fn allow_input(
        &self,
        is_ready: bool,
        stop: Option<Stop>,
        held: impl FnOnce() -> usize,
    ) -> Result<usize, Ended> {
        let Some(stop) = stop else { return Ok(usize::MAX) };
        let _ = self.end(stop);
        if is_ready {
            // The end of the stream is to be read too, though it has no bytes.
            self.allowance.set(held().max(1));
        }
        self.allowed()
    }

    /// Notes that input was read.
    pub fn note_read(&self, count: usize) {
        self.allowance.set(self.allowance.get().saturating_sub(count.max(1)));
    }

    /// How much input may still be read after the end.
    pub fn allowed(&self) -> Result<usize, Ended> {
        match self.allowance.get() {
            0 => Err(Ended),
            allowance => Ok(allowance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_socket_holds_at_the_end_may_be_read_and_no_more() {
        let context = Context::new(Limits::default());
        assert_eq!(context.allow_input(true, None, || unreachable!()), Ok(usize::MAX));
        assert_eq!(context.allow_input(true, Some(Stop::Deadline), || 5), Ok(5));
        assert_eq!(context.stop(), Some(Stop::Deadline));
        context.note_read(3);
        assert_eq!(context.allowed(), Ok(2));
        context.note_read(2);
        assert_eq!(context.allowed(), Err(Ended));
    }

    #[test]
    fn the_end_of_the_stream_may_be_read_though_it_has_no_bytes() {
        let context = Context::new(Limits::default());
        assert_eq!(context.allow_input(true, Some(Stop::Cancelled), || 0), Ok(1));
        let context = Context::new(Limits::default());
        assert_eq!(context.allow_input(false, Some(Stop::Cancelled), || 0), Err(Ended));
    }

    #[test]
    fn each_phase_has_its_limit() {
        let at = |seconds| Some(Instant::now() + std::time::Duration::from_secs(seconds));
        let limits = Limits { connect: at(1), send: at(2), answer: at(3) };
        let context = Context::new(limits);
        for (phase, until) in [
            (Phase::Dns, limits.connect),
            (Phase::Connect, limits.connect),
            (Phase::Tls, limits.connect),
            (Phase::Send, limits.send),
            (Phase::Wait, limits.answer),
            (Phase::Receive, limits.answer),
        ] {
            context.enter(phase);
            assert_eq!(context.until(), until, "{phase:?}");
        }
    }
}
