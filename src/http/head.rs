//! The lines of an answer's head: where a line ends, what is wrong with it, and which field it is. `inbound` and `framing` decide
//! what follows.

/// Flaws of a line that a sender must not make and a reader has to tolerate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flaws {
    /// A control character within the line, other than a tab.
    pub controls: bool,
    /// The line continues on the next one (obs-fold).
    pub folded: bool,
    /// The line ends with an LF alone.
    pub bare_lf: bool,
    /// More than one CR before the LF, as programs write that add a CR to each LF.
    pub more_crs: bool,
}

impl Flaws {
    pub fn any(self) -> bool {
        self != Flaws::default()
    }
}

/// A line with its continuations.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Length without the line end.
    pub text: usize,
    /// Length with the line end.
    pub length: usize,
    pub flaws: Flaws,
}

/// How far an incomplete line was scanned, so that each byte is scanned once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan {
    at: usize,
    flaws: Flaws,
}

impl Scan {
    /// Returns the first line of `bytes`, which begin with the bytes of the last call. A CRLF or an LF ends it (RFC 9112, 2.2).
    pub fn line(&mut self, bytes: &[u8]) -> Option<Line> {
        self.scan(bytes, false)
    }

    /// The same for a header line, which continues if white space follows its end (RFC 9112, 5.2). So the byte after the line end
    /// is needed, except for the empty line. A line that begins with white space after the status line is a line by itself.
    pub fn field_line(&mut self, bytes: &[u8]) -> Option<Line> {
        self.scan(bytes, !matches!(bytes.first(), Some(b' ' | b'\t' | b'\r')))
    }

    fn scan(&mut self, bytes: &[u8], may_continue: bool) -> Option<Line> {
        loop {
            let Some(at) = first_control(bytes, self.at) else {
                self.at = bytes.len();
                return None;
            };
            self.at = at;
            let (text, length) = match (bytes[at], bytes.get(at + 1)) {
                (b'\r', Some(b'\n')) => (at, at + 2),
                (b'\r', None) => return None,
                (b'\r', Some(b'\r')) => {
                    self.flaws.more_crs = true;
                    self.at = at + 1;
                    continue;
                }
                (b'\n', _) => (at, at + 1),
                (b'\t', _) => {
                    self.at = at + 1;
                    continue;
                }
                _ => {
                    self.flaws.controls = true;
                    self.at = at + 1;
                    continue;
                }
            };
            let text = if self.flaws.more_crs { without_crs(&bytes[..text]) } else { text };
            if may_continue && text > 0 {
                match bytes.get(length) {
                    None => return None,
                    Some(b' ' | b'\t') => {
                        self.flaws.folded = true;
                        self.at = length;
                        continue;
                    }
                    Some(_) => {}
                }
            }
            let flaws = Flaws { bare_lf: self.flaws.bare_lf || bytes[at] == b'\n', ..self.flaws };
            *self = Scan::default();
            return Some(Line { text, length, flaws });
        }
    }
}

#[cold]
fn without_crs(text: &[u8]) -> usize {
    text.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1)
}

/// The first control character. It scans eight bytes at a time, since every byte of every head passes here.
#[inline]
pub(super) fn first_control(bytes: &[u8], from: usize) -> Option<usize> {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let mut words = bytes.get(from..)?.chunks_exact(8);
    let mut at = from;
    for word in &mut words {
        let word = u64::from_le_bytes([word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]]);
        // The highest bit of each byte below 0x20, and of each that is 0x7f. A borrow can set a wrong bit only above a right one,
        // and only the lowest counts.
        let low = word.wrapping_sub(each(0x20)) & !word;
        let delete = (word ^ each(0x7f)).wrapping_sub(each(1)) & !(word ^ each(0x7f));
        let found = (low | delete) & each(0x80);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    words.remainder().iter().position(u8::is_ascii_control).map(|position| at + position)
}

/// The parts of a status line that the library needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StatusLine {
    pub digits: [u8; 3],
    /// HTTP/1.0.
    pub is_old: bool,
}

impl StatusLine {
    /// Whether another answer follows this one. After a 101, none does.
    pub fn is_interim(self) -> bool {
        self.digits[0] == b'1' && self.digits != *b"101"
    }

    pub fn code(self) -> u16 {
        self.digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'))
    }
}

/// The bytes are not HTTP/1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotHttp;

