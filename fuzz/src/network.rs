//! The simulated network: connections that follow scripts in simulated time, and a record of what the client sent to each. The
//! sockets are real, and their other end is here, so the client reads, writes and polls through the kernel.

use std::collections::VecDeque;
use std::iter::Peekable;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// The largest piece, which one recv of the library reads.
pub const MAX_PIECE: usize = 3 * 1024;

/// The script of the peer of one connection.
#[derive(Clone, Debug)]
pub struct Connection {
    pub opening: Opening,
    pub pieces: Vec<Piece>,
    pub end: End,
}

/// What becomes of an attempt to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    AtOnce,
    After(Duration),
    /// It is connected at once, and takes the first byte after this time.
    Deaf(Duration),
    Refused,
    RefusedAfter(Duration),
    Never,
    /// No descriptor is left for the socket.
    Exhausted,
}

/// Bytes that arrive at once.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The pause before them, after the piece before it and after its gate is open.
    pub after: Duration,
    pub gate: Gate,
    pub bytes: Vec<u8>,
}

/// What a piece waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nothing: it is sent although nobody has asked.
    Open,
    /// The client's first byte.
    Spoken,
    /// So many requests.
    Asked(usize),
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

/// A request that has arrived.
#[derive(Clone, Debug)]
pub struct Request {
    pub at: Duration,
    /// Its first line.
    pub line: String,
}

pub(crate) type Scripts = Box<dyn Iterator<Item = Connection> + Send>;

/// The connections, in the order in which their sockets were made, and the time.
pub struct Network {
    pub now: Duration,
    scripts: Peekable<Scripts>,
    /// How many of the scripts are used.
    used: usize,
    connections: Vec<Live>,
    /// The indices of those that are not over.
    live: Vec<usize>,
}

/// A connection of the simulation.
#[derive(Default)]
pub struct Live {
    client: RawFd,
    server: Option<OwnedFd>,
    state: State,
    deaf_for: Option<Duration>,
    /// Each byte that the script sends, and each that the client sent.
    pub sent: Vec<u8>,
    pub received: Vec<u8>,
    /// How much of `received` are complete requests.
    parsed: usize,
    pub requests: Vec<Request>,
    /// When each piece of the script was sent, as far as it was.
    pub times: Vec<Duration>,
    /// When the script is as far as it is.
    base: Duration,
    /// The script does not wait for the client.
    is_rude: bool,
    /// The client has closed its socket.
    is_closed: bool,
    pieces: VecDeque<Piece>,
    end: Option<End>,
    /// The script that it follows, counted from 0; `None` if it was never connected.
    pub script: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Unconnected,
    /// Nothing that the client writes arrives until then, if ever. `true`: it is refused then.
    Closed(Option<Duration>, bool),
    Open,
    Refused,
}

impl Piece {
    /// A piece of a peer that says nothing before the client does.
    pub fn new(after: Duration, bytes: Vec<u8>) -> Piece {
        Piece { after, gate: Gate::Spoken, bytes }
    }
}

impl Connection {
    pub fn new(pieces: Vec<Piece>, end: End) -> Connection {
        Connection { opening: Opening::AtOnce, pieces, end }
    }
}

impl Network {
    /// Connections follow the scripts, in order. When they are used up, connections are refused.
    pub(crate) fn new(scripts: Scripts) -> Network {
        let now = Duration::from_secs(1_000_000);
        Network { now, scripts: scripts.peekable(), used: 0, connections: Vec::new(), live: Vec::new() }
    }

    /// For each connection, the bytes that the client received, and those that it sent.
    pub fn transcripts(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.connections.iter().map(|live| (&live.sent[..], &live.received[..]))
    }

    #[must_use]
    pub fn connections(&self) -> &[Live] {
        &self.connections
    }

    /// Makes a socket whose connection follows the next script.
    pub(crate) fn open(&mut self) -> RawFd {
        if self.scripts.peek().is_some_and(|script| script.opening == Opening::Exhausted) {
            self.next_script();
            return fail(libc::EMFILE);
        }
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
        self.connections.iter_mut().filter(|live| live.client == pair[0]).for_each(|live| live.client = -1);
        self.live.push(self.connections.len());
        self.connections.push(Live { client: pair[0], server: Some(server), ..Live::default() });
        pair[0]
    }

