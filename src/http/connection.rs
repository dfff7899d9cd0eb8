//! A connection as ureq uses it: it collects the bytes of a request, replaces the placeholder by the key as it sends them, and
//! passes the repaired answer to ureq. The context decides how long it may block.

use super::buffers::HeldBuffers;
use super::context::{Context, with_current};
use super::failure::FailureKind;
use super::inbound::{Inbound, ParseError, StreamEnd};
use super::stream::{Input, Stream, block};
use crate::error::Phase;
use crate::secret::Secret;
use std::io;
use std::time::{Duration, Instant};
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

pub(super) struct Connection {
    stream: Box<dyn Stream>,
    https: bool,
    key: Secret,
    buffers: HeldBuffers,
    request: Sending,
    inbound: Inbound,
    /// Input arrived while the request was being sent, and ureq has not been told.
    is_early: bool,
    last_used: Instant,
}

/// How far a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    /// Nothing is sent yet, and the placeholder is in the place of the key.
    Held,
    /// Some of it is sent, or about to be.
    Partly,
    /// The rest is not sent: the peer has closed the connection, or has answered before it had the whole request.
    Cut,
    All,
}

impl Connection {
    pub fn new(stream: Box<dyn Stream>, https: bool, key: Secret) -> Connection {
        Connection {
            stream,
            https,
            key,
            buffers: HeldBuffers::default(),
            request: Sending::Held,
            inbound: Inbound::new(),
            is_early: false,
            last_used: Instant::now(),
        }
    }

    /// Sends what is collected. If the peer closes the connection or answers early, this succeeds, and the answer is read next.
    fn send_held(&mut self) -> io::Result<()> {
        if self.request == Sending::Held {
            block(Context::may_begin)?;
            self.inbound = Inbound::new();
            self.refuse_early_input()?;
            put_key(self.buffers.held_mut(), self.key.as_str());
            self.request = Sending::Partly;
        } else {
            block(Context::may_send)?;
        }
        let mut sent = 0;
        while self.request == Sending::Partly {
            match self.send_some(sent) {
                Ok(None) => break,
                Ok(Some(0)) => self.await_room()?,
                Ok(Some(count)) => sent += count,
                Err(e) if matches!(e.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => {
                    with_current(|call| call.note_broken(&e));
                    self.request = Sending::Cut;
                }
                Err(e) => {
                    with_current(|call| call.note_broken(&e));
                    return Err(e);
                }
            }
        }
        self.buffers.release_output();
        Ok(())
    }

    /// What a fresh connection gives before the request is sent answers nothing. A connection from the pool was looked at when it
    /// was taken out.
    fn refuse_early_input(&mut self) -> io::Result<()> {
        if with_current(Context::is_fresh) != Some(true) || self.stream.socket().available() == 0 {
            return Ok(());
        }
        self.take_input(usize::MAX)?;
        if with_current(Context::received) == Some(0) {
            // Of the TLS session alone: a ticket, say.
            return Ok(());
        }
        let why = "the peer sent something before the request";
        with_current(|call| call.note_broken(why));
        Err(io::Error::other(why))
    }

    /// Sends as much as the stream accepts, from `sent` on; `None` if everything is sent.
    fn send_some(&mut self, sent: usize) -> io::Result<Option<usize>> {
        match &self.buffers.held()[sent..] {
            [] => self.stream.flush().map(|is_out| if is_out { None } else { Some(0) }),
            rest => self.stream.write(rest).map(Some),
        }
    }

    /// Blocks until the peer accepts more. Input is read meanwhile: it may be the answer of a peer that refuses the request.
    fn await_room(&mut self) -> io::Result<()> {
        let ready = block(|call| call.await_output(self.stream.socket()))?;
        if ready.input && !ready.output {
            let is_end = self.take_input(usize::MAX)? == Input::End;
            self.is_early = !self.buffers.input().is_empty();
            if is_end || self.inbound.has_final_head() {
                self.request = Sending::Cut;
            }
        }
        Ok(())
    }

    /// Reads input, and appends what ureq may read of it.
    fn take_input(&mut self, limit: usize) -> io::Result<Input> {
        let (inbound, buffers) = (&mut self.inbound, &mut self.buffers);
        let (mut count, mut refusal) = (0, None);
        let input = buffers.input_end();
        let taken = self.stream.read(limit, &mut |bytes| {
            count += bytes.len();
            if refusal.is_none() {
                refusal = inbound.feed(bytes, input).err();
            }
        });
        with_current(|call| {
            call.count_received(count);
            match taken {
                Ok(Input::Taken(raw)) => call.note_read(raw),
                // Nothing is left of what the socket held at the end of the call.
                Ok(Input::Blocked) => call.note_read(usize::MAX),
                _ => {}
            }
            if let Some(refusal) = &refusal {
                call.note_verdict(kind_of(*refusal), refusal.to_string());
            }
            if let Err(e) = &taken
                && !call.refused.get()
            {
                call.note_broken(e);
            }
        });
        if refusal.is_some() {
            return Err(io::Error::other("the answer is refused"));
        }
        self.last_used = Instant::now();
        taken
    }

    /// Reads until ureq has new input; false at the end of the stream.
    fn receive(&mut self) -> io::Result<bool> {
        let before = self.buffers.input().len();
        loop {
            let limit = match self.stream.is_over() {
                true => usize::MAX,
                false => block(|call| call.await_input(self.stream.socket()))?,
            };
            let taken = self.take_input(limit)?;
            match self.buffers.input().len() {
                unread if unread > MAX_UNREAD => {
                    let why = "the answer is larger than the limit";
                    with_current(|call| call.note_verdict(FailureKind::TooLarge, why));
                    return Err(io::Error::other(why));
                }
                unread if unread > before => return Ok(true),
                _ => {}
            }
            if taken == Input::End {
                with_current(|call| call.ended.set(self.inbound.end() == StreamEnd::Cut));
                return Ok(false);
            }
        }
    }

    /// Whether the connection may go into the pool: the request was sent, its answer was complete, and nothing was repaired.
    fn is_reusable(&self) -> bool {
        self.request == Sending::All
            && self.buffers.are_empty()
            && self.inbound.is_complete()
            && !self.inbound.has_surplus()
            && !self.inbound.is_repaired()
            && self.stream.is_clean()
    }

    /// Whether a connection of the pool may be used: it has no unread bytes, was not closed, and was not idle for too long.
    fn is_usable(&self, max_idle: Duration) -> bool {
        self.buffers.are_empty()
            && self.last_used.elapsed() <= max_idle
            && self.stream.is_clean()
            && self.stream.socket().is_quiet()
    }
}

fn kind_of(refusal: ParseError) -> FailureKind {
    match refusal {
        ParseError::TooLarge => FailureKind::TooLarge,
        ParseError::NotHttp | ParseError::Ambiguous(_) | ParseError::TooManyInterim => FailureKind::Malformed,
    }
}

/// The most input that ureq may leave unread.
const MAX_UNREAD: usize = 128 * 1024;

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        if self.buffers.hold(amount) { self.send_held().map_err(other) } else { Ok(()) }
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        if matches!(self.request, Sending::Held | Sending::Partly) {
            self.send_held().map_err(other)?;
            if self.request == Sending::Partly {
                self.request = Sending::All;
                with_current(|call| call.note_written(Instant::now()));
            }
        }
        if std::mem::take(&mut self.is_early) {
            return Ok(true);
        }
        self.receive().map_err(other)
    }

    /// ureq asks twice: when it puts a connection into the pool, after an answer, and when it takes it out for the next request.
    /// Only then the socket is checked.
    fn is_open(&mut self) -> bool {
        if self.request == Sending::Cut {
            return false;
        }
        match with_current(|call| (call.phase() == Phase::Send).then_some(call.max_idle)) {
            Some(Some(max_idle)) => {
                self.request = Sending::Held;
                self.is_usable(max_idle)
            }
            Some(None) => self.is_reusable(),
            None => false,
        }
    }

    fn is_tls(&self) -> bool {
        self.https
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({:?})", self.stream)
    }
}

