//! Addresses that fail in ways of their own, and free ports.

#[cfg(target_os = "linux")]
use crate::until;
use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A port of loopback for a program that must be given one. It is outside the range from which the kernel picks ports, so
/// that no server of another test gets it in the meantime. Processes that run at the same time have close ids, and different
/// ports.
pub fn free_port() -> u16 {
    const PROCESSES: u32 = 120;
    const EACH: u16 = 100;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + (std::process::id() % PROCESSES) as u16 * EACH;
    let mut ports = std::iter::from_fn(|| Some(first + NEXT.fetch_add(1, Ordering::Relaxed) % EACH));
    ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).expect("one of them is free")
}

/// An address where nobody listens, and where nobody else can while this lives.
pub struct Refusing(Socket);

impl Refusing {
    pub fn bind() -> Refusing {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))).unwrap();
        Refusing(socket)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap().as_socket().unwrap()
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
        let fill = || TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok();
        let filling = std::iter::from_fn(fill).collect();
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