    /// Connects the socket. Returns 0 or an error of connect.
    pub(crate) fn connect(&mut self, client: RawFd) -> i32 {
        let script = self.next_script();
        let now = self.now;
        let (Some((number, script)), Some(live)) = (script, self.of(client)) else { return libc::ECONNREFUSED };
        match script.opening {
            Opening::AtOnce => live.state = State::Open,
            Opening::After(pause) => live.close(Some(now + pause), false),
            Opening::Deaf(pause) => (live.state, live.deaf_for) = (State::Open, Some(pause)),
            Opening::RefusedAfter(pause) => live.close(Some(now + pause), true),
            Opening::Never => live.close(None, true),
            Opening::Refused | Opening::Exhausted => return libc::ECONNREFUSED,
        }
        let is_connecting = matches!(live.state, State::Closed(..));
        live.follow(number, script, now);
        live.proceed(now);
        if is_connecting { libc::EINPROGRESS } else { 0 }
    }

    /// The error of the socket, if the simulation has one. A deaf peer stops to listen here, since its connection is made.
    pub(crate) fn error_of(&mut self, client: RawFd) -> Option<i32> {
        let now = self.now;
        let live = self.of(client)?;
        match (live.state, live.deaf_for.take()) {
            (State::Refused, _) => Some(libc::ECONNREFUSED),
            (State::Open, Some(pause)) => {
                live.close(Some(now + pause), false);
                Some(0)
            }
            _ => None,
        }
    }

    /// Carries out what is due.
    pub(crate) fn proceed(&mut self) {
        let (now, connections) = (self.now, &mut self.connections);
        self.live.retain(|at| connections[*at].proceed(now));
    }

    /// When the next step is due.
    pub(crate) fn next(&self) -> Option<Duration> {
        let next = self.live.iter().filter_map(|at| self.connections[*at].next());
        next.filter(|next| *next > self.now).min()
    }

    fn next_script(&mut self) -> Option<(usize, Connection)> {
        let script = self.scripts.next()?;
        self.used += 1;
        Some((self.used - 1, script))
    }

    fn of(&mut self, client: RawFd) -> Option<&mut Live> {
        self.connections.iter_mut().rev().find(|live| live.client == client)
    }
}

impl Live {
    fn follow(&mut self, number: usize, script: Connection, now: Duration) {
        (self.script, self.base) = (Some(number), now);
        self.is_rude = !script.pieces.is_empty() && script.pieces.iter().all(|piece| piece.gate == Gate::Open);
        for piece in script.pieces {
            let (mut after, mut gate) = (piece.after, piece.gate);
            for bytes in piece.bytes.chunks(MAX_PIECE) {
                self.sent.extend_from_slice(bytes);
                self.pieces.push_back(Piece { after, gate, bytes: bytes.to_vec() });
                (after, gate) = (Duration::ZERO, Gate::Open);
            }
            if piece.bytes.is_empty() {
                self.pieces.push_back(Piece { after, gate, bytes: Vec::new() });
            }
        }
        self.end = Some(script.end);
    }

    /// From now on the socket has no room.
    fn close(&mut self, until: Option<Duration>, is_refused: bool) {
        self.state = State::Closed(until, is_refused);
        set_buffer(self.client, 0);
        let filler = [0u8; 1024];
        // SAFETY: the pointer and length are those of a live array.
        while unsafe { libc::send(self.client, filler.as_ptr().cast(), filler.len(), libc::MSG_DONTWAIT) } > 0 {}
    }

    fn open(&mut self, is_refused: bool) {
        if is_refused {
            (self.state, self.server) = (State::Refused, None);
            return;
        }
        self.state = State::Open;
        set_buffer(self.client, 200 * 1024);
        while self.take(|_, _| ()) == Taken::Some {}
    }

    fn is_open_at(&self, piece: &Piece) -> Option<Duration> {
        let asked = match piece.gate {
            Gate::Open => Some(self.base),
            Gate::Spoken => (!self.received.is_empty()).then_some(self.base),
            Gate::Asked(0) => Some(self.base),
            Gate::Asked(count) => self.requests.get(count - 1).map(|request| request.at.max(self.base)),
        };
        Some(asked? + piece.after)
    }

