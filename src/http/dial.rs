//! From a name to a connected socket, within the call's limits: the lookup on a thread that the call can walk away from,
//! then the addresses raced in the spirit of RFC 8305. What is dialled for what (proxy, TLS) is decided by [`Dialer`].

use super::context::{EventFd, MAX_WATCHED, pollfd, with_current};
use super::exchange::default_port;
use super::tcp::{Metered, TcpTransport, Tunnel};
use super::tls::TlsTransport;
use crate::error::Phase;
use rustls::ClientConfig;
use std::ffi::{CStr, c_void};
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout, Transport};

/// RFC 8305's connection attempt delay: how long an address has for itself before the next one is tried beside it.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// ureq asks its resolver before each request, even for a pooled connection. So this one has nothing to say, and
/// [`Dialer`] looks up when it dials.
#[derive(Debug)]
pub(super) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &ureq::config::Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// Makes the connections of a client.
pub(super) struct Dialer {
    /// `None` if neither the service nor a proxy is reached over TLS.
    pub tls: Option<Arc<ClientConfig>>,
    pub tunnel: Option<Tunnel>,
}

impl std::fmt::Debug for Dialer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dialer")
    }
}

impl Connector for Dialer {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Self::Out>, ureq::Error> {
        let (https, timeout) = (details.needs_tls(), details.timeout);
        let host = details.uri.host().unwrap_or_default();
        let transport = match &self.tunnel {
            Some(tunnel) => {
                let mut proxy = self.reach(tunnel.https, &tunnel.host, tunnel.port, timeout)?;
                with_current(|call| call.enter(Phase::Connect));
                tunnel.open(&mut *proxy, timeout)?;
                if https { self.wrap(proxy, host, timeout)? } else { proxy }
            }
            None => {
                let port = details.uri.port_u16().unwrap_or(default_port(https));
                self.reach(https, host, port, timeout)?
            }
        };
        with_current(|call| {
            call.connected.set(true);
            call.enter(Phase::Send);
        });
        Ok(Some(Box::new(Metered(transport))))
    }
}

impl Dialer {
    fn reach(
        &self,
        https: bool,
        host: &str,
        port: u16,
        timeout: NextTimeout,
    ) -> Result<Box<dyn Transport>, ureq::Error> {
        let transport = Box::new(TcpTransport::new(dial(host, port)?));
        if https { self.wrap(transport, host, timeout) } else { Ok(transport) }
    }

    fn wrap(
        &self,
        transport: Box<dyn Transport>,
        host: &str,
        timeout: NextTimeout,
    ) -> Result<Box<dyn Transport>, ureq::Error> {
        let Some(tls) = self.tls.clone() else { return Err(ureq::Error::TlsRequired) };
        Ok(Box::new(TlsTransport::connect(transport, tls, host, timeout)?))
    }
}

/// Not inlined, so that the stack it needs is free again while the call is blocked.
#[inline(never)]
fn dial(host: &str, port: u16) -> Result<OwnedFd, ureq::Error> {
    with_current(|call| call.enter(Phase::Dns));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = look_up(host, port).map_err(failed)?;
    with_current(|call| call.enter(Phase::Connect));
    race(interleave(addresses)).map_err(failed)
}

fn failed(e: io::Error) -> ureq::Error {
    let exhausted =
        matches!(e.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS | libc::EAGAIN));
    with_current(|call| {
        call.exhausted.set(exhausted);
        call.note_broken(&e);
    });
    ureq::Error::Other(e.into())
}

fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let lookup = Arc::new(Lookup { done: EventFd::new()?, found: Mutex::new(None) });
    let theirs = Arc::clone(&lookup);
    let name = (host.to_owned(), port);
    let work = move || {
        let found = name.to_socket_addrs().map(Iterator::collect);
        *theirs.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        theirs.done.notify();
    };
    Thread::start(c"anchor-dns", LOOKUP_STACK, work)?;
    await_fd(lookup.done.as_raw_fd())?;
    let found = lookup.found.lock().unwrap_or_else(PoisonError::into_inner).take();
    match found {
        Some(Ok(addresses)) if addresses.is_empty() => Err(io::Error::other("the name has no address")),
        Some(found) => found,
        None => Err(io::Error::other("the lookup gave up")),
    }
}

