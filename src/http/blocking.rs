//! An exchange that blocks its thread: until a descriptor is ready, an instant has come, or the call is cancelled or
//! interrupted. What that means for the exchange is decided in `context`.

use super::context::{Context, Ended, Limits, Stop};
use super::failure::FailureKind;
use crate::credentials::Lines;
use crate::sys::{self, Latch, MAX_WATCHED, Scoped, Socket, Watch};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What cancels a call: the token of its client, and its own.
pub(crate) type Cancels = [Option<Arc<Latch>>; 2];

/// An exchange that blocks its thread.
pub(super) struct Blocking {
    pub context: Context,
    cancels: Cancels,
    interruptible: bool,
    /// A connection that was idle for longer is not taken from the pool; zero: none is taken.
    pub max_idle: Duration,
    pub path: String,
    /// The headers of this call alone.
    pub lines: Option<Lines>,
    /// The size of the head and of the first part of the body, so that the output buffer is allocated once.
    pub output_size: usize,
}

/// What a socket is ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub input: bool,
    pub output: bool,
}

thread_local! {
    static CURRENT: Scoped<Blocking> = const { Scoped::new() };
}

/// Calls `work` with the exchange of the thread, and fails outside of one. ureq's traits cannot pass it.
pub(super) fn with_current<T>(work: impl FnOnce(&Blocking) -> io::Result<T>) -> io::Result<T> {
    CURRENT.with(|current| current.get(work)).unwrap_or_else(|| Err(io::Error::other("used outside of an exchange")))
}

/// The error of a step that the end of the call cuts short. `Context::stop` has the reason.
impl From<Ended> for io::Error {
    fn from(_: Ended) -> io::Error {
        io::Error::other("the call has ended")
    }
}

impl Blocking {
    pub fn new(limits: Limits, cancels: &Cancels, interruptible: bool) -> Blocking {
        Blocking {
            context: Context::new(limits),
            cancels: cancels.clone(),
            interruptible,
            max_idle: Duration::MAX,
            path: String::new(),
            lines: None,
            output_size: 0,
        }
    }

    /// Runs `exchange` while this is the exchange of the thread.
    pub fn scope<T>(&self, exchange: impl FnOnce() -> T) -> T {
        CURRENT.with(|current| current.set(self, exchange))
    }

    /// Blocks until a step towards a connection is ready, or until `at_most`. The end of the call wins over what is ready: no
    /// answer can be lost before the request is sent.
    pub fn await_connect(&self, watched: &mut [Watch], at_most: Option<Instant>) -> Result<(), Ended> {
        let until = self.context.until();
        let (_, stop) = self.block_on(watched, earlier(until, at_most));
        match stop {
            Some(Stop::Deadline) if until.is_none_or(|until| Instant::now() < until) => Ok(()),
            Some(stop) => Err(self.context.end(stop)),
            None => Ok(()),
        }
    }

    /// Whether the request may be sent. After a cancel nobody would read its answer.
    pub fn may_begin(&self) -> Result<(), Ended> {
        if self.cancels.iter().flatten().any(|cancel| cancel.seems_set()) {
            return Err(self.context.end(Stop::Cancelled));
        }
        Ok(())
    }

    /// Whether to continue to send.
    pub fn may_send(&self) -> Result<(), Ended> {
        self.may_begin()?;
        if self.context.until().is_some_and(|end| Instant::now() >= end) {
            return Err(self.context.end(Stop::Deadline));
        }
        Ok(())
    }

    /// Blocks until the socket accepts more of the request, or has input, which may be an early answer. The end of the call wins
    /// over room for more output.
    pub fn await_output(&self, socket: &Socket) -> Result<Ready, Ended> {
        self.may_send()?;
        let mut watched = [Watch::output(socket), Watch::input(socket)];
        let (_, stop) = self.block_on(&mut watched, self.context.until());
        let ready = Ready { output: watched[0].is_ready(), input: watched[1].is_ready() };
        match stop {
            Some(stop) => Err(self.context.end(stop)),
            None => Ok(ready),
        }
    }

    /// Blocks until the socket has input, and returns how many bytes of it may be read.
    pub fn await_input(&self, socket: &Socket) -> Result<usize, Ended> {
        if self.context.stop().is_some() {
            return self.context.allowed();
        }
        let (is_ready, stop) = self.block_on(&mut [Watch::input(socket)], self.context.until());
        self.context.allow_input(is_ready, stop, || socket.available())
    }

    /// Blocks until one of `watched` is ready, or there is a reason to stop, or both.
    fn block_on(&self, watched: &mut [Watch], until: Option<Instant>) -> (bool, Option<Stop>) {
        match block_on(watched, &self.cancels, self.interruptible, until) {
            Ok(woken) => woken,
            Err(e) => {
                self.context.note_verdict(FailureKind::Exhausted, format!("the system cannot poll: {e}"));
                (false, Some(Stop::Exhausted))
            }
        }
    }
}

