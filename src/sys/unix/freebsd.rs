//! What only FreeBSD has.

#[path = "../posix/eventfd.rs"]
mod eventfd;
#[path = "kqueue.rs"]
mod kqueue;
#[path = "../posix/ppoll.rs"]
mod ppoll;
#[path = "program_headers.rs"]
mod program_headers;

pub(crate) use eventfd::Event;
pub(crate) use kqueue::Poller;
pub(in crate::sys) use kqueue::Watched;
pub(in crate::sys) use ppoll::poll_once;
pub(in crate::sys) use program_headers::address_in_executable;
use std::ffi::{CStr, c_int};
use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// The flags of each send: it neither blocks nor raises SIGPIPE.
pub(in crate::sys) const SEND: c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;

/// The codes of getaddrinfo for a name that does not exist, or has no address. The libc crate lacks EAI_NODATA.
pub(in crate::sys) const UNKNOWN_NAME: &[c_int] = &[libc::EAI_NONAME, 7];

// The libc crate lacks it.
pub(in crate::sys) const PTHREAD_CANCEL_DISABLE: c_int = 1;

/// Where this thread's errno is.
pub(in crate::sys) fn errno() -> *mut c_int {
    // SAFETY: it has no conditions.
    unsafe { libc::__error() }
}

/// Ends the connection if the peer has not acknowledged for so long what was sent. A system that refuses does without.
pub(in crate::sys) fn give_up_dead_peer(socket: &socket2::Socket, after: Duration) -> io::Result<()> {
    // The libc crate lacks it.
    const TCP_MAXUNACKTIME: c_int = 68;
    let seconds = libc::c_uint::try_from(after.as_secs()).unwrap_or(libc::c_uint::MAX);
    let length = size_of::<libc::c_uint>() as libc::socklen_t;
    // SAFETY: the value is a local of the length that is passed.
    unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, TCP_MAXUNACKTIME, (&raw const seconds).cast(), length);
    }
    Ok(())
}

/// Names the calling thread.
pub(in crate::sys) fn name_thread(name: &CStr) {
    // SAFETY: the thread is this one, and the name is a C string.
    unsafe { libc::pthread_set_name_np(libc::pthread_self(), name.as_ptr()) };
}