/// Parses the status line that `bytes` begin with. `None` if they end before its code does.
///
/// The version and its space must be exact, as in httparse and in curl. A code from 100 to 999 follows, then white space, a
/// control character or nothing. The reason may be missing, and may be anything.
pub(super) fn status_line(bytes: &[u8]) -> Result<Option<StatusLine>, NotHttp> {
    match bytes {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ (b'0' | b'1'), b' ', a, b, c, reason @ ..] => {
            let digits = [*a, *b, *c];
            let is_code = *a != b'0' && digits.iter().all(u8::is_ascii_digit);
            let is_end = reason.first().is_none_or(|byte| *byte == b' ' || byte.is_ascii_control());
            if is_code && is_end { Ok(Some(StatusLine { digits, is_old: *minor == b'0' })) } else { Err(NotHttp) }
        }
        _ => {
            let fits = |(byte, like): (&u8, &u8)| byte == like || (*like == b'9' && byte.is_ascii_digit());
            let begins = |line: &[u8]| bytes.len() < line.len() && bytes.iter().zip(line).all(fits);
            if begins(b"HTTP/1.1 999") || begins(b"HTTP/1.0 999") { Ok(None) } else { Err(NotHttp) }
        }
    }
}

/// The field of a header line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    ContentLength,
    TransferEncoding,
    Connection,
    RetryAfter,
    RequestId,
    Location,
    /// The library does not need it.
    Other,
    /// It has no name, or one that is not a token.
    Nameless,
    /// The same, but some readers would take it for one of the first three fields.
    Masked,
}

/// Returns the field of a header line, and its value with the white space around it.
pub(super) fn field(text: &[u8]) -> (Field, &[u8]) {
    let end = text.iter().position(|byte| !is_token(*byte)).unwrap_or(text.len());
    match text[end..].split_first() {
        Some((b':', value)) if end > 0 => (named(&text[..end]), value),
        _ => (nameless(text), &[]),
    }
}

fn named(name: &[u8]) -> Field {
    let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
    match name.len() {
        14 if is(b"content-length") => Field::ContentLength,
        17 if is(b"transfer-encoding") => Field::TransferEncoding,
        10 if is(b"connection") => Field::Connection,
        11 if is(b"retry-after") => Field::RetryAfter,
        12 if is(b"x-request-id") => Field::RequestId,
        8 if is(b"location") => Field::Location,
        _ => Field::Other,
    }
}

/// A line without a colon is masked if it begins with the name of such a field. A line with a colon is masked if only
/// characters that no name may contain distinguish it, such as white space before the colon, which proxies and servers
/// read differently (RFC 9112, 5.1).
#[cold]
fn nameless(text: &[u8]) -> Field {
    let colon = text.iter().position(|byte| *byte == b':');
    let name: Vec<u8> = text[..colon.unwrap_or(text.len())].iter().copied().filter(|byte| is_token(*byte)).collect();
    let is_masked = [&b"content-length"[..], b"transfer-encoding", b"connection"].iter().any(|framing| {
        let begins = name.get(..framing.len()).is_some_and(|name| name.eq_ignore_ascii_case(framing));
        begins && (colon.is_none() || name.len() == framing.len())
    });
    if is_masked { Field::Masked } else { Field::Nameless }
}

fn is_token(byte: u8) -> bool {
    const TOKEN: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < 128 {
            table[byte] = (byte as u8).is_ascii_alphanumeric();
            byte += 1;
        }
        let others = b"!#$%&'*+-.^_`|~";
        let mut at = 0;
        while at < others.len() {
            table[others[at] as usize] = true;
            at += 1;
        }
        table
    };
    TOKEN[usize::from(byte)]
}

/// The value without the white space around it. Control characters and folds count as spaces.
pub(super) fn trimmed(value: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| *byte != b' ' && !byte.is_ascii_control();
    match (value.iter().position(is_text), value.iter().rposition(is_text)) {
        (Some(first), Some(last)) => &value[first..=last],
        _ => &[],
    }
}

/// Appends a value. Each control character becomes a space (RFC 9110, 5.5), and so does each fold with the white space around it
/// (RFC 9112, 5.2).
pub(super) fn append_repaired(value: &[u8], out: &mut Vec<u8>) {
    let mut is_fold = false;
    for byte in trimmed(value) {
        match byte {
            b'\n' => {
                while out.last() == Some(&b' ') || out.last() == Some(&b'\t') {
                    out.pop();
                }
                out.push(b' ');
                is_fold = true;
            }
            b' ' | b'\t' if is_fold => {}
            b'\t' => out.push(b'\t'),
            control if control.is_ascii_control() => out.push(b' '),
            other => {
                is_fold = false;
                out.push(*other);
            }
        }
    }
}

#[cfg(test)]
#[path = "head/tests.rs"]
mod tests;
