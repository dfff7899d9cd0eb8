//! The context of one exchange and the only place that blocks: how long it may, what may wake it, and the notes that
//! tell afterwards what happened. It knows file descriptors, but nothing of HTTP.

use crate::cancel::CancelToken;
use crate::error::Phase;
use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::{Duration, Instant};

/// When each part of an exchange has to be over; `None`: never.
#[derive(Clone, Copy, Debug, Default)]
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

/// What may end an exchange, and what is noted about it.
pub(super) struct CallContext<'a> {
    limits: Limits,
    cancels: &'a [&'a CancelToken],
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
    static CURRENT: Cell<*const CallContext<'static>> = const { Cell::new(ptr::null()) };
}

impl<'a> CallContext<'a> {
    pub fn new(limits: Limits, cancels: &'a [&'a CancelToken], interruptible: bool) -> Self {
        CallContext {
            limits,
            cancels,
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
        struct Restore(*const CallContext<'static>);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        let _restore = Restore(CURRENT.replace(ptr::from_ref(self).cast()));
        exchange()
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
        let cancelled = self.cancels.iter().any(|token| token.seems_cancelled());
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
    pub fn block(&self, watched: &mut [libc::pollfd], at_most: Option<Instant>) -> Result<bool, Stop> {
        let ended = block_on(watched, self.cancels, self.interruptible, earlier(self.until(), at_most));
        match ended {
            Ok(()) => Ok(true),
            Err(Stop::Deadline) if self.until().is_none_or(|until| Instant::now() < until) => Ok(false),
            Err(stop) => {
                self.stop.set(Some(stop));
                Err(stop)
            }
        }
    }

    /// Blocks until the descriptor is ready for `events`.
    pub fn block_on_fd(&self, fd: RawFd, events: i16) -> io::Result<()> {
        match self.block(&mut [pollfd(fd, events)], None) {
            Ok(_) => Ok(()),
            // Any kind but those that ureq or rustls would retry or take for the end of the stream.
            Err(_) => Err(io::Error::other("the call has ended")),
        }
    }
}

/// Gives the thread's context to `note`. Outside an exchange (a connection that is dropped with its pool) there is none.
pub(super) fn with_current<T>(note: impl FnOnce(&CallContext<'_>) -> T) -> Option<T> {
    let context = CURRENT.get();
    // SAFETY: `scope` sets the pointer to a context that outlives the closure it runs, and takes it back before it
    // returns, on a panic too. The pointer is this thread's own, and nothing takes `&mut` of a context.
    unsafe { context.as_ref() }.map(note)
}

/// Blocks for `pause`, or until cancelled or interrupted.
pub(crate) fn sleep(pause: Duration, cancels: &[&CancelToken], interruptible: bool) -> Result<(), Stop> {
    match block_on(&mut [], cancels, interruptible, Instant::now().checked_add(pause)) {
        Err(Stop::Deadline) | Ok(()) => Ok(()),
        Err(stop) => Err(stop),
    }
}

pub(super) fn pollfd(fd: RawFd, events: i16) -> libc::pollfd {
    libc::pollfd { fd, events, revents: 0 }
}

/// The most descriptors watched beside the cancel tokens: one for each address of a connect.
pub(super) const MAX_WATCHED: usize = 8;
/// A call's own token and its client's.
const MAX_CANCELS: usize = 4;

fn block_on(
    watched: &mut [libc::pollfd],
    cancels: &[&CancelToken],
    interruptible: bool,
    until: Option<Instant>,
) -> Result<(), Stop> {
    let mut fds = [pollfd(-1, 0); MAX_WATCHED + MAX_CANCELS];
    let count = watched.len() + cancels.len();
    fds[..watched.len()].copy_from_slice(watched);
    for (slot, token) in fds[watched.len()..].iter_mut().zip(cancels) {
        *slot = pollfd(token.wake().as_raw_fd(), libc::POLLIN);
    }
    poll(&mut fds[..count], interruptible, until)?;
    watched.copy_from_slice(&fds[..watched.len()]);
    if watched.iter().any(|fd| fd.revents != 0) { Ok(()) } else { Err(Stop::Cancelled) }
}

/// Blocks until one of the descriptors is set, and tells which: the first of those that are.
pub(crate) fn first_set(events: &[&EventFd], interruptible: bool, until: Option<Instant>) -> Result<usize, Stop> {
    let mut fds: Vec<_> = events.iter().map(|event| pollfd(event.as_raw_fd(), libc::POLLIN)).collect();
    poll(&mut fds, interruptible, until)?;
    fds.iter().position(|fd| fd.revents != 0).ok_or(Stop::Deadline)
}

/// Blocks until one of the descriptors is ready.
fn poll(fds: &mut [libc::pollfd], interruptible: bool, until: Option<Instant>) -> Result<(), Stop> {
    // A poll that was interrupted did not look, and what is ready wins over an interruption too.
    let mut last_look = None;
    loop {
        match ppoll_until(fds, last_look.or(until)) {
            Ok(0) if last_look.is_some() => return Err(Stop::Interrupted),
            Ok(0) => return Err(Stop::Deadline),
            Ok(_) => return Ok(()),
            // ENOMEM or EINVAL: nothing that could be waited for.
            Err(e) if e.kind() != io::ErrorKind::Interrupted => return Err(Stop::Deadline),
            Err(_) if interruptible => last_look = Some(Instant::now()),
            Err(_) => {}
        }
    }
}

/// The kernel may let a poll oversleep by 0.1 % of its length. So it sleeps to a little before the end, then the rest.
fn ppoll_until(fds: &mut [libc::pollfd], until: Option<Instant>) -> io::Result<usize> {
    const SHORT: Duration = Duration::from_millis(20);
    loop {
        let remaining = until.map(|until| until.saturating_duration_since(Instant::now()));
        let (nap, is_last) = match remaining {
            Some(left) if left > SHORT => (Some(left - left / 500 - Duration::from_millis(5)), false),
            other => (other, true),
        };
        let ready = ppoll(fds, nap)?;
        if ready > 0 || is_last {
            return Ok(ready);
        }
    }
}

fn ppoll(fds: &mut [libc::pollfd], nap: Option<Duration>) -> io::Result<usize> {
    let timeout = nap.map(|nap| libc::timespec {
        tv_sec: libc::time_t::try_from(nap.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: nap.subsec_nanos() as libc::c_long,
    });
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    for fd in fds.iter_mut() {
        fd.revents = 0;
    }
    // SAFETY: `fds` is a live slice of that length, and `timeout` is NULL or points to a local that outlives the call.
    let ready = unsafe { libc::ppoll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout, ptr::null()) };
    usize::try_from(ready).map_err(|_| io::Error::last_os_error())
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A descriptor that is readable from `notify` to `clear`.
#[derive(Debug)]
pub(crate) struct EventFd(OwnedFd);

impl EventFd {
    pub fn new() -> io::Result<EventFd> {
        // SAFETY: no pointers are passed.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` was just opened and belongs to nobody else.
        Ok(EventFd(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Async-signal-safe, and leaves errno alone.
    pub fn notify(&self) {
        let one = 1u64;
        // SAFETY: errno's location is valid for the thread; the buffer is 8 bytes of a local. A full counter fails with
        // EAGAIN, and is readable already.
        unsafe {
            let errno = libc::__errno_location();
            let saved = *errno;
            libc::write(self.0.as_raw_fd(), ptr::from_ref(&one).cast(), 8);
            *errno = saved;
        }
    }

    pub fn clear(&self) {
        let mut count = 0u64;
        // SAFETY: the buffer is 8 bytes of a local. An unset one fails with EAGAIN.
        unsafe { libc::read(self.0.as_raw_fd(), ptr::from_mut(&mut count).cast(), 8) };
    }

    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    pub fn is_set(&self) -> bool {
        matches!(ppoll(&mut [pollfd(self.0.as_raw_fd(), libc::POLLIN)], Some(Duration::ZERO)), Ok(1))
    }
}

impl AsRawFd for EventFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ready_wins_over_cancel_and_deadline() {
        let ready = EventFd::new().unwrap();
        ready.notify();
        let token = CancelToken::new().unwrap();
        token.cancel();
        let past = Some(Instant::now());
        let limits = Limits { connect: past, send: past, answer: past };
        let tokens = [&token];
        let context = CallContext::new(limits, &tokens, false);
        assert!(context.block_on_fd(ready.as_raw_fd(), libc::POLLIN).is_ok());
        ready.clear();
        assert!(context.block_on_fd(ready.as_raw_fd(), libc::POLLIN).is_err());
        assert_eq!(context.stop(), Some(Stop::Cancelled));
        token.reset();
        assert!(context.block_on_fd(ready.as_raw_fd(), libc::POLLIN).is_err());
        assert_eq!(context.stop(), Some(Stop::Deadline));
    }

    #[test]
    fn a_sleep_ends_with_a_cancel() {
        let token = CancelToken::new().unwrap();
        token.cancel();
        assert_eq!(sleep(Duration::from_secs(60), &[&token], false), Err(Stop::Cancelled));
        token.reset();
        assert_eq!(sleep(Duration::from_millis(1), &[&token], false), Ok(()));
    }

    #[test]
    fn the_longest_durations_do_not_overflow() {
        let ready = EventFd::new().unwrap();
        ready.notify();
        let mut fds = [pollfd(ready.as_raw_fd(), libc::POLLIN)];
        assert_eq!(ppoll(&mut fds, Some(Duration::MAX)).unwrap(), 1);
        assert_eq!(ppoll_until(&mut fds, None).unwrap(), 1);
    }
}
