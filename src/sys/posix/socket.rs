//! What the systems have in common of a socket beyond socket2.

use socket2::{SockAddr, TcpKeepalive};
use std::ffi::CString;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

/// The flags of each read, and of a look that leaves the bytes in the socket.
pub(in crate::sys) const RECEIVE: libc::c_int = libc::MSG_DONTWAIT;
pub(in crate::sys) const PEEK: libc::c_int = libc::MSG_DONTWAIT | libc::MSG_PEEK;

/// Whether a connect has begun, and its outcome comes later. One that a signal interrupted goes on.
pub(in crate::sys) fn is_in_progress(e: &io::Error) -> bool {
    matches!(e.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR))
}

/// Asks an idle peer whether it lives, and ends the connection after so many probes without an answer.
pub(in crate::sys) fn keep_alive(socket: &socket2::Socket, when: TcpKeepalive, probes: u32) -> io::Result<()> {
    socket.set_tcp_keepalive(&when.with_retries(probes))
}

/// How many bytes are in the socket now.
pub(in crate::sys) fn available(socket: &socket2::Socket) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: the pointer is to a local of the type that FIONREAD writes.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::FIONREAD, &raw mut count) };
    if done == 0 { usize::try_from(count).unwrap_or(0) } else { 0 }
}

pub(in crate::sys) fn unix_address(path: &Path) -> io::Result<SockAddr> {
    SockAddr::unix(path)
}

/// The number of a network interface.
pub(in crate::sys) fn interface_index(name: &str) -> io::Result<u32> {
    let name = CString::new(name)?;
    // SAFETY: the name is a C string.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => Ok(index),
    }
}
