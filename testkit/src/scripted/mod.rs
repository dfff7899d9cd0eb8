//! A TCP or TLS server that does to each connection what a test's script says, and records what the client did. It
//! knows just enough HTTP to find the end of a request; the event rules are not its business (see `local_server`).

pub mod script;
mod stream;

use crate::PATIENCE;
use rustls::{ServerConnection, StreamOwned};
use script::{Script, Step};
use socket2::SockRef;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use stream::Stream;

/// A listener and its connections, ended when it is dropped.
pub struct ScriptedServer {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

/// A request as it came.
#[derive(Clone)]
pub struct Request {
    /// Which connection, counted from 0.
    pub connection: usize,
    pub at: Instant,
    pub head: String,
    pub body: Vec<u8>,
}

/// What the clients did.
#[derive(Default)]
pub struct Record {
    pub connections: usize,
    pub requests: Vec<Request>,
    /// How many times all that was sent was in the client's socket.
    pub delivered: usize,
    /// When the client of a connection was seen to leave.
    pub left: HashMap<usize, Instant>,
    /// Streams that the client ended in order: with TLS, by a close_notify.
    pub ended: usize,
    /// How TLS handshakes went: resumed, full, or an error.
    pub handshakes: Vec<String>,
}

struct Shared {
    scripts: Vec<Script>,
    record: Mutex<Record>,
    changed: Condvar,
    stopping: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl ScriptedServer {
    /// Each connection follows the script of its number; the last one serves all the rest.
    pub fn start(scripts: Vec<Script>) -> ScriptedServer {
        ScriptedServer::start_at((Ipv4Addr::LOCALHOST, 0).into(), scripts)
    }

    /// Every connection follows the one script.
    pub fn always(script: Script) -> ScriptedServer {
        ScriptedServer::start(vec![script])
    }

    pub fn start_at(address: SocketAddr, scripts: Vec<Script>) -> ScriptedServer {
        ScriptedServer::serve(TcpListener::bind(address).expect("a loopback port"), scripts)
    }

    pub fn serve(listener: TcpListener, scripts: Vec<Script>) -> ScriptedServer {
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            scripts,
            record: Mutex::default(),
            changed: Condvar::new(),
            stopping: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let theirs = Arc::clone(&shared);
        let accepting = thread::spawn(move || theirs.accept(&listener));
        ScriptedServer { address, shared, accepting: Some(accepting) }
    }

    pub fn http(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn https(&self) -> String {
        format!("https://{}", self.address)
    }

    pub fn connections(&self) -> usize {
        self.read(|record| record.connections)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.read(|record| record.requests.clone())
    }

    pub fn read<T>(&self, look: impl FnOnce(&Record) -> T) -> T {
        look(&self.shared.record.lock().unwrap())
    }

    /// Blocks until the record fulfils the condition.
    pub fn until(&self, what: &str, condition: impl Fn(&Record) -> bool) {
        let record = self.shared.record.lock().unwrap();
        let (_record, timeout) =
            self.shared.changed.wait_timeout_while(record, PATIENCE, |record| !condition(record)).unwrap();
        assert!(!timeout.timed_out(), "waited for {what}");
    }

    pub fn until_requests(&self, count: usize) {
        self.until("requests", |record| record.requests.len() >= count);
    }

    pub fn until_left(&self, count: usize) {
        self.until("clients that leave", |record| record.left.len() >= count);
    }
}

impl Drop for ScriptedServer {
    /// Afterwards nobody listens at the address.
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.changed.notify_all();
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|accepting| woken || accepting.is_finished()) {
            let _ = accepting.join();
        }
        for socket in self.shared.open.lock().unwrap().drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        while let Ok((socket, _)) = listener.accept() {
            if self.stopping.load(Ordering::SeqCst) {
                return;
            }
            let number = self.note(|record| {
                record.connections += 1;
                record.connections - 1
            });
            socket.set_nodelay(true).unwrap();
            self.open.lock().unwrap().push(socket.try_clone().unwrap());
            let shared = Arc::clone(self);
            thread::spawn(move || {
                let script = shared.scripts[number.min(shared.scripts.len() - 1)].clone();
                let stream = socket.try_clone().unwrap();
                let mut connection =
                    Connection { number, socket, stream: Some(Box::new(stream)), unread: Vec::new(), shared: &shared };
                for step in script {
                    if connection.take(step).is_err() {
                        break;
                    }
                }
                connection.close();
            });
        }
    }

    fn note<T>(&self, change: impl FnOnce(&mut Record) -> T) -> T {
        let result = change(&mut self.record.lock().unwrap());
        self.changed.notify_all();
        result
    }
}

struct Connection<'a> {
    number: usize,
    socket: TcpStream,
    stream: Option<Box<dyn Stream>>,
    /// What was read of the next request.
    unread: Vec<u8>,
    shared: &'a Shared,
}

