//! Repairs a chunked body (RFC 9112, 7.1): the sizes lose their extensions, and the trailer becomes empty. ureq decodes the
//! result.

use super::head::Scan;
use super::inbound::{Output, ParseError};

/// How far a chunked body has arrived.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chunked {
    Size,
    /// How many bytes of the chunk are still to come.
    Data(u64),
    /// The line end after the data comes next.
    DataEnd,
    /// The last chunk has arrived, and so many bytes of the trailer.
    Trailer(usize),
    Complete,
}

/// How much of the input was taken.
pub(super) struct Taken {
    /// In bytes; 0: more input is needed.
    pub count: usize,
    /// ureq alone would not have read it.
    pub is_repaired: bool,
}

/// The largest size line that ureq reads, without the line end.
const MAX_SIZE: usize = 20;
/// The longest extension, from its semicolon on.
const MAX_EXTENSION: usize = 1024;
const MAX_TRAILER: usize = 64 * 1024;

const NO_SIZE: ParseError = ParseError::Ambiguous("a chunk of the body has no valid size");

impl Chunked {
    /// Takes a part of the input. `scan` belongs to the line that the input begins with.
    pub fn take(&mut self, bytes: &[u8], scan: &mut Scan, out: &mut dyn Output) -> Result<Taken, ParseError> {
        let taken = |count| Taken { count, is_repaired: false };
        match self {
            Chunked::Size => self.take_size(bytes, out),
            Chunked::Data(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                out.body(&bytes[..count]);
                *left -= count as u64;
                if *left == 0 {
                    *self = Chunked::DataEnd;
                }
                Ok(taken(count))
            }
            Chunked::DataEnd => match bytes {
                [b'\r', b'\n', ..] => {
                    out.chunk_frame(b"\r\n");
                    *self = Chunked::Size;
                    Ok(taken(2))
                }
                b"\r" => Ok(taken(0)),
                _ => Err(ParseError::Ambiguous("a chunk of the body is longer than its size")),
            },
            Chunked::Trailer(_) => self.take_trailer(bytes, scan, out),
            Chunked::Complete => Ok(taken(0)),
        }
    }

    /// ureq gets the last chunk only after the trailer: it would take a stream that ends between them for complete.
    fn take_size(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<Taken, ParseError> {
        const MAX_LINE: usize = MAX_SIZE + MAX_EXTENSION + 2;
        let Some(end) = bytes.iter().take(MAX_LINE).position(|byte| *byte == b'\n') else {
            return if bytes.len() < MAX_LINE {
                Ok(Taken { count: 0, is_repaired: false })
            } else {
                Err(ParseError::TooLarge)
            };
        };
        // An LF alone is refused here, so that the beginning of a chunk is never ambiguous.
        let line = bytes[..end].strip_suffix(b"\r").filter(|line| !line.contains(&b'\r')).ok_or(NO_SIZE)?;
        let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
        if size.len() > MAX_SIZE {
            return Err(NO_SIZE);
        }
        if line.len() - size.len() > MAX_EXTENSION {
            return Err(ParseError::TooLarge);
        }
        let digits = size.trim_ascii();
        *self = match hexadecimal(digits).ok_or(NO_SIZE)? {
            0 => Chunked::Trailer(0),
            size => {
                out.chunk_frame(digits);
                out.chunk_frame(b"\r\n");
                Chunked::Data(size)
            }
        };
        Ok(Taken { count: end + 1, is_repaired: line.len() > MAX_SIZE })
    }

    /// Drops the fields of the trailer. Like header lines, they may end with an LF alone.
    fn take_trailer(&mut self, bytes: &[u8], scan: &mut Scan, out: &mut dyn Output) -> Result<Taken, ParseError> {
        let Chunked::Trailer(before) = *self else { return Ok(Taken { count: 0, is_repaired: false }) };
        let line = scan.line(bytes);
        let size = before + line.as_ref().map_or(bytes.len(), |line| line.length);
        if size > MAX_TRAILER {
            return Err(ParseError::TooLarge);
        }
        let Some(line) = line else { return Ok(Taken { count: 0, is_repaired: false }) };
        *self = match line.text {
            0 => {
                out.chunk_frame(b"0\r\n\r\n");
                Chunked::Complete
            }
            _ => Chunked::Trailer(size),
        };
        Ok(Taken { count: line.length, is_repaired: line.flaws.any() })
    }
}

/// Accepts digits alone; Rust's own parser accepts a sign too.
fn hexadecimal(digits: &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for digit in digits {
        let digit = char::from(*digit).to_digit(16)?;
        number = number.checked_mul(16)?.checked_add(u64::from(digit))?;
    }
    (!digits.is_empty()).then_some(number)
}
