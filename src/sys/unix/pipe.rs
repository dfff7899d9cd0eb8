//! An event of a pipe, for a system without eventfd.

use crate::sys::{Watch, system};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// A descriptor that is readable from `notify` to `clear`.
#[derive(Debug)]
pub(crate) struct Event {
    read_end: OwnedFd,
    write_end: OwnedFd,
}

impl Event {
    /// Until it returns, a program that another thread starts may inherit the descriptors: macOS has no call that does both.
    pub fn new() -> io::Result<Event> {
        let mut ends = [-1; 2];
        // SAFETY: the array has room for two.
        if unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: both were just opened and belong to nobody else.
        let [read_end, write_end] = ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) });
        for end in [&read_end, &write_end] {
            set_flag(end, libc::F_GETFD, libc::F_SETFD, libc::FD_CLOEXEC)?;
            set_flag(end, libc::F_GETFL, libc::F_SETFL, libc::O_NONBLOCK)?;
        }
        Ok(Event { read_end, write_end })
    }

    /// Async-signal-safe, and leaves errno alone.
    pub fn notify(&self) {
        // SAFETY: errno's location is valid for the thread; the buffer is a byte. A full pipe fails with EAGAIN, and is
        // readable already. There is no SIGPIPE, since the event holds the other end.
        unsafe {
            let errno = system::errno();
            let saved = *errno;
            libc::write(self.write_end.as_raw_fd(), [1u8].as_ptr().cast(), 1);
            *errno = saved;
        }
    }

    pub fn clear(&self) {
        let mut bytes = [0u8; 512];
        // SAFETY: the buffer is as long as it says. An unset event fails with EAGAIN.
        let mut read = || unsafe { libc::read(self.read_end.as_raw_fd(), bytes.as_mut_ptr().cast(), bytes.len()) };
        // A read that does not fill the buffer found no more.
        while read() == 512 {}
    }

    pub fn is_set(&self) -> bool {
        matches!(system::poll_once(&mut [Watch::readable(self)], Some(Duration::ZERO)), Ok(true))
    }

    /// For poll and similar calls only.
    pub fn as_raw_fd(&self) -> RawFd {
        self.read_end.as_raw_fd()
    }
}

impl AsFd for Event {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read_end.as_fd()
    }
}

fn set_flag(fd: &OwnedFd, get: libc::c_int, set: libc::c_int, flag: libc::c_int) -> io::Result<()> {
    // SAFETY: the descriptor is open, and the commands take and return numbers.
    let done = unsafe { libc::fcntl(fd.as_raw_fd(), set, libc::fcntl(fd.as_raw_fd(), get) | flag) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_pipe_is_set_and_is_emptied_at_once() {
        let event = Event::new().unwrap();
        for _ in 0..100_000 {
            event.notify();
        }
        assert!(event.is_set());
        event.clear();
        assert!(!event.is_set());
    }

    #[test]
    fn exec_closes_both_ends_and_neither_blocks() {
        let event = Event::new().unwrap();
        for end in [&event.read_end, &event.write_end] {
            // SAFETY: the descriptor is open.
            let flags = [libc::F_GETFD, libc::F_GETFL].map(|get| unsafe { libc::fcntl(end.as_raw_fd(), get) });
            assert!(flags[0] & libc::FD_CLOEXEC != 0 && flags[1] & libc::O_NONBLOCK != 0, "{flags:?}");
        }
    }
}