impl Connection<'_> {
    fn take(&mut self, step: Step) -> io::Result<()> {
        match step {
            Step::ReadRequest => self.read_request().map(drop),
            Step::AwaitHead => self.await_head().map(drop),
            Step::ReadSome => self.read_some(),
            Step::Send(bytes) => self.send(&bytes),
            Step::Flood(bytes) => loop {
                self.send(&bytes)?;
            },
            Step::SendRaw(bytes) => self.socket.write_all(&bytes),
            Step::Trickle(bytes, pause) => bytes.chunks(1).try_for_each(|byte| {
                thread::sleep(pause);
                self.send(byte)
            }),
            Step::Pause(pause) => {
                thread::sleep(pause);
                Ok(())
            }
            Step::Await(gate) => {
                gate.pass();
                Ok(())
            }
            Step::Delivered => {
                until_delivered(&self.socket).inspect_err(|_| self.note_left())?;
                self.shared.note(|record| record.delivered += 1);
                Ok(())
            }
            Step::Open(gate) => {
                gate.open();
                Ok(())
            }
            Step::Finish => self.socket.shutdown(Shutdown::Write),
            Step::CloseNotify => self.stream.as_mut().expect("open").close_notify(),
            Step::Reset => SockRef::from(&self.socket).set_linger(Some(Duration::ZERO)).and_then(|()| gone()),
            Step::Hang => loop {
                self.read_some()?;
            },
            Step::Ignore => self.ignore(),
            Step::Handshake(config) => self.handshake(config),
            Step::AnswerAll(bytes) => loop {
                self.read_request()?;
                self.send(&bytes)?;
            },
            Step::AnswerWith(answerer) => loop {
                let request = self.read_request()?;
                self.send(&answerer(&request))?;
            },
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = self.stream.as_mut().expect("open").write_all(bytes);
        sent.inspect_err(|_| self.note_left())
    }

    fn read_request(&mut self) -> io::Result<Request> {
        let head_end = self.await_head()?;
        let mut read = std::mem::take(&mut self.unread);
        let head = String::from_utf8_lossy(&read[..head_end]).into_owned();
        let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        while read.len() < head_end + length {
            self.read_into(&mut read)?;
        }
        let body = read[head_end..].to_vec();
        let request = Request { connection: self.number, at: Instant::now(), head, body };
        self.shared.note(|record| record.requests.push(request.clone()));
        Ok(request)
    }

    /// Reads until a head is complete, and returns its length.
    fn await_head(&mut self) -> io::Result<usize> {
        let mut read = std::mem::take(&mut self.unread);
        loop {
            if let Some(at) = read.windows(4).position(|w| w == b"\r\n\r\n") {
                self.unread = read;
                return Ok(at + 4);
            }
            self.read_into(&mut read)?;
        }
    }

    fn read_some(&mut self) -> io::Result<()> {
        self.read_into(&mut Vec::new())
    }

    fn read_into(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let mut chunk = [0; 16 * 1024];
        match self.stream.as_mut().expect("open").read(&mut chunk) {
            Ok(count) if count > 0 => {
                bytes.extend_from_slice(&chunk[..count]);
                Ok(())
            }
            outcome => {
                self.shared.note(|record| record.ended += usize::from(outcome.is_ok()));
                self.note_left();
                gone()
            }
        }
    }

    fn ignore(&self) -> io::Result<()> {
        let record = self.shared.record.lock().unwrap();
        let stopped = |_: &mut Record| !self.shared.stopping.load(Ordering::SeqCst);
        drop(self.shared.changed.wait_timeout_while(record, PATIENCE, stopped).unwrap());
        Ok(())
    }

    fn handshake(&mut self, config: Arc<rustls::ServerConfig>) -> io::Result<()> {
        let inner = self.stream.take().expect("open");
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), inner);
        let mut outcome = Ok(());
        while outcome.is_ok() && stream.conn.is_handshaking() {
            outcome = stream.conn.complete_io(&mut stream.sock).map(drop);
        }
        let kind = match &outcome {
            Ok(()) => format!("{:?}", stream.conn.handshake_kind().unwrap()),
            Err(e) => e.to_string(),
        };
        self.shared.note(|record| record.handshakes.push(kind));
        self.stream = Some(Box::new(stream));
        outcome
    }

    fn note_left(&self) {
        self.shared.note(|record| *record.left.entry(self.number).or_insert_with(Instant::now));
    }

    /// The server keeps a handle for its own end, which must not hold the connection open.
    fn close(mut self) {
        let peer = self.socket.peer_addr().ok();
        self.shared.open.lock().unwrap().retain(|socket| peer.is_none() || socket.peer_addr().ok() != peer);
        self.stream = None;
    }
}

impl Request {
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// What a wait asked for.
    pub fn timeout_ms(&self) -> u64 {
        let body: serde_json::Value = serde_json::from_slice(&self.body).expect("JSON");
        body["timeoutMs"].as_u64().expect("a timeoutMs")
    }
}

/// The key and the payload stay out of a failing test's output.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} on connection {}, {} bytes of body)", self.path(), self.connection, self.body.len())
    }
}

/// What the other side's kernel has acknowledged is there to be read. An error if the client has reset the connection.
#[cfg(target_os = "linux")]
fn until_delivered(socket: &TcpStream) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let began = Instant::now();
    let mut unacknowledged = 1;
    while unacknowledged > 0 {
        // SAFETY: TIOCOUTQ writes one int, and the pointer is to a local one.
        assert_eq!(unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut unacknowledged) }, 0);
        assert!(began.elapsed() < PATIENCE, "the client's kernel acknowledges nothing");
        thread::sleep(Duration::from_millis(1));
        if unacknowledged > 0 {
            socket.peer_addr()?;
        }
    }
    Ok(())
}

/// Other systems do not say so. What is written to a connection over loopback is there when the write returns, unless the
/// other side's buffer is full.
#[cfg(not(target_os = "linux"))]
fn until_delivered(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let matching = |line: &'a str| line.split_once(':').filter(|(found, _)| found.eq_ignore_ascii_case(name));
    head.lines().find_map(matching).map(|(_, value)| value.trim())
}

fn gone() -> io::Result<()> {
    Err(io::ErrorKind::ConnectionAborted.into())
}
