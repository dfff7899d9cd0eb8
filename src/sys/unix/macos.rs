//! What only macOS has.

#[path = "kqueue.rs"]
mod kqueue;
#[path = "millis.rs"]
mod millis;
#[path = "pipe.rs"]
mod pipe;

pub(crate) use kqueue::Poller;
pub(in crate::sys) use kqueue::Watched;
pub(in crate::sys) use millis::poll_once;
pub(crate) use pipe::Event;
use std::ffi::{CStr, c_int, c_void};
use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// The flags of each send. SO_NOSIGPIPE is set on the socket.
pub(in crate::sys) const SEND: c_int = libc::MSG_DONTWAIT;

/// The codes of getaddrinfo for a name that does not exist, or has no address.
pub(in crate::sys) const UNKNOWN_NAME: &[c_int] = &[libc::EAI_NONAME, libc::EAI_NODATA];

pub(in crate::sys) const PTHREAD_CANCEL_DISABLE: c_int = libc::PTHREAD_CANCEL_DISABLE;

/// Where this thread's errno is.
pub(in crate::sys) fn errno() -> *mut c_int {
    // SAFETY: it has no conditions.
    unsafe { libc::__error() }
}

/// Ends the connection if the peer has not acknowledged for so long what was sent. A system that refuses does without.
pub(in crate::sys) fn give_up_dead_peer(socket: &socket2::Socket, after: Duration) -> io::Result<()> {
    // The libc crate lacks it.
    const TCP_RXT_CONNDROPTIME: c_int = 0x80;
    let seconds = c_int::try_from(after.as_secs()).unwrap_or(c_int::MAX);
    let length = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: the value is a local of the length that is passed.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            TCP_RXT_CONNDROPTIME,
            (&raw const seconds).cast(),
            length,
        );
    }
    Ok(())
}

/// Names the calling thread; there is no way to name another.
pub(in crate::sys) fn name_thread(name: &CStr) {
    // SAFETY: the name is a C string.
    unsafe { libc::pthread_setname_np(name.as_ptr()) };
}

/// An address in the executable of the process, which is the first image.
pub(in crate::sys) fn address_in_executable() -> *const c_void {
    // SAFETY: it takes any number, and returns NULL if there is no such image.
    #[allow(deprecated, reason = "another crate for one function")]
    unsafe {
        libc::_dyld_get_image_header(0).cast()
    }
}
