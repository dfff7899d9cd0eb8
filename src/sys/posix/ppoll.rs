//! A poll with a timeout in nanoseconds, which Linux and FreeBSD have.

use crate::sys::Watch;
use crate::sys::posix::timespec;
use std::time::Duration;
use std::{io, ptr};

/// Polls for at most `nap` (`None`: no limit). Returns whether a watch is ready. EINTR is an error.
pub(in crate::sys) fn poll_once(watched: &mut [Watch], nap: Option<Duration>) -> io::Result<bool> {
    Watch::reset(watched);
    let timeout = nap.map(timespec);
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: a Watch is laid out as the pollfd it holds, the slice is live, and `timeout` is NULL or points to a local that
    // outlives the call.
    let ready =
        unsafe { libc::ppoll(watched.as_mut_ptr().cast(), watched.len() as libc::nfds_t, timeout, ptr::null()) };
    if ready < 0 { Err(io::Error::last_os_error()) } else { Ok(ready > 0) }
}
