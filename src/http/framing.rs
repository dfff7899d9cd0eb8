//! Where the body of an answer ends, by its head (RFC 9112, 6.3). ureq gets it in the plainest form. A head that can be read in
//! two ways is refused.

use super::head::{Field, StatusLine, trimmed};
use super::inbound::ParseError;

/// The framing by the header lines so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framing {
    status: StatusLine,
    length: Option<u64>,
    is_chunked: bool,
    closes: bool,
    keeps_alive: bool,
}

/// Where the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyEnd {
    Length(u64),
    Chunked,
    Close,
}

impl Framing {
    pub fn new(status: StatusLine) -> Framing {
        Framing { status, length: None, is_chunked: false, closes: false, keeps_alive: false }
    }

    /// Takes a header line. Other fields do not matter here. Control characters around a value count as white space.
    pub fn take(&mut self, field: Field, value: &[u8]) -> Result<(), ParseError> {
        match field {
            Field::ContentLength => self.take_length(value),
            Field::TransferEncoding => self.take_codings(value),
            Field::Connection => {
                for option in value.split(|byte| *byte == b',').map(trimmed) {
                    self.closes |= option.eq_ignore_ascii_case(b"close");
                    self.keeps_alive |= self.status.is_old && option.eq_ignore_ascii_case(b"keep-alive");
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Accepts a number, or a list of equal numbers (RFC 9110, 8.6).
    fn take_length(&mut self, value: &[u8]) -> Result<(), ParseError> {
        for number in value.split(|byte| *byte == b',').map(trimmed) {
            let length = decimal(number).ok_or(ParseError::Ambiguous("the Content-Length is not a number"))?;
            if self.length.is_some_and(|other| other != length) {
                return Err(ParseError::Ambiguous("two values of Content-Length differ"));
            }
            self.length = Some(length);
        }
        Ok(())
    }

    /// `chunked` must be the last coding. If it is repeated, as some servers do, it counts once, as in curl. The other codings
    /// are ignored: the request asked for none, and the JSON check refuses a coded body.
    fn take_codings(&mut self, value: &[u8]) -> Result<(), ParseError> {
        // ureq and `http` ignore a value that is not ASCII.
        if !value.is_ascii() {
            return Ok(());
        }
        for coding in value.split(|byte| *byte == b',').map(trimmed) {
            if coding.eq_ignore_ascii_case(b"chunked") {
                self.is_chunked = true;
            } else if coding.iter().any(u8::is_ascii_control) {
                return Err(ParseError::Ambiguous("a control character is in a transfer coding"));
            } else if self.is_chunked && !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity") {
                return Err(ParseError::Ambiguous("'chunked' is not the last transfer coding"));
            }
        }
        Ok(())
    }

    /// Transfer-Encoding overrides Content-Length, and counts in HTTP/1.0 too, as in curl. 204, 304 and 101 never have a body; 205
    /// has one by its headers.
    pub fn body_end(&self) -> BodyEnd {
        match self.length {
            _ if !self.has_body() => BodyEnd::Length(0),
            _ if self.is_chunked => BodyEnd::Chunked,
            Some(length) => BodyEnd::Length(length),
            None => BodyEnd::Close,
        }
    }

    fn has_body(&self) -> bool {
        !matches!(&self.status.digits, b"204" | b"304" | [b'1', ..])
    }

    /// Whether the connection must be closed after this answer (RFC 9112, 6.1 and 6.3).
    pub fn is_doubtful(&self) -> bool {
        self.is_chunked && (self.length.is_some() || self.status.is_old)
    }

    /// Whether the connection ends with the answer.
    pub fn ends_connection(&self) -> bool {
        self.closes || (self.status.is_old && !self.keeps_alive)
    }

    pub fn status(&self) -> u16 {
        self.status.code()
    }

    /// Writes the end of the head. ureq gets HTTP/1.1 as the version, so the closing that HTTP/1.0 implies is written out.
    pub fn write(&self, out: &mut Vec<u8>) {
        if self.ends_connection() {
            out.extend_from_slice(b"connection: close\r\n");
        }
        match self.body_end() {
            BodyEnd::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n"),
            BodyEnd::Length(length) if self.has_body() => {
                out.extend_from_slice(b"content-length: ");
                write_decimal(length, out);
                out.extend_from_slice(b"\r\n\r\n");
            }
            BodyEnd::Length(_) | BodyEnd::Close => out.extend_from_slice(b"\r\n"),
        }
    }
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for digit in digits {
        let digit = char::from(*digit).to_digit(10)?;
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    (!digits.is_empty()).then_some(number)
}

pub(super) fn write_decimal(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] += (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return out.extend_from_slice(&digits[first..]);
        }
    }
}
