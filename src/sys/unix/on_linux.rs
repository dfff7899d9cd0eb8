//! Linux as a stand-in for macOS, by the feature `unix-on-linux`. Where macOS has a primitive that Linux has too, it is used; the
//! rest is Linux's own.

#[path = "../linux/epoll.rs"]
mod epoll;
#[path = "millis.rs"]
mod millis;
#[path = "pipe.rs"]
mod pipe;
#[path = "program_headers.rs"]
mod program_headers;

pub(crate) use epoll::Poller;
pub(in crate::sys) use epoll::Watched;
pub(in crate::sys) use millis::poll_once;
pub(crate) use pipe::Event;
pub(in crate::sys) use program_headers::address_in_executable;
use std::ffi::{CStr, c_int};
use std::io;
use std::time::Duration;

pub(in crate::sys) const SEND: c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
pub(in crate::sys) const UNKNOWN_NAME: &[c_int] = &[libc::EAI_NONAME, libc::EAI_NODATA];
pub(in crate::sys) const PTHREAD_CANCEL_DISABLE: c_int = 1;

pub(in crate::sys) fn errno() -> *mut c_int {
    // SAFETY: it has no conditions.
    unsafe { libc::__errno_location() }
}

pub(in crate::sys) fn give_up_dead_peer(socket: &socket2::Socket, after: Duration) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(after))
}

pub(in crate::sys) fn name_thread(name: &CStr) {
    // SAFETY: the thread is this one, and the name is a C string.
    unsafe { libc::pthread_setname_np(libc::pthread_self(), name.as_ptr()) };
}
