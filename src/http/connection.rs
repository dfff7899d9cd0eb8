//! A connection as ureq sees it: it holds a request's bytes until they are to be sent, puts the key in, and puts the answer in
//! order. What it may wait for, and how long, is the context's business.

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
    /// Input came while the request was being sent, and ureq does not know of it.
    is_early: bool,
    last_used: Instant,
}

/// How far a request is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    /// Nothing of it was sent, and the key is not in it.
    Held,
    Head,
    /// It goes no further: the peer has hung up, or has answered before it had all of it.
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

    /// Sends what is held. A peer that has hung up, or answers already, does not fail it: its answer is read next.
    fn send_held(&mut self) -> io::Result<()> {
        if self.request == Sending::Held {
            block(Context::may_begin)?;
            self.inbound = Inbound::new();
            put_key(self.buffers.held_mut(), self.key.as_str());
            self.request = Sending::Head;
        } else {
            block(Context::may_send)?;
        }
        let mut sent = 0;
        while self.request == Sending::Head {
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

    /// Sends what the stream takes of what is held, from `sent` on; `None` once all of it is out.
    fn send_some(&mut self, sent: usize) -> io::Result<Option<usize>> {
        match &self.buffers.held()[sent..] {
            [] => self.stream.flush().map(|is_out| if is_out { None } else { Some(0) }),
            rest => self.stream.write(rest).map(Some),
        }
    }

    /// The peer takes no more now. What it says meanwhile is read: it may be the answer to a request that it will not take.
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

    /// Gives to ureq what comes in, put in order.
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
            if let Ok(Input::Taken(raw)) = taken {
                call.note_read(raw);
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

    /// Reads until there is something new for ureq; false at the end of the stream.
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

    /// An answer that has ended in order, on a connection in order.
    fn is_reusable(&self) -> bool {
        self.request == Sending::All
            && self.buffers.are_empty()
            && self.inbound.is_complete()
            && !self.inbound.has_surplus()
            && !self.inbound.is_repaired()
            && self.stream.is_clean()
    }

    /// A connection with unread bytes, an end of the stream or an error is not fit to be used again.
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
        if matches!(self.request, Sending::Held | Sending::Head) {
            self.send_held().map_err(other)?;
            if self.request == Sending::Head {
                self.request = Sending::All;
                with_current(|call| call.note_written(Instant::now()));
            }
        }
        if std::mem::take(&mut self.is_early) {
            return Ok(true);
        }
        self.receive().map_err(other)
    }

    /// ureq asks when it puts a connection into the pool, which is after an answer, and when it takes it out for the next
    /// request: that is when the socket is looked at.
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

/// `Error::Other`, because ureq takes some kinds of `Error::Io` for the end of a body.
fn other(e: io::Error) -> ureq::Error {
    ureq::Error::Other(e.into())
}

/// The header of the key, whose value does not pass through ureq.
pub(super) const KEY_HEADER: &str = "anchor-api-key";

/// What stands for the key until it is sent.
pub(super) fn placeholder(key: &Secret) -> String {
    "*".repeat(key.as_str().len())
}

/// Puts the key in its place in a request's head. Only the first such header is one: a path and a host hold no line end.
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

    #[test]
    fn the_key_takes_the_place_of_its_stand_in() {
        let key = Secret::from("k-123");
        let head = |value: &str| {
            format!("POST /*****/x HTTP/1.1\r\nhost: h\r\nanchor-api-key: {value}\r\ncontent-length: 0\r\n\r\n")
        };
        let mut request = head(&placeholder(&key)).into_bytes();
        put_key(&mut request, key.as_str());
        assert_eq!(String::from_utf8(request).unwrap(), head("k-123"));
    }
}
