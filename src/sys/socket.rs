//! A stream socket that never blocks: TCP or Unix. To wait for it, use [`Watch`](super::Watch) and [`poll`](super::poll).

use super::system::{self, PEEK, RECEIVE, SEND, Watched};
use super::wipe;
use socket2::{Domain, SockAddr, TcpKeepalive};
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// The path of a Unix socket, as the system takes it.
pub(crate) struct UnixAddress(SockAddr);

impl UnixAddress {
    /// It fails if the path is too long for the system, or if the system has no Unix sockets.
    pub fn new(path: &Path) -> io::Result<UnixAddress> {
        system::unix_address(path).map(UnixAddress)
    }
}

/// A socket that is connected or connecting.
pub(crate) struct Socket {
    socket: socket2::Socket,
    watched: Watched,
}

/// The time after which a dead peer is noticed: by keepalive on an idle connection, by the user timeout otherwise.
const DEAD_AFTER: Duration = Duration::from_secs(30);
/// How often an idle peer is asked whether it lives.
const PROBES: u32 = 3;

impl Socket {
    /// Opens a socket and starts to connect it. An output watch is ready when [`outcome`](Self::outcome) is known.
    pub fn connect(address: SocketAddr) -> io::Result<Socket> {
        let socket = system::open_socket(Domain::for_address(address))?;
        socket.set_tcp_nodelay(true)?;
        system::keep_alive(&socket, keepalive(), PROBES)?;
        system::give_up_dead_peer(&socket, DEAD_AFTER)?;
        match socket.connect(&SockAddr::from(address)) {
            Err(e) if !system::is_in_progress(&e) => Err(e),
            _ => Ok(Socket { socket, watched: Watched::default() }),
        }
    }

    /// The same for a Unix socket. Its peer is on this machine, so nothing has to notice that it is dead.
    pub fn connect_unix(address: &UnixAddress) -> io::Result<Socket> {
        let socket = system::open_socket(Domain::UNIX)?;
        match socket.connect(&address.0) {
            // Linux reports this if the listener's queue is full, where other systems refuse the connection.
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                Err(io::Error::new(io::ErrorKind::ConnectionRefused, "the queue of the Unix socket is full"))
            }
            Err(e) if !system::is_in_progress(&e) => Err(e),
            _ => Ok(Socket { socket, watched: Watched::default() }),
        }
    }

    /// Returns why the connect failed, if it did.
    pub fn outcome(&self) -> io::Result<()> {
        self.socket.take_error()?.map_or(Ok(()), Err)
    }

    /// Sends as much as the kernel accepts at once.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.send_with_flags(bytes, SEND)
    }

    /// Reads at most `limit` bytes and passes them to `take`. Returns how many; 0 is the end of the stream. It reads into the stack,
    /// so that the caller can allocate exactly what arrived. The array is smaller than a page, so that a long wait does not hold
    /// a page more.
    #[inline(never)]
    pub fn receive(&self, limit: usize, take: impl FnOnce(&[u8])) -> io::Result<usize> {
        let mut room = [MaybeUninit::<u8>::uninit(); 3 * 1024];
        let limit = limit.min(room.len());
        self.watched.note_read();
        let count = self.socket.recv_with_flags(&mut room[..limit], RECEIVE)?;
        // SAFETY: the kernel has written that many bytes, and `room` is not used meanwhile.
        let received = unsafe { std::slice::from_raw_parts_mut(room.as_mut_ptr().cast(), count) };
        take(received);
        // A service may quote a secret.
        wipe(received);
        Ok(count)
    }

    /// How many bytes are in the socket now.
    pub fn available(&self) -> usize {
        system::available(&self.socket)
    }

    /// Whether the peer is this machine.
    pub fn is_to_loopback(&self) -> bool {
        let Ok(peer) = self.socket.peer_addr() else { return false };
        peer.domain() == Domain::UNIX || peer.as_socket().is_some_and(|peer| peer.ip().to_canonical().is_loopback())
    }

    /// Whether the peer has neither sent anything nor closed the connection.
    pub fn is_quiet(&self) -> bool {
        let mut byte = [MaybeUninit::<u8>::uninit()];
        let seen = self.socket.recv_with_flags(&mut byte, PEEK);
        seen.is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock)
    }

    /// How a [`Poller`](super::Poller) watches it.
    pub(super) fn watched(&self) -> &Watched {
        &self.watched
    }

    pub(super) fn inner(&self) -> &socket2::Socket {
        &self.socket
    }
}

/// The number of an IPv6 zone: `3`, or the name of a network interface of this machine, such as `eth0`.
pub(crate) fn scope_id(zone: &str) -> io::Result<u32> {
    zone.parse().or_else(|_| system::interface_index(zone))
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.socket.fmt(f)
    }
}

fn keepalive() -> TcpKeepalive {
    TcpKeepalive::new().with_time(DEAD_AFTER / 2).with_interval(DEAD_AFTER / (2 * PROBES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_a_number_or_an_interface() {
        assert_eq!(scope_id("7").unwrap(), 7);
        assert!(scope_id("no-such-if").is_err());
        assert!(scope_id("4294967296").is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_loopback_interface_is_the_first() {
        assert_eq!(scope_id("lo").unwrap(), 1);
    }
}