    fn next(&self) -> Option<Duration> {
        match (self.state, self.pieces.front()) {
            (State::Closed(until, _), _) => until,
            (State::Open, Some(piece)) => self.is_open_at(piece),
            _ => None,
        }
    }

    /// Returns whether the connection is still to be looked at.
    fn proceed(&mut self, now: Duration) -> bool {
        if let State::Closed(until, is_refused) = self.state
            && until.is_some_and(|until| until <= now)
        {
            self.open(is_refused);
        }
        if self.state != State::Open {
            self.is_closed = self.server.as_ref().is_some_and(has_lost_its_peer);
            if self.is_closed {
                self.server = None;
            }
            return self.server.is_some();
        }
        self.is_closed = !self.receive(now);
        while let Some((at, server)) =
            self.pieces.front().and_then(|piece| self.is_open_at(piece)).zip(self.server.as_ref())
        {
            if at > now {
                break;
            }
            let bytes = &self.pieces[0].bytes;
            let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
            // SAFETY: the pointer and length are those of a live vector.
            let sent = unsafe { libc::send(server.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
            // A full socket accepts more when the client has read; one that the client has closed never does.
            if !bytes.is_empty() && sent < 0 {
                break;
            }
            self.pieces.pop_front();
            self.times.push(now);
            self.base = at;
        }
        if self.pieces.is_empty() && (!self.received.is_empty() || self.is_rude) {
            match (self.end.take(), &self.server) {
                // SAFETY: no pointers are passed.
                (Some(End::Finish), Some(server)) => unsafe { _ = libc::shutdown(server.as_raw_fd(), libc::SHUT_WR) },
                (Some(End::Reset), _) => self.server = None,
                _ => {}
            }
        }
        if self.is_closed {
            self.server = None;
        }
        self.server.is_some()
    }

    /// Returns whether more may come.
    fn receive(&mut self, now: Duration) -> bool {
        loop {
            match self.take(|live, bytes| live.received.extend_from_slice(bytes)) {
                Taken::Some => {}
                Taken::Nothing => break,
                Taken::End => {
                    self.note_requests(now);
                    return false;
                }
            }
        }
        self.note_requests(now);
        true
    }

    fn take(&mut self, pass: impl FnOnce(&mut Live, &[u8])) -> Taken {
        let Some(server) = &self.server else { return Taken::End };
        let mut room = [MaybeUninit::<u8>::uninit(); 17 * 1024];
        // SAFETY: the pointer and length are those of a live, writable array.
        let count = unsafe { libc::recv(server.as_raw_fd(), room.as_mut_ptr().cast(), room.len(), libc::MSG_DONTWAIT) };
        match usize::try_from(count) {
            Ok(0) => Taken::End,
            Ok(count) => {
                // SAFETY: the kernel has written that many bytes.
                pass(self, unsafe { std::slice::from_raw_parts(room.as_ptr().cast(), count) });
                Taken::Some
            }
            Err(_) => Taken::Nothing,
        }
    }

    fn note_requests(&mut self, at: Duration) {
        while let Some(end) = self.received[self.parsed..].windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&self.received[self.parsed..][..end]).to_ascii_lowercase();
            let length: usize =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            let parsed = self.parsed + end + 4 + length;
            if parsed > self.received.len() {
                break;
            }
            let line = head.lines().next().unwrap_or_default().to_owned();
            self.parsed = parsed;
            self.requests.push(Request { at, line });
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Some,
    Nothing,
    End,
}

fn has_lost_its_peer(socket: &OwnedFd) -> bool {
    let mut watched = libc::pollfd { fd: socket.as_raw_fd(), events: 0, revents: 0 };
    // SAFETY: the pointer is to a local.
    unsafe { libc::poll(&raw mut watched, 1, 0) > 0 }
}

fn set_buffer(fd: RawFd, size: libc::c_int) {
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the pointer and length are those of a local.
    unsafe {
        let (level, name) = (libc::SOL_SOCKET, libc::SO_SNDBUF);
        libc::syscall(libc::SYS_setsockopt, fd, level, name, (&raw const size), length);
    }
}

fn fail(error: i32) -> i32 {
    // SAFETY: errno's location is valid for the thread.
    unsafe { *libc::__errno_location() = error };
    -1
}
