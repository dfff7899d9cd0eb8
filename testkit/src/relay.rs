//! A TCP relay before a service that can be told to stall or to cut. One thread moves all the bytes, and ends with the relay.
//! It knows nothing of what it carries.

use socket2::SockRef;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the thread looks for an order.
#[cfg(unix)]
const TICK_MS: i32 = 5;

pub struct Relay {
    pub address: SocketAddr,
    orders: Arc<Orders>,
    thread: Option<JoinHandle<()>>,
}

struct Orders {
    service: Mutex<SocketAddr>,
    stalled: AtomicBool,
    withheld: AtomicBool,
    /// Counted up for each cut; the thread keeps what it has seen of it.
    cuts: AtomicU64,
    softens: bool,
    ended: AtomicBool,
}

impl Relay {
    pub fn to(service: SocketAddr) -> Relay {
        Relay::start(service, false)
    }

    /// The service sees every connection end in good order, whatever happens to it on the client's side. (A reset after an
    /// answer is how `anchor-events serve` learns that the answer was not read.)
    pub fn softening(service: SocketAddr) -> Relay {
        Relay::start(service, true)
    }

    fn start(service: SocketAddr, softens: bool) -> Relay {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let address = listener.local_addr().unwrap();
        let orders = Arc::new(Orders {
            service: Mutex::new(service),
            stalled: AtomicBool::new(false),
            withheld: AtomicBool::new(false),
            cuts: AtomicU64::new(0),
            softens,
            ended: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&orders);
        let thread = thread::spawn(move || run(&listener, &theirs));
        Relay { address, orders, thread: Some(thread) }
    }

    pub fn http(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections that come later go there.
    pub fn redirect(&self, service: SocketAddr) {
        *self.orders.service.lock().unwrap() = service;
    }

    /// Connections are taken, and nothing that a client sends goes on.
    pub fn stall(&self, stalled: bool) {
        self.orders.stalled.store(stalled, Ordering::SeqCst);
    }

    /// What the service sends is taken from it and kept back.
    pub fn withhold(&self, withheld: bool) {
        self.orders.withheld.store(withheld, Ordering::SeqCst);
    }

    /// Ends every connection with a reset.
    pub fn cut(&self) {
        self.orders.cuts.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.orders.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the relay does not panic");
        }
    }
}

fn run(listener: &TcpListener, orders: &Orders) {
    listener.set_nonblocking(true).unwrap();
    let mut pairs: Vec<Pair> = Vec::new();
    let mut cuts = 0;
    while !orders.ended.load(Ordering::SeqCst) {
        let stalled = orders.stalled.load(Ordering::SeqCst);
        block(listener, &pairs, stalled);
        while let Ok((client, _)) = listener.accept() {
            pairs.extend(Pair::new(client, *orders.service.lock().unwrap(), orders.softens));
        }
        let now = orders.cuts.load(Ordering::SeqCst);
        if now > cuts {
            cuts = now;
            pairs.drain(..).for_each(|pair| pair.break_off());
        }
        let withheld = orders.withheld.load(Ordering::SeqCst);
        pairs.retain_mut(|pair| pair.carry(stalled, withheld));
    }
}

/// Until there is something to carry.
#[cfg(unix)]
fn block(listener: &TcpListener, pairs: &[Pair], stalled: bool) {
    use std::os::fd::AsRawFd;
    let watch = |fd, events| libc::pollfd { fd, events, revents: 0 };
    let mut fds = vec![watch(listener.as_raw_fd(), libc::POLLIN)];
    for pair in pairs {
        fds.extend((!stalled && !pair.up.ended).then(|| watch(pair.client.as_raw_fd(), libc::POLLIN)));
        fds.extend((!pair.down.ended).then(|| watch(pair.service.as_raw_fd(), libc::POLLIN)));
    }
    // SAFETY: the pointer and length are those of a live vector.
    unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, TICK_MS) };
}

/// Windows has no poll for sockets of std.
#[cfg(windows)]
fn block(_: &TcpListener, _: &[Pair], _: bool) {
    thread::sleep(Duration::from_millis(1));
}

/// A client's connection and the one that was made for it.
struct Pair {
    client: TcpStream,
    service: TcpStream,
    up: Direction,
    down: Direction,
}

#[derive(Default)]
struct Direction {
    waiting: Vec<u8>,
    ended: bool,
    softens: bool,
}

impl Pair {
    /// `None` if the service is not there: the client is reset.
    fn new(client: TcpStream, service: SocketAddr, softens: bool) -> Option<Pair> {
        let Ok(service) = TcpStream::connect_timeout(&service, Duration::from_secs(1)) else {
            reset(&client);
            return None;
        };
        for socket in [&client, &service] {
            socket.set_nonblocking(true).unwrap();
            socket.set_nodelay(true).unwrap();
        }
        let up = Direction { softens, ..Direction::default() };
        Some(Pair { client, service, up, down: Direction::default() })
    }

    /// Whether the pair lives on.
    fn carry(&mut self, stalled: bool, withheld: bool) -> bool {
        let up = stalled || self.up.carry(&self.client, &self.service, false);
        let alive = up && self.down.carry(&self.service, &self.client, withheld);
        if !alive {
            self.break_off();
        }
        alive && !(self.up.is_over() && self.down.is_over())
    }

    fn break_off(&self) {
        reset(&self.client);
        if !self.up.softens {
            reset(&self.service);
        }
    }
}

impl Direction {
    /// Whether both sockets are still good.
    fn carry(&mut self, mut from: &TcpStream, mut to: &TcpStream, withheld: bool) -> bool {
        let mut chunk = [0; 16 * 1024];
        while !self.ended && self.waiting.len() < chunk.len() {
            match from.read(&mut chunk) {
                Ok(0) => self.ended = true,
                Ok(count) => self.waiting.extend_from_slice(&chunk[..count]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(_) if self.softens => self.ended = true,
                Err(_) => return false,
            }
        }
        if withheld {
            return true;
        }
        while !self.waiting.is_empty() {
            match to.write(&self.waiting) {
                Ok(count) => drop(self.waiting.drain(..count)),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
        }
        if self.ended {
            let _ = to.shutdown(std::net::Shutdown::Write);
        }
        true
    }

    fn is_over(&self) -> bool {
        self.ended && self.waiting.is_empty()
    }
}

/// Its closing will be an RST.
fn reset(socket: &TcpStream) {
    let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
}
