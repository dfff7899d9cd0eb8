//! The context of one exchange: how long it may block, what ends it, and the notes by which a failure is classified. It knows
//! nothing about HTTP.
//!
//! When the end of a call comes (its deadline, a cancel, an interruption), what the socket holds at that moment is still read,
//! and nothing that arrives later.

use super::blocking::{Cancels, Stop, block_on, earlier};
use super::failure::FailureKind;
use crate::error::Phase;
use crate::sys::{Scoped, Socket, Watch};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

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

/// The call has ended and must not block again. [`Context::stop`] has the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended;

/// What a socket is ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub input: bool,
    pub output: bool,
}

/// What may end an exchange, and the notes about it.
pub(super) struct Context {
    limits: Limits,
    cancels: Cancels,
    interruptible: bool,
    /// A connection that was idle for longer is not taken from the pool; zero: none is taken.
    pub max_idle: Duration,
    /// The size of the head and of the first part of the body, so that the output buffer is allocated once.
    pub output_size: usize,
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

    /// Runs `exchange` while this is the context of the thread.
    pub fn scope<T>(&self, exchange: impl FnOnce() -> T) -> T {
        CURRENT.with(|current| current.set(self, exchange))
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

    pub fn is_connected(&self) -> bool {
        self.connected.get()
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

    fn until(&self) -> Option<Instant> {
        match self.phase.get() {
            Phase::Dns | Phase::Connect | Phase::Tls => self.limits.connect,
            Phase::Send => self.limits.send,
            Phase::Wait | Phase::Receive => self.limits.answer,
        }
    }

    /// Blocks until a step towards a connection is ready (true), or until `at_most` (false). The end of the call wins over what
    /// is ready: no answer can be lost before the request is sent.
    pub fn await_connect(&self, watched: &mut [Watch], at_most: Option<Instant>) -> Result<bool, Ended> {
        let until = self.until();
        let (ready, stop) = self.block_on(watched, earlier(until, at_most));
        match stop {
            Some(Stop::Deadline) if until.is_none_or(|until| Instant::now() < until) => Ok(ready),
            Some(stop) => Err(self.end(stop)),
            None => Ok(ready),
        }
    }

    pub fn await_connect_input(&self, socket: &Socket) -> Result<(), Ended> {
        self.await_connect(&mut [Watch::input(socket)], None).map(|_| ())
    }

    pub fn await_connect_output(&self, socket: &Socket) -> Result<(), Ended> {
        self.await_connect(&mut [Watch::output(socket)], None).map(|_| ())
    }

    /// Whether the request may be sent. After a cancel nobody would read its answer.
    pub fn may_begin(&self) -> Result<(), Ended> {
        if self.cancels.iter().flatten().any(|cancel| cancel.seems_set()) {
            return Err(self.end(Stop::Cancelled));
        }
        Ok(())
    }

    /// Whether to continue to send.
    pub fn may_send(&self) -> Result<(), Ended> {
        self.may_begin()?;
        if self.limits.send.is_some_and(|end| Instant::now() >= end) {
            return Err(self.end(Stop::Deadline));
        }
        Ok(())
    }

    /// Blocks until the socket accepts more of the request, or has input, which may be an early answer. The end of the call wins
    /// over room for more output.
    pub fn await_output(&self, socket: &Socket) -> Result<Ready, Ended> {
        self.may_send()?;
        let mut watched = [Watch::output(socket), Watch::input(socket)];
        let (_, stop) = self.block_on(&mut watched, self.until());
        let ready = Ready { output: watched[0].is_ready(), input: watched[1].is_ready() };
        match stop {
            Some(stop) => Err(self.end(stop)),
            None => Ok(ready),
        }
    }

    /// Blocks until the socket has input, and returns how many bytes of it may be read. Input wins over the end of the call: after
    /// the end, what the socket held at that moment may be read, and no more.
    pub fn await_input(&self, socket: &Socket) -> Result<usize, Ended> {
        if self.stop.get().is_some() {
            return self.allowed();
        }
        let mut watched = [Watch::input(socket)];
        let (ready, stop) = self.block_on(&mut watched, self.until());
        let Some(stop) = stop else { return Ok(usize::MAX) };
        let _ = self.end(stop);
        if ready {
            // The end of the stream is to be read too, though it has no bytes.
            self.allowance.set(socket.available().max(1));
        }
        self.allowed()
    }

    /// Notes that input was read.
    pub fn note_read(&self, count: usize) {
        self.allowance.set(self.allowance.get().saturating_sub(count.max(1)));
    }

    fn allowed(&self) -> Result<usize, Ended> {
        match self.allowance.get() {
            0 => Err(Ended),
            allowance => Ok(allowance),
        }
    }

    fn end(&self, stop: Stop) -> Ended {
        self.stop.set(Some(stop));
        Ended
    }

    /// Blocks until one of `watched` is ready, or there is a reason to stop, or both.
    fn block_on(&self, watched: &mut [Watch], until: Option<Instant>) -> (bool, Option<Stop>) {
        match block_on(watched, &self.cancels, self.interruptible, until) {
            Ok(woken) => woken,
            Err(e) => {
                self.note_verdict(FailureKind::Exhausted, format!("the system cannot poll: {e}"));
                (false, Some(Stop::Exhausted))
            }
        }
    }
}

/// Calls `note` with the context of the thread. There is none outside an exchange, such as when the pool drops a connection.
pub(super) fn with_current<T>(note: impl FnOnce(&Context) -> T) -> Option<T> {
    CURRENT.with(|current| current.get(note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Latch;
    use std::sync::Arc;

    /// A connection to a listener of this test, and its other end.
    fn connected() -> (Socket, std::net::TcpStream) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = Socket::connect(listener.local_addr().unwrap()).unwrap();
        let (peer, _) = listener.accept().unwrap();
        (socket, peer)
    }

    fn until_held(socket: &Socket, count: usize) {
        while socket.available() < count {
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_the_socket_holds_at_the_end_may_be_read_and_no_more() {
        let (socket, mut peer) = connected();
        std::io::Write::write_all(&mut peer, b"12345").unwrap();
        until_held(&socket, 5);
        let past = Some(Instant::now());
        let limits = Limits { connect: past, send: past, answer: past };
        let context = Context::new(limits, &[None, None], false);
        assert_eq!(context.await_input(&socket), Ok(5));
        assert_eq!(context.stop(), Some(Stop::Deadline));
        std::io::Write::write_all(&mut peer, b"more").unwrap();
        until_held(&socket, 9);
        context.note_read(3);
        assert_eq!(context.await_input(&socket), Ok(2));
        context.note_read(2);
        assert_eq!(context.await_input(&socket), Err(Ended));
    }

    #[test]
    fn a_cancel_is_seen_while_input_keeps_coming() {
        let (socket, mut peer) = connected();
        std::io::Write::write_all(&mut peer, b"1").unwrap();
        until_held(&socket, 1);
        let cancel = Arc::new(Latch::new().unwrap());
        let context = Context::new(Limits::default(), &[Some(Arc::clone(&cancel)), None], false);
        assert_eq!(context.await_input(&socket), Ok(usize::MAX));
        cancel.set();
        assert_eq!(context.await_input(&socket), Ok(1));
        assert_eq!(context.stop(), Some(Stop::Cancelled));
    }

    #[test]
    fn the_end_wins_over_room_for_more_of_the_request() {
        let (socket, _peer) = connected();
        let context = Context::new(Limits { send: Some(Instant::now()), ..Limits::default() }, &[None, None], false);
        assert_eq!(context.await_output(&socket), Err(Ended));
        assert_eq!(context.stop(), Some(Stop::Deadline));
    }
}
