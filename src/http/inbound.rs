//! Repairs an answer, for ureq to parse or for a flight to keep. A head that curl accepts and ureq's parser refuses is repaired,
//! header lines that the library does not need are removed, and a head that can be read in two ways is refused (RFC 9110, 9112).
//! Pure: it knows no socket, and `calls` decides what a refusal means.
//!
//! ureq gets a status line, the few header lines that the library reads, the framing as it was understood here, and the body.
//! A flight gets the same in parts. So an event is lost only if its body cannot be read.

use super::chunked::Chunked;
use super::framing::{BodyEnd, Framing};
use super::head::{Field, NotHttp, Scan, append_repaired, field, status_line};
use crate::secret::Wiped;
use std::fmt;

/// Takes a repaired answer: as bytes for ureq's parser, or in its parts.
pub(super) trait Output {
    /// The status line. `room`: about how many bytes follow.
    fn status(&mut self, digits: [u8; 3], room: usize);

    /// A field that the library reads; the first of each kind.
    fn field(&mut self, field: Field, value: &[u8]);

    /// The end of the head.
    fn framing(&mut self, framing: &Framing);

    /// A part of the body.
    fn body(&mut self, bytes: &[u8]);

    /// What is between the parts of a chunked body.
    fn chunk_frame(&mut self, bytes: &[u8]);
}

