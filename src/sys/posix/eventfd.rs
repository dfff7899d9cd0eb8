//! An event of eventfd, which Linux and FreeBSD have.

use crate::sys::{Watch, system};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
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
            let errno = system::errno();
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
        matches!(system::poll_once(&mut [Watch::readable(self)], Some(Duration::ZERO)), Ok(true))
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
