//! Addresses that fail in ways of their own, and ports that nobody else gets.

#[cfg(target_os = "linux")]
use crate::until;
use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// A port of loopback that the kernel gives to nobody while this lives. Who is told of it can listen there, as often as they
/// like, with SO_REUSEADDR, which servers set. As long as nobody does, connections are refused.
pub struct ReservedPort(Socket);

impl ReservedPort {
    pub fn bind() -> ReservedPort {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))).unwrap();
        ReservedPort(socket)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap().as_socket().unwrap()
    }

    pub fn number(&self) -> u16 {
        self.address().port()
    }
}

/// An address that drops every SYN: a listener that accepts nothing and whose backlog is full.
pub struct BlackHole {
    listener: TcpListener,
    _filling: Vec<TcpStream>,
}

impl BlackHole {
    pub fn bind() -> BlackHole {
        BlackHole::at((Ipv4Addr::LOCALHOST, 0).into())
    }

    pub fn at(address: SocketAddr) -> BlackHole {
        let listener = TcpListener::bind(address).unwrap();
        SockRef::from(&listener).listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        // On Linux the first fills it, however long that takes on a busy machine.
        let first = TcpStream::connect(address).unwrap();
        let more = || TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok();
        let filling = std::iter::once(first).chain(std::iter::from_fn(more)).collect();
        BlackHole { listener, _filling: filling }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    #[cfg(target_os = "linux")]
    /// Blocks until a connection to it is being made. It must be of IPv4.
    pub fn until_tried(&self) {
        let SocketAddr::V4(address) = self.address() else { panic!("not of IPv4") };
        // The address as it lies in memory, and SYN_SENT.
        let tried = format!(" {:08X}:{:04X} 02 ", u32::from_ne_bytes(address.ip().octets()), address.port());
        until("a connection to the black hole", || std::fs::read_to_string("/proc/net/tcp").unwrap().contains(&tried));
    }
}