struct Lookup {
    done: EventFd,
    found: Mutex<Option<io::Result<Vec<SocketAddr>>>>,
}

fn await_fd(fd: RawFd) -> io::Result<()> {
    with_current(|call| call.block_on_fd(fd, libc::POLLIN)).unwrap_or_else(|| Err(io::Error::other("no exchange")))
}

/// A name service may load plugins that need a good deal of it. Only what is touched costs memory.
const LOOKUP_STACK: usize = 512 * 1024;

/// A thread on which all signals are blocked, so that it is never the one to run the program's handlers. Dropped, it goes on
/// by itself. (std's threads would make up 27 KB of the library.)
pub(crate) struct Thread(libc::pthread_t);

impl Thread {
    /// Runs `work`. A panic in it goes no further.
    pub fn start(name: &CStr, stack_size: usize, work: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
        let work: Box<Work> = Box::new(Box::new(work));
        let argument = Box::into_raw(work);
        let created = with_signals_blocked(|| create_thread(stack_size, argument));
        match created {
            Ok(thread) => {
                // SAFETY: the thread is neither joined nor detached yet; the name is a C string.
                unsafe { libc::pthread_setname_np(thread, name.as_ptr()) };
                Ok(Thread(thread))
            }
            Err(e) => {
                // SAFETY: no thread took it.
                drop(unsafe { Box::from_raw(argument) });
                Err(e)
            }
        }
    }

    /// Waits until its work is done.
    pub fn join(self) {
        let thread = std::mem::ManuallyDrop::new(self);
        // SAFETY: it is joined once, and not detached since its drop does not run.
        unsafe { libc::pthread_join(thread.0, ptr::null_mut()) };
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // SAFETY: it was not joined.
        unsafe { libc::pthread_detach(self.0) };
    }
}

type Work = Box<dyn FnOnce() + Send>;

fn create_thread(stack_size: usize, argument: *mut Work) -> io::Result<libc::pthread_t> {
    extern "C" fn run(argument: *mut c_void) -> *mut c_void {
        // SAFETY: `Thread::start` gave the box away to this thread.
        let work = unsafe { Box::from_raw(argument.cast::<Work>()) };
        std::mem::forget(catch_unwind(AssertUnwindSafe(work)));
        ptr::null_mut()
    }

    // SAFETY: the attributes are initialised before they are used and destroyed once; all pointers are to locals.
    unsafe {
        let mut attributes = std::mem::zeroed();
        let mut thread = std::mem::zeroed();
        let mut error = libc::pthread_attr_init(&raw mut attributes);
        if error == 0 {
            error = libc::pthread_attr_setstacksize(&raw mut attributes, stack_size);
            if error == 0 {
                error = libc::pthread_create(&raw mut thread, &raw const attributes, run, argument.cast());
            }
            libc::pthread_attr_destroy(&raw mut attributes);
        }
        if error == 0 { Ok(thread) } else { Err(io::Error::from_raw_os_error(error)) }
    }
}

fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> T {
    // SAFETY: the sets are locals; sigfillset makes the one valid that pthread_sigmask reads, which fills the other.
    let before = unsafe {
        let mut all = std::mem::zeroed();
        let mut before = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        before
    };
    let started = start();
    // SAFETY: `before` is the mask that was read above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut()) };
    started
}

/// The families in turn, the resolver's first choice first.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    let mut mixed = Vec::new();
    for address in first {
        mixed.push(address);
        mixed.extend(second.next());
    }
    mixed.extend(second);
    mixed.truncate(MAX_WATCHED);
    mixed
}