/// Blocks until `until`, or until the call is cancelled or interrupted.
pub(crate) fn pause_until(until: Instant, cancels: &Cancels, interruptible: bool) -> Result<(), Stop> {
    match block_on(&mut [], cancels, interruptible, Some(until)) {
        Ok((_, Some(stop @ (Stop::Cancelled | Stop::Interrupted)))) => Err(stop),
        _ => Ok(()),
    }
}

/// Blocks until one of `watched` is ready, or there is a reason to stop, or both.
fn block_on(
    watched: &mut [Watch],
    cancels: &Cancels,
    interruptible: bool,
    until: Option<Instant>,
) -> io::Result<(bool, Option<Stop>)> {
    let mut all = [Watch::NOTHING; MAX_WATCHED];
    let mut count = watched.len();
    all[..count].copy_from_slice(watched);
    for cancel in cancels.iter().flatten() {
        all[count] = Watch::readable(cancel.event());
        count += 1;
    }
    let wake = match sys::poll(&mut all[..count], interruptible, until) {
        Ok(wake) => wake,
        Err(_) => return block_on_few(watched, cancels, interruptible, until),
    };
    watched.copy_from_slice(&all[..watched.len()]);
    let is_cancelled = all[watched.len()..count].iter().any(Watch::is_ready);
    Ok((watched.iter().any(Watch::is_ready), reason(is_cancelled, wake)))
}

/// The same for a system that cannot poll so many descriptors (a very low RLIMIT_NOFILE): the cancel tokens are checked every
/// few milliseconds instead.
fn block_on_few(
    watched: &mut [Watch],
    cancels: &Cancels,
    interruptible: bool,
    until: Option<Instant>,
) -> io::Result<(bool, Option<Stop>)> {
    const LOOK: Duration = Duration::from_millis(5);
    loop {
        let look = Instant::now() + LOOK;
        let mut wake = sys::poll(watched, interruptible, earlier(until, Some(look)))?;
        wake.expired &= until.is_some_and(|until| until <= look);
        let is_cancelled = cancels.iter().flatten().any(|cancel| cancel.seems_set());
        let stop = reason(is_cancelled, wake);
        if wake.ready || stop.is_some() {
            return Ok((wake.ready, stop));
        }
    }
}

fn reason(is_cancelled: bool, wake: sys::Wake) -> Option<Stop> {
    if is_cancelled {
        Some(Stop::Cancelled)
    } else if wake.interrupted {
        Some(Stop::Interrupted)
    } else {
        wake.expired.then_some(Stop::Deadline)
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
    fn what_arrives_after_the_end_is_not_read() {
        let (socket, mut peer) = connected();
        std::io::Write::write_all(&mut peer, b"12345").unwrap();
        until_held(&socket, 5);
        let past = Some(Instant::now());
        let limits = Limits { connect: past, send: past, answer: past };
        let call = Blocking::new(limits, &[None, None], false);
        assert_eq!(call.await_input(&socket), Ok(5));
        std::io::Write::write_all(&mut peer, b"more").unwrap();
        until_held(&socket, 9);
        call.context.note_read(3);
        assert_eq!(call.await_input(&socket), Ok(2));
        call.context.note_read(2);
        assert_eq!(call.await_input(&socket), Err(Ended));
    }

    #[test]
    fn a_cancel_is_seen_while_input_keeps_coming() {
        let (socket, mut peer) = connected();
        std::io::Write::write_all(&mut peer, b"1").unwrap();
        until_held(&socket, 1);
        let cancel = Arc::new(Latch::new().unwrap());
        let call = Blocking::new(Limits::default(), &[Some(Arc::clone(&cancel)), None], false);
        assert_eq!(call.await_input(&socket), Ok(usize::MAX));
        cancel.set();
        assert_eq!(call.await_input(&socket), Ok(1));
        assert_eq!(call.context.stop(), Some(Stop::Cancelled));
    }

    #[test]
    fn the_end_wins_over_room_for_more_of_the_request() {
        let (socket, _peer) = connected();
        let call = Blocking::new(Limits { send: Some(Instant::now()), ..Limits::default() }, &[None, None], false);
        assert_eq!(call.await_output(&socket), Err(Ended));
        assert_eq!(call.context.stop(), Some(Stop::Deadline));
    }

    #[test]
    fn a_pause_ends_with_a_cancel() {
        let cancel = Arc::new(Latch::new().unwrap());
        let cancels = [None, Some(Arc::clone(&cancel))];
        cancel.set();
        let long = Instant::now() + Duration::from_secs(60);
        assert_eq!(pause_until(long, &cancels, false), Err(Stop::Cancelled));
        assert_eq!(block_on_few(&mut [], &cancels, false, Some(long)).unwrap(), (false, Some(Stop::Cancelled)));
        cancel.reset();
        assert_eq!(pause_until(Instant::now(), &cancels, false), Ok(()));
        assert_eq!(block_on_few(&mut [], &cancels, false, Some(Instant::now())).unwrap().1, Some(Stop::Deadline));
    }
}
