//! Linux: events by eventfd, polls by ppoll, and a page that is zero in a forked child.

use super::Socket;
pub(super) use super::epoll::Watched;
pub(crate) use super::epoll::{Poller, Readiness};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// A descriptor that is readable from `notify` to `clear`.
#[derive(Debug)]
pub(crate) struct Event(OwnedFd);

impl Event {
    pub fn new() -> io::Result<Event> {
        // SAFETY: no pointers are passed.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` was just opened and belongs to nobody else.
        Ok(Event(unsafe { OwnedFd::from_raw_fd(fd) }))
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

    pub fn is_set(&self) -> bool {
        matches!(poll_once(&mut [Watch::readable(self)], Some(Duration::ZERO)), Ok(true))
    }

    /// For poll and similar calls only.
    pub fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for Event {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Implements `AsFd` for a type that has an `event`, so that a Rust program can poll it.
macro_rules! impl_pollable {
    ($(#[doc = $doc:literal])+ $type:ty) => {
        impl std::os::fd::AsFd for $type {
            $(#[doc = $doc])+
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                std::os::fd::AsFd::as_fd(self.event())
            }
        }
    };
}
pub(crate) use impl_pollable;

/// The same for a type that has a `try_event`, which can fail.
macro_rules! impl_event_fd {
    ($(#[doc = $doc:literal])+ $type:ty, $error:ty) => {
        impl $type {
            $(#[doc = $doc])+
            pub fn event_fd(&self) -> Result<std::os::fd::BorrowedFd<'_>, $error> {
                self.try_event().map(std::os::fd::AsFd::as_fd)
            }
        }
    };
}
pub(crate) use impl_event_fd;

/// A descriptor to poll. It does not keep the descriptor open.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Watch(libc::pollfd);

impl Watch {
    /// A watch that is never ready.
    pub const NOTHING: Watch = Watch(libc::pollfd { fd: -1, events: 0, revents: 0 });

    pub fn readable(event: &Event) -> Watch {
        Watch::new(event.0.as_raw_fd(), libc::POLLIN)
    }

    /// Input, or the end of the stream.
    pub fn input(socket: &Socket) -> Watch {
        Watch::new(socket.as_raw_fd(), libc::POLLIN)
    }

    /// Room for output, or the outcome of a connect.
    pub fn output(socket: &Socket) -> Watch {
        Watch::new(socket.as_raw_fd(), libc::POLLOUT)
    }

    /// Something that a poller watches.
    pub fn poller(poller: &Poller) -> Watch {
        Watch::new(poller.as_raw_fd(), libc::POLLIN)
    }

    /// Whether the last poll found it ready, or broken; using it then reports the error.
    pub fn is_ready(&self) -> bool {
        self.0.revents != 0
    }

    fn new(fd: RawFd, events: i16) -> Watch {
        Watch(libc::pollfd { fd, events, revents: 0 })
    }
}

/// Polls for at most `nap` (`None`: no limit). Returns whether a watch is ready. EINTR is an error.
pub(super) fn poll_once(watched: &mut [Watch], nap: Option<Duration>) -> io::Result<bool> {
    let timeout = nap.map(|nap| libc::timespec {
        tv_sec: libc::time_t::try_from(nap.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: nap.subsec_nanos() as libc::c_long,
    });
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    for watch in watched.iter_mut() {
        watch.0.revents = 0;
    }
    // SAFETY: a Watch is laid out as the pollfd it holds, the slice is live, and `timeout` is NULL or points to a local that
    // outlives the call.
    let ready =
        unsafe { libc::ppoll(watched.as_mut_ptr().cast(), watched.len() as libc::nfds_t, timeout, ptr::null()) };
    if ready < 0 { Err(io::Error::last_os_error()) } else { Ok(ready > 0) }
}

pub(crate) fn is_exhausted(e: &io::Error) -> bool {
    e.kind() == io::ErrorKind::OutOfMemory
        || matches!(e.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS | libc::EAGAIN))
}

/// Overwrites the bytes. Unlike zeroize it does not do so byte by byte, since each request needs it.
pub(crate) fn wipe(secret: &mut [u8]) {
    // SAFETY: the pointer and length are those of a live, writable slice.
    unsafe { libc::explicit_bzero(secret.as_mut_ptr().cast(), secret.len()) };
}

/// A number that is zero in a forked child (MADV_WIPEONFORK); `None` if the kernel does not support it. It is never freed.
pub(super) fn wiped_on_fork() -> Option<&'static AtomicU64> {
    const PAGE: usize = 4096;
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: an anonymous mapping of its own, which is unmapped again if it cannot be marked, and otherwise never. It is
    // aligned to a page, and zeros are a valid AtomicU64.
    unsafe {
        let page = libc::mmap(ptr::null_mut(), PAGE, access, kind, -1, 0);
        if page == libc::MAP_FAILED {
            return None;
        }
        if libc::madvise(page, PAGE, libc::MADV_WIPEONFORK) != 0 {
            libc::munmap(page, PAGE);
            return None;
        }
        NonNull::new(page.cast::<AtomicU64>()).map(|page| page.as_ref())
    }
}