/// `Error::Other`, because for ureq some kinds of `Error::Io` are the end of a body.
fn other(e: io::Error) -> ureq::Error {
    ureq::Error::Other(e.into())
}

/// The header of the API key.
pub(super) const KEY_HEADER: &str = "anchor-api-key";

/// What ureq gets in the place of the key, and could log.
pub(super) fn placeholder(key: &Secret) -> String {
    "*".repeat(key.as_str().len())
}

/// Replaces the placeholder in the head of a request. The first such line is the header: a path and a host contain no line end.
fn put_key(request: &mut [u8], key: &str) {
    let mut line = 0;
    while let Some(end) = request[line..].iter().position(|byte| *byte == b'\n') {
        line += end + 1;
        let value = line + KEY_HEADER.len() + 2;
        if request[line..].starts_with(KEY_HEADER.as_bytes()) && request.len() > value + key.len() {
            request[value..value + key.len()].copy_from_slice(key.as_bytes());
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::context::Limits;
    use crate::http::tcp::Tcp;
    use crate::sys::Socket;
    use std::io::Write;
    use std::net::TcpListener;

    /// Nobody has asked yet, so it answers nothing.
    #[test]
    fn what_comes_before_the_request_is_not_its_answer() {
        for early in [&b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"[..], b""] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let socket = Socket::connect(listener.local_addr().unwrap()).unwrap();
            let (mut peer, _) = listener.accept().unwrap();
            peer.write_all(early).unwrap();
            while socket.available() < early.len() {
                std::thread::yield_now();
            }
            let mut connection = Connection::new(Box::new(Tcp(socket)), false, Secret::from("key"));
            let context = Context::new(Limits::default(), &[None, None], false);
            context.note_dialled();
            context.note_connected();
            let sent = context.scope(|| connection.send_held());
            assert_eq!((sent.is_ok(), context.written(), context.sent()), (early.is_empty(), None, 0));
        }
    }

    #[test]
    fn the_key_replaces_its_placeholder() {
        let key = Secret::from("k-123");
        let head = |value: &str| {
            format!("POST /*****/x HTTP/1.1\r\nhost: h\r\nanchor-api-key: {value}\r\ncontent-length: 0\r\n\r\n")
        };
        let mut request = head(&placeholder(&key)).into_bytes();
        put_key(&mut request, key.as_str());
        assert_eq!(String::from_utf8(request).unwrap(), head("k-123"));
    }
}
