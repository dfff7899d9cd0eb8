//! Linux: events by eventfd, polls by ppoll, many sockets by epoll, and a page that is zero in a forked child.

mod epoll;
#[path = "posix/eventfd.rs"]
mod eventfd;
mod fork;
#[path = "posix/ppoll.rs"]
mod ppoll;

pub(super) use super::posix::socket::{
    PEEK, RECEIVE, available, interface_index, is_in_progress, keep_alive, unix_address,
};
pub(crate) use super::posix::{
    CancellationDisabled, Thread, Watch, certificate_store, impl_event_fd, impl_pollable, is_exhausted, look_up,
    raw_fd, raw_handle,
};
pub(crate) use epoll::Poller;
pub(super) use epoll::Watched;
pub(crate) use eventfd::Event;
pub(crate) use fork::Process;
pub(super) use ppoll::poll_once;
use socket2::{Domain, Type};
use std::ffi::{CStr, c_int, c_void};
use std::time::Duration;
use std::{io, ptr};

/// A long poll ends before its instant by this part of its length, since the kernel may add 0.1 % to it.
pub(super) const MARGIN: u32 = 500;

/// The flags of each send: it neither blocks nor raises SIGPIPE.
pub(super) const SEND: c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;

/// The codes of getaddrinfo for a name that does not exist, or has no address.
pub(super) const UNKNOWN_NAME: &[c_int] = &[libc::EAI_NONAME, libc::EAI_NODATA];

/// Where this thread's errno is.
pub(super) fn errno() -> *mut c_int {
    // SAFETY: it has no conditions.
    unsafe { libc::__errno_location() }
}

/// A stream socket that never blocks and is closed by exec.
pub(super) fn open_socket(domain: Domain) -> io::Result<socket2::Socket> {
    socket2::Socket::new(domain, Type::STREAM.nonblocking(), None)
}

/// Ends the connection if the peer has not acknowledged for so long what was sent.
pub(super) fn give_up_dead_peer(socket: &socket2::Socket, after: Duration) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(after))
}

pub(super) const PTHREAD_CANCEL_DISABLE: c_int = 1;

/// Names the calling thread.
pub(super) fn name_thread(name: &CStr) {
    // SAFETY: the thread is this one, and the name is a C string.
    unsafe { libc::pthread_setname_np(libc::pthread_self(), name.as_ptr()) };
}

/// An address in the executable of the process: that of its program headers.
pub(super) fn address_in_executable() -> *const c_void {
    // SAFETY: getauxval only reads what the process was started with.
    ptr::with_exposed_provenance(unsafe { libc::getauxval(libc::AT_PHDR) } as usize)
}
