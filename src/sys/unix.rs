//! macOS and FreeBSD: many sockets by kqueue, and a process that is known by its id.
//!
//! What only one of them has is in a module of its name. Neither machine is at hand, so the feature `unix-on-linux` runs on Linux
//! what macOS uses: the pipe, the poll in milliseconds, the process id. Linux has no kqueue and keeps epoll; what is decided
//! about kqueue's changes and reports is in `kevent`, which is tested everywhere.

mod fork;
#[cfg(any(test, not(target_os = "linux")))]
mod kevent;

#[cfg(target_os = "freebsd")]
mod freebsd;
#[cfg(target_os = "freebsd")]
use freebsd as own;

#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
use macos as own;

#[cfg(target_os = "linux")]
mod on_linux;
#[cfg(target_os = "linux")]
use on_linux as own;

pub(super) use super::posix::socket::{
    PEEK, RECEIVE, available, interface_index, is_in_progress, keep_alive, unix_address,
};
pub(crate) use super::posix::{
    CancellationDisabled, Thread, Watch, certificate_store, impl_event_fd, impl_pollable, is_exhausted, look_up,
    raw_fd, raw_handle,
};
pub(crate) use fork::Process;
pub(crate) use own::{Event, Poller};
pub(super) use own::{
    PTHREAD_CANCEL_DISABLE, SEND, UNKNOWN_NAME, Watched, address_in_executable, errno, give_up_dead_peer, name_thread,
    poll_once,
};
use socket2::{Domain, Type};
use std::io;

/// A long poll ends before its instant by this part of its length, since the system may add to it: FreeBSD 5 %
/// (kern.timecounter.alloweddeviation), macOS an eighth of a short one.
pub(super) const MARGIN: u32 = 8;

/// A stream socket that never blocks, is closed by exec and, on macOS, raises no SIGPIPE. socket2 sees to the last two.
pub(super) fn open_socket(domain: Domain) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(domain, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
