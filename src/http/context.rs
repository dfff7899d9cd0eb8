//! The context of one exchange and the only place of it that blocks: how long it may, what may wake it, and the notes from
//! which a failure is classified afterwards. It knows nothing of HTTP.

use super::blocking::{Cancels, Stop, block_on, earlier};
use super::failure::FailureKind;
use crate::error::Phase;
use crate::sys::{Scoped, Socket, Watch};
use std::cell::{Cell, RefCell};
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

/// Nothing can be waited for any more: the call has ended, and the context knows why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended;

/// What a socket is ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub input: bool,
    pub output: bool,
}

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
    /// Once the end has come: how many bytes the socket held at that moment, as far as they are not read yet.
    allowance: Cell<usize>,
    /// A connection was dialled for the exchange; otherwise it came from the pool.
    dialled: Cell<bool>,
    /// The connection is there.
    connected: Cell<bool>,
    /// One side refused the other in the TLS handshake, or the server the client's certificate after it.
    pub refused: Cell<bool>,
    /// When all of the request was sent.
    written: Cell<Option<Instant>>,
    sent: Cell<u64>,
    received: Cell<u64>,
    /// The peer ended the stream.
    pub ended: Cell<bool>,
    /// Why there will be no answer, where that is known.
    verdict: RefCell<Option<(FailureKind, String)>>,
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

    pub fn note_dialled(&self) {
        self.dialled.set(true);
    }

    /// A fresh connection is there; the request is next.
    pub fn note_connected(&self) {
        self.connected.set(true);
        self.enter(Phase::Send);
    }

    pub fn is_connected(&self) -> bool {
        self.connected.get()
    }

    /// The exchange has a connection of its own, or none.
    pub fn is_fresh(&self) -> bool {
        self.dialled.get()
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

    /// Notes why there will be no answer; the first reason holds.
    pub fn note_verdict(&self, kind: FailureKind, why: impl Into<String>) {
        self.verdict.borrow_mut().get_or_insert_with(|| (kind, why.into()));
    }

    pub fn verdict(&self) -> Option<(FailureKind, String)> {
        self.verdict.borrow().clone()
    }

    /// The request is out; from here on its answer is awaited.
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

    /// Counts bytes of the answer: those of the handshake or of a proxy come in other phases.
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

    /// Blocks until something that leads to a connection is ready (true), or until `at_most` (false). The end of the call wins
    /// over what is ready: nothing of an answer is lost by it.
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

    /// Whether to begin to send. After a cancel the request could only bring about an answer that nobody reads.
    pub fn may_begin(&self) -> Result<(), Ended> {
        if self.cancels.iter().flatten().any(|cancel| cancel.seems_set()) {
            return Err(self.end(Stop::Cancelled));
        }
        Ok(())
    }

    /// Whether to go on sending.
    pub fn may_send(&self) -> Result<(), Ended> {
        self.may_begin()?;
        if self.limits.send.is_some_and(|end| Instant::now() >= end) {
            return Err(self.end(Stop::Deadline));
        }
        Ok(())
    }

    /// Blocks until the socket takes more of the request, or holds what may be an answer already. The end of the call wins
    /// over room for more.
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

    /// Blocks until the socket holds input, and says how many bytes of it may be read. What is ready wins over the end of the
    /// call: once the end has come, that is what the socket holds at that moment, and no more.
    pub fn await_input(&self, socket: &Socket) -> Result<usize, Ended> {
        if self.stop.get().is_some() {
            return self.allowed();
        }
        let mut watched = [Watch::input(socket)];
        let (ready, stop) = self.block_on(&mut watched, self.until());
        let Some(stop) = stop else { return Ok(usize::MAX) };
        let _ = self.end(stop);
        if ready {
            // The end of the stream is something to read, though it has no bytes.
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

/// Gives the thread's context to `note`. Outside an exchange (a connection that is dropped with its pool) there is none.
pub(super) fn with_current<T>(note: impl FnOnce(&Context) -> T) -> Option<T> {
    CURRENT.with(|current| current.get(note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Latch;
    use std::sync::Arc;

    /// A connection to a listener of this test's own, and its other end.
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
