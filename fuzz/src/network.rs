//! The simulated network of a thread: connections that follow a script in simulated time, and a record of what the client sent
//! to each. The sockets are real, and their other end is here, so the client reads and writes through the kernel.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Mutex;
use std::time::Duration;

/// The largest piece, which one recv of the library reads.
pub const MAX_PIECE: usize = 3 * 1024;

/// The script of the peer of one connection.
#[derive(Clone, Debug)]
pub struct Connection {
    pub pieces: Vec<Piece>,
    pub end: End,
}

/// Bytes that arrive at once.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The pause before them.
    pub after: Duration,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The end of the stream; the connection stays open in the other direction.
    Finish,
    /// The connection is gone in both directions.
    Reset,
    /// Nothing more arrives.
    Hang,
}

/// The network of one thread, with a clock, or that of all threads, without one.
pub struct Network {
    pub now: Duration,
    scripts: VecDeque<Connection>,
    /// When the scripts are used up, they begin again.
    is_endless: bool,
    live: Vec<Live>,
}

struct Live {
    client: RawFd,
    server: Option<OwnedFd>,
    /// Each byte that the script sends, and each that the client sent.
    sent: Vec<u8>,
    received: Vec<u8>,
    pieces: VecDeque<(Duration, Vec<u8>)>,
    end: Option<(Duration, End)>,
}

thread_local! {
    static CURRENT: RefCell<Option<Network>> = const { RefCell::new(None) };
}

/// The network of threads that have none of their own.
static FOR_ALL: Mutex<Option<Network>> = Mutex::new(None);

impl Network {
    /// From now on the calling thread's connections follow the scripts, in order; when they are used up, connections are
    /// refused. The clock stands.
    pub fn install(scripts: impl IntoIterator<Item = Connection>) {
        CURRENT.set(Some(Network::new(scripts, false)));
    }

    /// The same for all threads, repeated without end, in real time: bytes without a pause arrive at once, the rest never.
    pub fn install_for_all(scripts: impl IntoIterator<Item = Connection>) {
        *FOR_ALL.lock().unwrap() = Some(Network::new(scripts, true));
    }

    fn new(scripts: impl IntoIterator<Item = Connection>, is_endless: bool) -> Network {
        let scripts = scripts.into_iter().collect();
        Network { now: Duration::from_secs(1_000_000), scripts, is_endless, live: Vec::new() }
    }

    pub fn take_down_for_all() {
        *FOR_ALL.lock().unwrap() = None;
    }

    /// Ends the simulation and returns its record.
    pub fn take_down() -> Network {
        let mut network = CURRENT.take().expect("a network is installed");
        network.live.iter_mut().for_each(Live::receive);
        network
    }

    /// The thread's own network.
    pub(crate) fn with_own<T>(look: impl FnOnce(&mut Network) -> T) -> Option<T> {
        CURRENT.try_with(|current| current.try_borrow_mut().ok()?.as_mut().map(look)).ok().flatten()
    }

    /// The thread's own network, or that of all threads.
    pub(crate) fn with_any<T>(look: impl FnOnce(&mut Network) -> T) -> Option<T> {
        match Network::with_own(|_| ()) {
            Some(()) => Network::with_own(look),
            None => FOR_ALL.lock().ok()?.as_mut().map(look),
        }
    }

    /// For each connection, the bytes that the client received, and those that it sent.
    pub fn transcripts(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.live.iter().map(|live| (&live.sent[..], &live.received[..]))
    }

    pub(crate) fn is_unused(&self) -> bool {
        self.live.is_empty()
    }

    /// Makes a socket whose connection follows the next script.
    pub(crate) fn open(&mut self) -> RawFd {
        let mut pair = [0; 2];
        // Sequenced packets keep the pieces separate; a stream would not.
        let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: the array has room for two descriptors.
        if unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, pair.as_mut_ptr()) } != 0 {
            return -1;
        }
        // SAFETY: the descriptor was just opened and belongs to nobody else.
        let server = unsafe { OwnedFd::from_raw_fd(pair[1]) };
        // A descriptor that is reused belonged to a connection that the client closed.
        self.live.iter_mut().filter(|live| live.client == pair[0]).for_each(|live| live.client = -1);
        self.live.push(Live::new(pair[0], server));
        pair[0]
    }

    /// Whether the connection is accepted.
    pub(crate) fn connect(&mut self, client: RawFd) -> bool {
        let (Some(script), Some(live)) =
            (self.scripts.pop_front(), self.live.iter_mut().find(|live| live.client == client))
        else {
            return false;
        };
        if self.is_endless {
            self.scripts.push_back(script.clone());
        }
        live.follow(script, self.now);
        live.proceed(self.now);
        true
    }

    /// Carries out what is due, and returns when the next step is due.
    pub(crate) fn proceed(&mut self) -> Option<Duration> {
        let now = self.now;
        self.live.iter_mut().for_each(|live| live.proceed(now));
        self.live.iter().filter_map(Live::next).filter(|next| *next > now).min()
    }
}

impl Live {
    fn new(client: RawFd, server: OwnedFd) -> Live {
        let (sent, received, pieces) = (Vec::new(), Vec::new(), VecDeque::new());
        Live { client, server: Some(server), sent, received, pieces, end: None }
    }

    fn follow(&mut self, script: Connection, mut at: Duration) {
        for piece in script.pieces {
            at += piece.after;
            for bytes in piece.bytes.chunks(MAX_PIECE) {
                self.sent.extend_from_slice(bytes);
                self.pieces.push_back((at, bytes.to_vec()));
            }
        }
        self.end = Some((at, script.end));
    }

    fn next(&self) -> Option<Duration> {
        match self.pieces.front() {
            Some((at, _)) => Some(*at),
            None => self.end.map(|(at, _)| at),
        }
    }

    fn proceed(&mut self, now: Duration) {
        self.receive();
        // A peer answers what it was sent; the library refuses what comes before.
        let Some(server) = self.server.as_ref().filter(|_| !self.received.is_empty()) else { return };
        while let Some((_, bytes)) = self.pieces.front().filter(|(at, _)| *at <= now) {
            let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
            // SAFETY: the pointer and length are those of a live vector.
            let sent = unsafe { libc::send(server.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
            // A full socket accepts more when the client has read; one that the client has closed never does.
            if sent < 0 {
                return;
            }
            self.pieces.pop_front();
        }
        if self.pieces.is_empty() && self.end.is_some_and(|(at, _)| at <= now) {
            match self.end.take() {
                // SAFETY: no pointers are passed.
                Some((_, End::Finish)) => unsafe { _ = libc::shutdown(server.as_raw_fd(), libc::SHUT_WR) },
                Some((_, End::Reset)) => self.server = None,
                Some((_, End::Hang)) | None => {}
            }
        }
    }

    fn receive(&mut self) {
        let Some(server) = &self.server else { return };
        let mut room = [MaybeUninit::<u8>::uninit(); 17 * 1024];
        loop {
            let flags = libc::MSG_DONTWAIT;
            // SAFETY: the pointer and length are those of a live, writable array.
            let count = unsafe { libc::recv(server.as_raw_fd(), room.as_mut_ptr().cast(), room.len(), flags) };
            match usize::try_from(count) {
                // SAFETY: the kernel has written that many bytes.
                Ok(count) if count > 0 => {
                    self.received.extend_from_slice(unsafe { std::slice::from_raw_parts(room.as_ptr().cast(), count) })
                }
                _ => return,
            }
        }
    }
}
