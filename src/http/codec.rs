//! A request as bytes and the parts of an answer, for exchanges that ureq does not drive. Pure. ureq-proto, the protocol half of
//! ureq, writes the head of a request once for each client; a request has its own path, body and length. `inbound` has read and
//! repaired an answer when it comes here.

use super::exchange::Reply;
use super::failure::ExchangeError;
use super::framing::{BodyEnd, Framing, write_decimal};
use super::head::{Field, append_repaired};
use super::inbound::Output;
use super::request_head::place_of_lines;
use crate::secret::Wiped;
use std::ops::Range;
use ureq::http::header::CONTENT_LENGTH;
use ureq::http::{HeaderValue, Request, request};
use ureq_proto::client::Call;

/// What all requests of a client have in common.
pub(super) struct Template {
    /// The header lines before those that ureq does not write.
    first: Vec<u8>,
    /// What comes between those and the length of the body.
    middle: Vec<u8>,
    /// What comes after it, and the empty line.
    last: Vec<u8>,
}

const LENGTH_LINE: &[u8] = b"content-length: 0\r\n";

impl Template {
    /// `head`: the method and headers, with any path. `size`: about how many bytes it has.
    pub fn new(mut head: request::Parts, size: usize) -> Result<Template, ureq::Error> {
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
        let mut call = Call::new(Request::from_parts(head, ()))?.proceed();
        let mut bytes = vec![0; size];
        let mut filled = 0;
        while !call.can_proceed() {
            filled += call.write(&mut bytes[filled..])?;
        }
        bytes.truncate(filled);
        let after_line =
            |line: &[u8]| bytes.windows(line.len()).position(|part| part == line).map(|at| at + line.len());
        match (after_line(b"\r\n"), place_of_lines(&bytes), after_line(LENGTH_LINE)) {
            (Some(fields), Some(place), Some(end)) if place + LENGTH_LINE.len() <= end => {
                let part = |range: Range<usize>| bytes[range].to_vec();
                Ok(Template {
                    first: part(fields..place),
                    middle: part(place..end - LENGTH_LINE.len()),
                    last: part(end..bytes.len()),
                })
            }
            _ => Err(ureq::Error::Other("the head of the request has no length".into())),
        }
    }

    /// Encodes a POST.
    ///
    /// - `lines`: the header lines that ureq does not write.
    /// - `origin`: what stands before the path if a proxy forwards the request.
    pub fn encode(&self, origin: &str, path: &str, lines: [&str; 3], body: &[u8]) -> Wiped<Vec<u8>> {
        const DIGITS: usize = 20;
        let [common, credentials, own] = lines.map(str::as_bytes);
        let (origin, path) = (origin.as_bytes(), path.as_bytes());
        let lines = [&self.first[..], common, credentials, own, &self.middle];
        let first: [&[u8]; 4] = [b"POST ", origin, path, b" HTTP/1.1\r\n"];
        let last = [b"\r\n", &self.last[..], body];
        let size = |parts: &[&[u8]]| parts.iter().map(|part| part.len()).sum::<usize>();
        let mut request =
            Wiped::new(Vec::with_capacity(size(&first) + size(&lines) + LENGTH_LINE.len() + DIGITS + size(&last)));
        first.iter().chain(&lines).for_each(|part| request.extend_from_slice(part));
        request.extend_from_slice(b"content-length: ");
        write_decimal(body.len() as u64, &mut request);
        last.iter().for_each(|part| request.extend_from_slice(part));
        request
    }
}

/// The parts of an answer, as far as it has arrived.
pub(super) struct Answer {
    reply: Reply,
    max_body: usize,
    ends_connection: bool,
    problem: Option<ExchangeError>,
}

impl Answer {
    pub fn new(max_body: usize) -> Answer {
        Answer { reply: Reply::default(), max_body, ends_connection: false, problem: None }
    }

    /// Why the answer cannot be kept, if it cannot.
    pub fn take_problem(&mut self) -> Option<ExchangeError> {
        self.problem.take()
    }

    /// Returns the complete answer, and whether the connection ends with it.
    pub fn finish(self) -> (Reply, bool) {
        (self.reply, self.ends_connection)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), ExchangeError> {
        let body = &mut self.reply.body;
        let length = body.len() + bytes.len();
        if length > self.max_body {
            return Err(ExchangeError::TooLarge);
        }
        if length > body.capacity() {
            let capacity = length.max(body.capacity() * 2);
            body.try_reserve_exact(capacity - body.len()).map_err(|_| ExchangeError::OutOfMemory)?;
        }
        body.extend_from_slice(bytes);
        Ok(())
    }
}

impl Output for Answer {
    fn status(&mut self, _: [u8; 3], _: usize) {}

    fn field(&mut self, field: Field, value: &[u8]) {
        let mut text = Vec::new();
        append_repaired(value, &mut text);
        let text =
            String::from_utf8(text).ok().filter(|text| text.bytes().all(|b| b == b'\t' || (0x20..0x7f).contains(&b)));
        let text = text.map(|text| text.trim().to_owned());
        match field {
            Field::RetryAfter => self.reply.retry_after = text,
            Field::RequestId => self.reply.request_id = text,
            _ => self.reply.location = text,
        }
    }

    fn framing(&mut self, framing: &Framing) {
        self.reply.status = framing.status();
        self.reply.drop_unused();
        self.ends_connection = framing.ends_connection();
        if let BodyEnd::Length(length) = framing.body_end() {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            self.problem = if length > self.max_body {
                Some(ExchangeError::TooLarge)
            } else {
                // A peer that announces more than it sends does not make the library allocate it.
                self.reply.body.try_reserve_exact(length.min(MOST_AT_ONCE)).err().map(|_| ExchangeError::OutOfMemory)
            };
        }
    }

    fn body(&mut self, bytes: &[u8]) {
        if self.problem.is_none() {
            self.problem = self.keep(bytes).err();
        }
    }

    fn chunk_frame(&mut self, _: &[u8]) {}
}

const MOST_AT_ONCE: usize = 16 * 1024;

/// Takes what is not an answer.
pub(super) struct Discard;

impl Output for Discard {
    fn status(&mut self, _: [u8; 3], _: usize) {}
    fn field(&mut self, _: Field, _: &[u8]) {}
    fn framing(&mut self, _: &Framing) {}
    fn body(&mut self, _: &[u8]) {}
    fn chunk_frame(&mut self, _: &[u8]) {}
}

#[cfg(test)]
mod tests;