/// For ureq, which parses it again.
impl Output for Vec<u8> {
    fn status(&mut self, [a, b, c]: [u8; 3], room: usize) {
        // Most answers arrive in one piece.
        self.reserve(room);
        self.extend_from_slice(&[b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1', b' ', a, b, c, b'\r', b'\n']);
    }

    fn field(&mut self, field: Field, value: &[u8]) {
        let name = match field {
            Field::RetryAfter => &b"retry-after: "[..],
            Field::RequestId => b"x-request-id: ",
            _ => b"location: ",
        };
        self.extend_from_slice(name);
        append_repaired(value, self);
        self.extend_from_slice(b"\r\n");
    }

    fn framing(&mut self, framing: &Framing) {
        framing.write(self);
    }

    fn body(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn chunk_frame(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// The answer to one request, as far as it has arrived. It allocates only for the beginning of a line. Not `Debug`, since that
/// beginning may quote the key.
#[derive(Default)]
pub(super) struct Inbound {
    stage: Stage,
    /// The beginning of a line whose end has not arrived.
    line: Wiped<Vec<u8>>,
    scan: Scan,
    /// Bytes of this head so far.
    head_size: usize,
    /// Bytes of all interim answers before this head.
    interim_size: usize,
    interim_count: u8,
    empty_lines: u8,
    has_final_head: bool,
    is_repaired: bool,
    has_surplus: bool,
}

#[derive(Debug, Default)]
enum Stage {
    /// The status line comes next.
    #[default]
    Status,
    /// Header lines of an interim answer.
    Interim,
    /// Header lines.
    Fields {
        framing: Framing,
        written: Written,
    },
    Length(u64),
    Chunked(Chunked),
    UntilClose,
    Complete,
}

/// The fields that were passed to ureq; one of each is enough.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    retry_after: bool,
    request_id: bool,
    location: bool,
}

/// What the end of the stream means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamEnd {
    /// The answer was complete by its framing.
    Complete,
    /// The framing has no other end, so the answer counts as complete.
    UntilClose,
    /// The answer is not complete, or it has not begun.
    Cut,
}

/// Why an answer cannot be read. The text never quotes the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParseError {
    /// It does not begin like an answer of HTTP/1.
    NotHttp,
    /// The end of its body can be read in two ways, or in none.
    Ambiguous(&'static str),
    /// The head, the size line of a chunk, or the trailer is too large.
    TooLarge,
    TooManyInterim,
}

/// The largest head, for ureq as well.
pub(super) const MAX_HEAD: usize = 64 * 1024;
const MAX_INTERIM: u8 = 64;
const MAX_INTERIM_SIZE: usize = 64 * 1024;
/// The largest number of empty lines before a status line; some servers send one after a body.
const MAX_EMPTY_LINES: u8 = 8;

impl Inbound {
    pub fn new() -> Inbound {
        Inbound::default()
    }

    /// Takes bytes of the connection, and appends to `out` what ureq may read: at most twice as many bytes, and one short line.
    /// Nothing is appended while a line is not complete. The caller must read more then, since ureq takes empty input for the
    /// end of a body. Must not be called again after an error.
    pub fn feed(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<(), ParseError> {
        if self.line.is_empty() {
            let taken = self.take(bytes, out)?;
            self.line.extend_from_slice(&bytes[taken..]);
        } else {
            let mut held = std::mem::take(&mut self.line);
            held.extend_from_slice(bytes);
            // A new, small buffer for what is left.
            self.line = match self.take(&held, out)? {
                0 => held,
                taken => Wiped::new(held[taken..].to_vec()),
            };
        }
        Ok(())
    }

    /// What the end of the stream means here.
    pub fn end(&self) -> StreamEnd {
        match self.stage {
            Stage::Complete => StreamEnd::Complete,
            Stage::UntilClose => StreamEnd::UntilClose,
            _ => StreamEnd::Cut,
        }
    }

    /// Whether ureq alone would have refused the answer, or its head breaks RFC 9112. The connection is not used again then.
    pub fn is_repaired(&self) -> bool {
        self.is_repaired
    }

    /// Whether the final answer has begun.
    pub fn has_final_head(&self) -> bool {
        self.has_final_head
    }

    /// Whether the answer is complete by its framing.
    pub fn is_complete(&self) -> bool {
        matches!(self.stage, Stage::Complete)
    }

    /// Whether bytes came after the answer. They were dropped, and the connection is not used again.
    pub fn has_surplus(&self) -> bool {
        self.has_surplus
    }

    /// Takes everything except the beginning of a line. Returns how many bytes that is.
    fn take(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<usize, ParseError> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let taken = match &mut self.stage {
                Stage::Status => self.take_status_line(rest, out)?,
                Stage::Interim | Stage::Fields { .. } => self.take_header_line(rest, out)?,
                Stage::Length(left) => {
                    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    out.body(&rest[..count]);
                    *left -= count as u64;
                    if *left == 0 {
                        self.stage = Stage::Complete;
                    }
                    count
                }
                Stage::Chunked(chunked) => {
                    let taken = chunked.take(rest, &mut self.scan, out)?;
                    self.is_repaired |= taken.is_repaired;
                    if matches!(chunked, Chunked::Complete) {
                        self.stage = Stage::Complete;
                    }
                    taken.count
                }
                Stage::UntilClose => {
                    out.body(rest);
                    rest.len()
                }
                Stage::Complete => {
                    self.has_surplus = true;
                    rest.len()
                }
            };
            if taken == 0 {
                break;
            }
            at += taken;
        }
        Ok(at)
    }

    fn take_status_line(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<usize, ParseError> {
        let line = self.scan.line(bytes);
        self.check_size(line.as_ref().map_or(bytes.len(), |line| line.length))?;
        let Some(line) = line else {
            // Bytes that are not HTTP may never contain a line end.
            if !bytes.iter().all(|byte| *byte == b'\r') {
                self.has_final_head = status_line(bytes)?.is_some_and(|status| !status.is_interim());
            }
            return Ok(0);
        };
        self.head_size += line.length;
        self.is_repaired |= line.flaws.any() || bytes.get(12) == Some(&b'\t');
        if line.text == 0 {
            self.empty_lines += 1;
            return if self.empty_lines <= MAX_EMPTY_LINES { Ok(line.length) } else { Err(ParseError::NotHttp) };
        }
        let status = status_line(&bytes[..line.text])?.ok_or(ParseError::NotHttp)?;
        if status.is_interim() {
            self.interim_count += 1;
            if self.interim_count > MAX_INTERIM {
                return Err(ParseError::TooManyInterim);
            }
            self.stage = Stage::Interim;
            return Ok(line.length);
        }
        self.has_final_head = true;
        self.stage = Stage::Fields { framing: Framing::new(status), written: Written::default() };
        out.status(status.digits, bytes.len());
        Ok(line.length)
    }

    fn take_header_line(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<usize, ParseError> {
        let line = self.scan.field_line(bytes);
        self.check_size(line.as_ref().map_or(bytes.len(), |line| line.length))?;
        let Some(line) = line else { return Ok(0) };
        self.head_size += line.length;
        self.is_repaired |= line.flaws.any();
        let text = &bytes[..line.text];
        if text.is_empty() {
            self.end_head(out);
        } else if text[0] == b'\r' {
            return Err(ParseError::Ambiguous(
                "a header line begins with a CR, which some readers take for the end of the head",
            ));
        } else if let Stage::Fields { framing, written } = &mut self.stage {
            let (field, value) = field(text);
            self.is_repaired |= matches!(field, Field::Nameless);
            match field {
                Field::Other | Field::Nameless => {}
                Field::Masked => {
                    return Err(ParseError::Ambiguous("the name of a header that says where the body ends is damaged"));
                }
                Field::RetryAfter | Field::RequestId | Field::Location => written.write(field, value, out),
                _ => framing.take(field, value)?,
            }
        } else {
            // RFC 9110, 15.2: the header lines of an interim answer are ignored. ureq refuses a 100 that has any.
            self.is_repaired = true;
        }
        Ok(line.length)
    }

    fn end_head(&mut self, out: &mut dyn Output) {
        let Stage::Fields { framing, .. } = &self.stage else {
            self.interim_size += self.head_size;
            self.head_size = 0;
            self.empty_lines = 0;
            self.stage = Stage::Status;
            return;
        };
        out.framing(framing);
        self.is_repaired |= framing.is_doubtful();
        self.stage = match framing.body_end() {
            BodyEnd::Length(0) => Stage::Complete,
            BodyEnd::Length(length) => Stage::Length(length),
            BodyEnd::Chunked => Stage::Chunked(Chunked::Size),
            BodyEnd::Close => Stage::UntilClose,
        };
    }

    /// Whether the head may have so many more bytes.
    fn check_size(&self, more: usize) -> Result<(), ParseError> {
        let size = self.head_size + more;
        if matches!(self.stage, Stage::Interim) && self.interim_size + size > MAX_INTERIM_SIZE {
            return Err(ParseError::TooManyInterim);
        }
        if size > MAX_HEAD { Err(ParseError::TooLarge) } else { Ok(()) }
    }
}

impl Written {
    fn write(&mut self, field: Field, value: &[u8], out: &mut dyn Output) {
        let is_written = match field {
            Field::RetryAfter => &mut self.retry_after,
            Field::RequestId => &mut self.request_id,
            _ => &mut self.location,
        };
        if !std::mem::replace(is_written, true) {
            out.field(field, value);
        }
    }
}

impl From<NotHttp> for ParseError {
    fn from(_: NotHttp) -> ParseError {
        ParseError::NotHttp
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ParseError::NotHttp => "the answer is not HTTP/1",
            ParseError::Ambiguous(why) => why,
            ParseError::TooLarge => "the head of the answer, a chunk size line or the trailer is larger than the limit",
            ParseError::TooManyInterim => "too many interim answers came before the answer",
        })
    }
}

#[cfg(test)]
#[path = "inbound/tests.rs"]
mod tests;
