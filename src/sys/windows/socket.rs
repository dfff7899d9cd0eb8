//! What Windows has of a socket beyond socket2. A send raises no signal here, and a socket that is set to nonblocking needs no
//! flag.

use socket2::{Domain, SockAddr, TcpKeepalive, Type};
use std::io;
use std::os::windows::io::AsRawSocket;
use std::path::Path;
use std::ptr;
use std::time::Duration;
use windows_sys::Win32::Networking::WinSock::{
    FIONREAD, IPPROTO_TCP, MSG_PEEK, SOCKET, TCP_KEEPCNT, TCP_MAXRT, WSAEINPROGRESS, WSAEWOULDBLOCK, ioctlsocket,
    setsockopt,
};

pub(in crate::sys) const SEND: i32 = 0;
pub(in crate::sys) const RECEIVE: i32 = 0;
pub(in crate::sys) const PEEK: i32 = MSG_PEEK;

/// A stream socket that does not block and that no child process inherits.
pub(in crate::sys) fn open_socket(domain: Domain) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(domain, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Whether a connect has begun, and its outcome comes later.
pub(in crate::sys) fn is_in_progress(e: &io::Error) -> bool {
    matches!(e.raw_os_error(), Some(WSAEWOULDBLOCK | WSAEINPROGRESS))
}

/// Asks an idle peer whether it lives, and ends the connection after so many probes without an answer. Before version 1703 of
/// Windows 10 it is always ten.
pub(in crate::sys) fn keep_alive(socket: &socket2::Socket, when: TcpKeepalive, probes: u32) -> io::Result<()> {
    socket.set_tcp_keepalive(&when)?;
    try_option(socket, TCP_KEEPCNT, probes);
    Ok(())
}

/// Gives a connection up whose peer acknowledges nothing for so long.
pub(in crate::sys) fn give_up_dead_peer(socket: &socket2::Socket, after: Duration) -> io::Result<()> {
    try_option(socket, TCP_MAXRT, u32::try_from(after.as_secs()).unwrap_or(u32::MAX));
    Ok(())
}

/// Sets an option of TCP. A system that does not know it does without.
fn try_option(socket: &socket2::Socket, option: i32, value: u32) {
    let (value, length) = (ptr::from_ref(&value).cast(), size_of::<u32>() as i32);
    // SAFETY: the socket is open, and the value is a local of the length that is passed.
    unsafe { setsockopt(socket.as_raw_socket() as SOCKET, IPPROTO_TCP, option, value, length) };
}

/// How many bytes are in the socket now.
pub(in crate::sys) fn available(socket: &socket2::Socket) -> usize {
    let mut count = 0;
    // SAFETY: the socket is open, and the count is a local.
    let done = unsafe { ioctlsocket(socket.as_raw_socket() as SOCKET, FIONREAD, &raw mut count) };
    if done == 0 { count as usize } else { 0 }
}

/// Windows has Unix sockets since version 1803, but no program here was ever run with one.
pub(in crate::sys) fn unix_address(_: &Path) -> io::Result<SockAddr> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "libanchor does not use Unix sockets on Windows"))
}

/// Zones are numbers on Windows.
pub(in crate::sys) fn interface_index(_: &str) -> io::Result<u32> {
    Err(io::Error::new(io::ErrorKind::InvalidInput, "an IPv6 zone is a number on Windows"))
}