/// The first address to answer wins. Each gets a head start before the next; a refusal starts the next at once.
fn race(addresses: Vec<SocketAddr>) -> io::Result<OwnedFd> {
    let mut waiting = addresses.into_iter();
    let mut running: Vec<OwnedFd> = Vec::new();
    let mut last_error = io::Error::other("the name has no address");
    loop {
        if let Some(address) = waiting.next() {
            match start_connect(address) {
                Ok(socket) => running.push(socket),
                Err(e) => {
                    last_error = e;
                    continue;
                }
            }
        }
        if running.is_empty() {
            return Err(last_error);
        }
        let head_start = (waiting.len() > 0).then(|| Instant::now() + ATTEMPT_DELAY);
        let mut fds: Vec<_> = running.iter().map(|socket| pollfd(socket.as_raw_fd(), libc::POLLOUT)).collect();
        match with_current(|call| call.block(&mut fds, head_start)) {
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(io::Error::other("the call has ended")),
        }
        for at in (0..fds.len()).rev().filter(|at| fds[*at].revents != 0) {
            let socket = running.swap_remove(at);
            match connect_outcome(&socket) {
                Ok(()) => return Ok(socket),
                Err(e) => last_error = e,
            }
        }
    }
}

/// Opens a socket as the library needs it, and starts to connect.
fn start_connect(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: no pointers are passed.
    let fd = unsafe { libc::socket(family, kind, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `fd` was just opened and belongs to nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    for (level, option, value) in OPTIONS {
        set_option(&socket, level, option, value)?;
    }
    connect(&socket, address)?;
    Ok(socket)
}

/// No delay; and a dead peer is noticed after 30 s, whether the connection is quiet (keepalive) or not (user timeout).
const OPTIONS: [(i32, i32, i32); 6] = [
    (libc::IPPROTO_TCP, libc::TCP_NODELAY, 1),
    (libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1),
    (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE, 15),
    (libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, 5),
    (libc::IPPROTO_TCP, libc::TCP_KEEPCNT, 3),
    (libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT, 30_000),
];

fn set_option(socket: &OwnedFd, level: i32, option: i32, value: i32) -> io::Result<()> {
    let length = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the value is a local of the length that is passed.
    let done = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, ptr::from_ref(&value).cast(), length) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn connect(socket: &OwnedFd, address: SocketAddr) -> io::Result<()> {
    let done = match address {
        SocketAddr::V4(v4) => {
            let raw = libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: v4.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(v4.ip().octets()) },
                sin_zero: [0; 8],
            };
            connect_raw(socket, &raw)
        }
        SocketAddr::V6(v6) => {
            let raw = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: v6.port().to_be(),
                sin6_flowinfo: v6.flowinfo(),
                sin6_addr: libc::in6_addr { s6_addr: v6.ip().octets() },
                sin6_scope_id: v6.scope_id(),
            };
            connect_raw(socket, &raw)
        }
    };
    match done {
        Err(e) if !matches!(e.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR)) => Err(e),
        _ => Ok(()),
    }
}

fn connect_raw<T>(socket: &OwnedFd, address: &T) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    // SAFETY: both callers pass a socket address of this length.
    let done = unsafe { libc::connect(socket.as_raw_fd(), ptr::from_ref(address).cast(), length) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn connect_outcome(socket: &OwnedFd) -> io::Result<()> {
    let mut error = 0i32;
    let mut length = size_of::<i32>() as libc::socklen_t;
    // SAFETY: both pointers are to locals of the right size.
    let done = unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_ERROR, (&raw mut error).cast(), &raw mut length)
    };
    match (done, error) {
        (0, 0) => Ok(()),
        (0, code) => Err(io::Error::from_raw_os_error(code)),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns_after_the_resolvers_first_choice() {
        let parse = |list: &[&str]| list.iter().map(|a| a.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let mixed = interleave(parse(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"]));
        assert_eq!(mixed, parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"]));
        assert_eq!(interleave(parse(&["1.1.1.1:1"])), parse(&["1.1.1.1:1"]));
        let many: Vec<SocketAddr> = (1..100).map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect();
        assert_eq!(interleave(many).len(), MAX_WATCHED);
    }

    #[test]
    fn signals_are_blocked_only_while_starting() {
        fn mask() -> libc::sigset_t {
            // SAFETY: pthread_sigmask with NULL only reads the mask into a local.
            unsafe {
                let mut set = std::mem::zeroed();
                libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut set);
                set
            }
        }
        // SAFETY: a valid set is read.
        let has_int = |set: &libc::sigset_t| unsafe { libc::sigismember(set, libc::SIGINT) == 1 };
        assert!(has_int(&with_signals_blocked(mask)));
        assert!(!has_int(&mask()));
    }
}
