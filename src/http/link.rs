//! A connection and the exchange on it: it sends a request, with the key in it, and takes the answer. It never blocks: the
//! driver of the exchange waits. It also decides whether the connection may be used for another exchange.

use super::context::Context;
use super::failure::FailureKind;
use super::gauge::{Counted, Gauge};
use super::inbound::{Inbound, Output, ParseError, StreamEnd};
use super::stream::{Input, Stream};
use crate::sys::Socket;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) struct Link {
    stream: Box<dyn Stream>,
    request: Sending,
    inbound: Inbound,
    last_used: Instant,
    counted: Counted,
}

/// How far a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// Nothing is sent yet.
    Held,
    /// Some of it is sent, or about to be.
    Partly,
    /// The rest is not sent: the peer has closed the connection, or has answered before it had the whole request.
    Cut,
    All,
}

/// The most input that may be left unread.
pub(super) const MAX_UNREAD: usize = 128 * 1024;

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Link({:?})", self.stream)
    }
}

impl Link {
    pub(super) fn new(stream: Box<dyn Stream>, gauge: &Arc<Gauge>) -> Link {
        Link {
            stream,
            request: Sending::Held,
            inbound: Inbound::new(),
            last_used: Instant::now(),
            counted: gauge.count(),
        }
    }

    pub(super) fn sending(&self) -> Sending {
        self.request
    }

    pub(crate) fn socket(&self) -> &Socket {
        self.stream.socket()
    }

    /// The stream has ended or failed, and the next read reports it without the socket.
    pub(super) fn is_over(&self) -> bool {
        self.stream.is_over()
    }

    /// Begins an exchange. What a fresh connection gives before the request is sent answers nothing. A connection from the pool
    /// was looked at when it was taken out.
    pub(super) fn begin(&mut self, out: &mut dyn Output, call: &Context) -> io::Result<()> {
        if call.is_fresh() && self.stream.socket().available() > 0 {
            self.take_input(usize::MAX, out, call)?;
            // Bytes of the TLS session alone, a ticket for example, are not an answer.
            if call.received() > 0 {
                let why = "the peer sent something before the request";
                call.note_broken(why);
                return Err(io::Error::other(why));
            }
        }
        self.request = Sending::Partly;
        Ok(())
    }

    /// Sends as much of `request` as the stream accepts, from `sent` on. Returns whether it is done with these bytes. If the peer
    /// closes the connection, this succeeds, and the answer is read next.
    pub(super) fn send(&mut self, request: &[u8], sent: &mut usize, call: &Context) -> io::Result<bool> {
        while self.request == Sending::Partly {
            let accepted = match &request[*sent..] {
                [] => match self.stream.flush(call) {
                    Ok(true) => return Ok(true),
                    flushed => flushed.map(|_| 0),
                },
                rest => self.stream.write(rest, call),
            };
            match accepted {
                Ok(0) => return Ok(false),
                Ok(count) => *sent += count,
                Err(e) => {
                    call.note_broken(&e);
                    // Windows calls a connection aborted that its peer has closed.
                    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
                    if !matches!(e.kind(), BrokenPipe | ConnectionReset | ConnectionAborted) {
                        return Err(e);
                    }
                    self.request = Sending::Cut;
                }
            }
        }
        Ok(true)
    }

    /// The rest of the request is not sent.
    pub(super) fn is_cut(&self) -> bool {
        self.request == Sending::Cut
    }

    /// Everything that was passed to [`send`](Self::send) is the whole request.
    pub(super) fn finish_sending(&mut self, call: &Context) {
        if self.request == Sending::Partly {
            self.request = Sending::All;
            self.counted.set_waiting(true);
            call.note_written(Instant::now());
        }
    }

    /// Input arrived while the request is being sent: it may be the answer of a peer that refuses the request.
    pub(super) fn take_early_input(&mut self, out: &mut dyn Output, call: &Context) -> io::Result<()> {
        let is_end = self.take_input(usize::MAX, out, call)? == Input::End;
        if is_end || self.inbound.has_final_head() {
            self.request = Sending::Cut;
        }
        Ok(())
    }

    /// Reads once, at most `limit` bytes, and passes the repaired answer to `out`.
    pub(super) fn take_input(&mut self, limit: usize, out: &mut dyn Output, call: &Context) -> io::Result<Input> {
        let inbound = &mut self.inbound;
        let (mut count, mut refusal) = (0, None);
        let feed = &mut |bytes: &[u8]| {
            count += bytes.len();
            if refusal.is_none() {
                refusal = inbound.feed(bytes, out).err();
            }
        };
        let taken = self.stream.read(limit, feed, call);
        call.count_received(count);
        if count > 0 {
            self.counted.set_waiting(false);
        }
        match taken {
            Ok(Input::Taken(raw)) => call.note_read(raw),
            // Nothing is left of what the socket held at the end of the call.
            Ok(Input::Blocked) => call.note_read(usize::MAX),
            _ => {}
        }
        if let Some(refusal) = &refusal {
            call.note_verdict(kind_of(*refusal), refusal.to_string());
        }
        if let (Err(e), false) = (&taken, call.refused.get()) {
            call.note_broken(e);
        }
        if refusal.is_some() {
            return Err(io::Error::other("the answer is refused"));
        }
        self.last_used = Instant::now();
        if matches!(taken, Ok(Input::End)) && self.request != Sending::Partly {
            call.ended.set(self.inbound.end() == StreamEnd::Cut);
        }
        taken
    }

    /// The answer is complete. `at_end`: the peer has ended the stream, which ends some answers.
    pub(super) fn is_complete(&self, at_end: bool) -> bool {
        self.inbound.is_complete() || (at_end && self.inbound.end() == StreamEnd::UntilClose)
    }

    /// Whether the connection may go into the pool: the request was sent, its answer was complete, and nothing was repaired.
    pub(super) fn is_reusable(&self) -> bool {
        self.request == Sending::All
            && self.inbound.is_complete()
            && !self.inbound.has_surplus()
            && !self.inbound.is_repaired()
            && self.stream.is_clean()
    }

    /// The exchange is over.
    pub(super) fn rest(&mut self) {
        self.request = Sending::Held;
        self.inbound = Inbound::new();
    }

    /// Frees buffers that are empty: the answer may come much later.
    pub(super) fn release(&mut self) {
        self.stream.release();
    }

    /// Whether the connection was idle for at most `max_idle`.
    pub(super) fn is_fresh(&self, max_idle: Duration) -> bool {
        self.last_used.elapsed() <= max_idle
    }

    /// Whether a connection of the pool may be used: it has no unread bytes, and was not closed.
    pub(super) fn is_usable(&self) -> bool {
        self.stream.is_clean() && self.stream.socket().is_quiet()
    }
}

fn kind_of(refusal: ParseError) -> FailureKind {
    match refusal {
        ParseError::TooLarge => FailureKind::TooLarge,
        ParseError::NotHttp | ParseError::Ambiguous(_) | ParseError::TooManyInterim => FailureKind::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::context::Limits;
    use crate::http::tcp::Tcp;
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
            let mut link = Link::new(Box::new(Tcp(socket)), &Arc::default());
            let context = Context::new(Limits::default());
            context.note_dialled();
            context.note_connected();
            let begun = link.begin(&mut Vec::new(), &context);
            assert_eq!((begun.is_ok(), context.written(), context.sent()), (early.is_empty(), None, 0));
        }
    }
}
