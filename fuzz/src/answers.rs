//! The repair of answers before ureq parses them, without sockets. The library's own module is compiled in.

use crate::inbound::{Inbound, ParseError, StreamEnd};

/// Checks that any bytes are accepted or refused, in one piece as byte by byte, and that the output is never much larger.
pub fn check_pieces(pieces: &[&[u8]]) {
    let whole = pieces.concat();
    let (out, end) = read(pieces);
    assert!(out.len() <= 2 * whole.len() + "connection: close\r\n".len(), "{} bytes became {}", whole.len(), out.len());
    for others in [&[&whole[..]][..], &whole.chunks(1).collect::<Vec<_>>()] {
        assert_eq!((&out, end), (&read(others).0, read(others).1), "\"{}\"", whole.escape_ascii());
    }
}

/// Checks that the event is read from an answer that curl accepts, with the flaws that `choices` select.
pub fn check_event(choices: &[u8]) {
    let mut choices = Choices(choices);
    let answer = choices.answer();
    let mut pieces = Vec::new();
    let mut rest = &answer[..];
    while !rest.is_empty() {
        let size = choices.number(64).max(1).min(rest.len());
        let (piece, others) = rest.split_at(if choices.0.is_empty() { rest.len() } else { size });
        pieces.push(piece);
        rest = others;
    }
    let (out, end) = read(&pieces);
    assert!(matches!(end, Ok(StreamEnd::Complete | StreamEnd::UntilClose)), "{end:?}: \"{}\"", answer.escape_ascii());
    assert_eq!(body(&out), EVENT, "\"{}\" became \"{}\"", answer.escape_ascii(), out.escape_ascii());
}

const EVENT: &[u8] = b"{\"data\":{}}";

fn read(pieces: &[&[u8]]) -> (Vec<u8>, Result<StreamEnd, ParseError>) {
    let (mut inbound, mut out) = (Inbound::new(), Vec::new());
    for piece in pieces {
        if let Err(refusal) = inbound.feed(piece, &mut out) {
            return (out, Err(refusal));
        }
    }
    assert_eq!(inbound.is_complete(), inbound.end() == StreamEnd::Complete);
    assert!(inbound.is_complete() || !inbound.has_surplus());
    assert!(inbound.has_final_head() || out.is_empty());
    (out, Ok(inbound.end()))
}

/// The body of a repaired answer. Panics if the answer is not well-formed.
fn body(out: &[u8]) -> Vec<u8> {
    let end = out.windows(4).position(|window| window == b"\r\n\r\n").expect("a head has an end") + 4;
    let (head, mut rest) = out.split_at(end);
    let chunked = b"\r\ntransfer-encoding: chunked\r\n";
    if !head.windows(chunked.len()).any(|window| window == chunked) {
        return rest.to_vec();
    }
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n").expect("a size has an end");
        let digits = std::str::from_utf8(&rest[..end]).expect("a size is ASCII");
        let size = usize::from_str_radix(digits, 16).expect("a size is a number");
        let (data, others) = rest[end + 2..].split_at(size);
        body.extend_from_slice(data);
        rest = others.strip_prefix(b"\r\n").expect("a chunk ends with its line");
        if size == 0 {
            assert!(rest.is_empty(), "the last chunk is the last");
            return body;
        }
    }
}

/// The fuzzer's bytes as decisions. When the bytes are used up, each decision is 0.
struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    fn number(&mut self, below: usize) -> usize {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        usize::from(*first) % below
    }

    fn one_of(&mut self, all: &[&'static str]) -> &'static str {
        all[self.number(all.len())]
    }

    /// Any bytes except an LF.
    fn text(&mut self) -> Vec<u8> {
        let size = self.number(64).min(self.0.len());
        let (text, rest) = self.0.split_at(size);
        self.0 = rest;
        text.iter().map(|byte| if *byte == b'\n' { b'\r' } else { *byte }).collect()
    }

    fn line_end(&mut self) -> &'static str {
        self.one_of(&["\r\n", "\r\n", "\n", "\r\r\n"])
    }

    fn answer(&mut self) -> Vec<u8> {
        let mut answer = Vec::new();
        for _ in 0..self.number(4) {
            self.head("HTTP/1.1 103 ", &mut answer);
            answer.extend_from_slice(self.line_end().as_bytes());
        }
        let status = self.one_of(&["HTTP/1.1 200 ", "HTTP/1.0 200 ", "HTTP/1.1 503\t", "HTTP/1.1 201\x01"]);
        self.head(status, &mut answer);
        match self.number(3) {
            0 => self.length(&mut answer),
            1 => self.chunks(&mut answer),
            _ => answer.extend_from_slice(&[self.line_end().as_bytes(), EVENT].concat()),
        }
        answer
    }

    fn head(&mut self, status: &str, answer: &mut Vec<u8>) {
        answer.extend_from_slice(status.as_bytes());
        answer.extend_from_slice(&self.text());
        answer.extend_from_slice(self.line_end().as_bytes());
        for _ in 0..self.number(5) {
            let names = [
                "X-Note: ",
                "Location: ",
                "retry-after:",
                "X-Request-Id:\t",
                "Connection: ",
                "X Y : ",
                ":",
                "X\0Y:",
                "X ",
            ];
            answer.extend_from_slice(self.one_of(&names).as_bytes());
            answer.extend_from_slice(&self.text());
            if self.number(4) == 3 {
                answer.extend_from_slice(self.one_of(&["\r\n ", "\n\t", "\r\r\n  "]).as_bytes());
                answer.extend_from_slice(&self.text());
            }
            answer.extend_from_slice(self.line_end().as_bytes());
        }
    }

    fn length(&mut self, answer: &mut Vec<u8>) {
        let length = self.one_of(&["content-length: 11", "Content-Length:\r\n\t011\x01", "CONTENT-LENGTH:11 ,\0 11\r"]);
        let (line, head) = (self.line_end(), self.line_end());
        answer.extend_from_slice(&[length.as_bytes(), line.as_bytes(), head.as_bytes(), EVENT].concat());
    }

    fn chunks(&mut self, answer: &mut Vec<u8>) {
        let codings = [
            "Transfer-Encoding: chunked",
            "transfer-encoding:\n identity , CHUNKED\0",
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
        ];
        answer.extend_from_slice(self.one_of(&codings).as_bytes());
        answer.extend_from_slice([self.line_end(), self.line_end()].concat().as_bytes());
        let mut rest = EVENT;
        while !rest.is_empty() {
            let size = self.number(16).clamp(1, rest.len());
            let extension: Vec<u8> = self.text().into_iter().filter(|byte| *byte != b'\r').collect();
            let extension = [&b";"[..], &extension].concat().repeat(self.number(17));
            answer.extend_from_slice(format!("{size:X}").as_bytes());
            answer.extend_from_slice(&extension[..extension.len().min(1024)]);
            answer.extend_from_slice(&[b"\r\n", &rest[..size], b"\r\n"].concat());
            rest = &rest[size..];
        }
        answer.extend_from_slice(b"0\r\n");
        for _ in 0..self.number(3) {
            answer.extend_from_slice(b"X: ");
            answer.extend_from_slice(&self.text());
            answer.extend_from_slice(self.line_end().as_bytes());
        }
        answer.extend_from_slice(self.line_end().as_bytes());
    }
}
