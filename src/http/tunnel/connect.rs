//! CONNECT of HTTP. ureq's own one keeps a copy of the credentials that cannot be wiped.

use crate::http::context::Context;
use crate::http::failure::FailureKind;
use crate::http::head::{Scan, status_line};
use crate::http::stream::{Input, Step, Stream};
use crate::secret::{Secret, Wiped};
use std::io;

/// The CONNECT request, with the credentials.
pub(in crate::http) struct Connect(Wiped<String>);

impl Connect {
    pub fn new(target: &str, authorization: Option<&Secret>, user_agent: &str) -> Connect {
        let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if !user_agent.is_empty() {
            head.extend(["User-Agent: ", user_agent, "\r\n"]);
        }
        head.push_str("Proxy-Connection: Keep-Alive\r\n");
        // In one allocation: a buffer that grows leaves a copy behind, which is not wiped.
        let request = match authorization {
            Some(credentials) => [&head, "Proxy-Authorization: ", credentials.as_str(), "\r\n\r\n"].concat(),
            None => [&head, "\r\n"].concat(),
        };
        Connect(Wiped::new(request))
    }

    /// Sends the CONNECT and reads the answer, as far as that is possible now. A refusal with a 4xx is final.
    pub fn open(&self, opening: &mut Opening, proxy: &mut dyn Stream, call: &Context) -> io::Result<Step> {
        while opening.sent < self.0.len() {
            match proxy.write(&self.0.as_bytes()[opening.sent..], call)? {
                0 => return Ok(Step::Output),
                count => opening.sent += count,
            }
        }
        if !proxy.flush(call)? {
            return Ok(Step::Output);
        }
        let input = &mut opening.answer;
        match proxy.read(usize::MAX, &mut |bytes| input.extend_from_slice(bytes), call)? {
            Input::Blocked => return Ok(Step::Input),
            Input::End => return Err(io::Error::other(super::CLOSED)),
            Input::Taken(_) => {}
        }
        let why = match read_connect_answer(input) {
            Progress::More => return Ok(Step::Turn),
            Progress::Opened { has_surplus: false } => return Ok(Step::Done),
            Progress::Opened { has_surplus: true } => "the proxy sent more than its answer to CONNECT".to_owned(),
            Progress::Refused { code, is_final } => {
                let why = format!("the proxy answered HTTP {code}");
                if is_final {
                    call.note_verdict(FailureKind::NotPermitted, why.as_str());
                }
                why
            }
            Progress::NotHttp => "the proxy's answer is not HTTP".to_owned(),
            Progress::TooLarge => "the proxy's answer is larger than the limit".to_owned(),
        };
        Err(io::Error::other(why))
    }
}

/// How far a tunnel is opened.
#[derive(Default)]
pub(in crate::http) struct Opening {
    /// How many bytes of the CONNECT are sent.
    sent: usize,
    answer: Vec<u8>,
}

/// How far a proxy's answer to CONNECT has arrived, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The answer is not complete.
    More,
    /// The tunnel is open. With `has_surplus`, bytes came after the answer and before anything was sent through the tunnel;
    /// neither HTTP nor TLS begins so, and the tunnel is not used.
    Opened {
        has_surplus: bool,
    },
    /// The proxy answered with another status. `is_final`: another attempt would not help.
    Refused {
        code: u16,
        is_final: bool,
    },
    NotHttp,
    TooLarge,
}

/// The largest answer, with the interim answers before it.
const MAX_ANSWER: usize = 16 * 1024;
const MAX_EMPTY_LINES: usize = 8;

/// Parses the answer to CONNECT from its first byte on. Its header lines are ignored: in a 2xx, neither a length nor a transfer
/// coding counts (RFC 9110, 9.3.6), and of another status only the code is needed.
pub(super) fn read_connect_answer(input: &[u8]) -> Progress {
    let mut rest = input;
    let more = if input.len() > MAX_ANSWER { Progress::TooLarge } else { Progress::More };
    let mut empty_lines = 0;
    loop {
        let Some(text) = take_line(&mut rest) else {
            // Bytes that are not HTTP may never contain a line end.
            return if rest.iter().all(|byte| *byte == b'\r') || status_line(rest).is_ok() {
                more
            } else {
                Progress::NotHttp
            };
        };
        if text.is_empty() && empty_lines < MAX_EMPTY_LINES {
            empty_lines += 1;
            continue;
        }
        let Ok(Some(status)) = status_line(text) else { return Progress::NotHttp };
        if !status.is_interim() && status.digits[0] != b'2' {
            return Progress::Refused { code: status.code(), is_final: status.digits[0] == b'4' };
        }
        if !skip_header_lines(&mut rest) {
            return more;
        }
        if !status.is_interim() {
            return Progress::Opened { has_surplus: !rest.is_empty() };
        }
    }
}

/// Skips the header lines. Returns whether the end of the head has arrived.
fn skip_header_lines(rest: &mut &[u8]) -> bool {
    while let Some(line) = take_line(rest) {
        if line.is_empty() {
            return true;
        }
    }
    false
}

fn take_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let line = Scan::default().line(rest)?;
    let text = &rest[..line.text];
    *rest = &rest[line.length..];
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_connect() {
        const OPEN: Progress = Progress::Opened { has_surplus: false };
        const SURPLUS: Progress = Progress::Opened { has_surplus: true };
        let refused = |code, is_final| Progress::Refused { code, is_final };
        let last = refused(407, true);
        for (answer, expected) in [
            ("HTTP/1.1 200 Connection established\r\n\r\n", OPEN),
            ("HTTP/1.1 200\r\n\r\n", OPEN),
            ("HTTP/1.0 200 OK\r\nVia: x\r\n\r\n", OPEN),
            ("HTTP/1.1 204 No Content\r\n\r\n", OPEN),
            ("HTTP/1.1 299 \r\n\r\n", OPEN),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", OPEN),
            ("HTTP/1.1 200 OK\nVia: x\n\n", OPEN),
            ("HTTP/1.1 200 OK\r\nVia: x\r\n y\r\n \r\n\r\n", OPEN),
            ("HTTP/1.1 200 O\x01K\r\nVia: \0\r\nno colon\r\n\r\n", OPEN),
            ("HTTP/1.1 200 OK\r\r\nVia: x\r\r\n\r\r\n", OPEN),
            ("\r\n\nHTTP/1.1 200 OK\r\n\r\n", OPEN),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 x\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", OPEN),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 407 x\r\n", last),
            ("HTTP/1.1 200 OK\r\n\r\n\n", SURPLUS),
            ("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", SURPLUS),
            ("HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03", SURPLUS),
            ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\nwhy", last),
            ("HTTP/1.1 407\n", last),
            ("HTTP/1.1 403 Forbidden\r\n", refused(403, true)),
            ("HTTP/1.1 429 Too Many\r\n", refused(429, true)),
            ("HTTP/1.1 502 Bad Gateway\r\n", refused(502, false)),
            ("HTTP/1.1 503\r\n", refused(503, false)),
            ("HTTP/1.1 302 Found\r\n", refused(302, false)),
            ("HTTP/1.1 101 Switching Protocols\r\n", refused(101, false)),
            ("HTTP/1.1 600 ?\r\n", refused(600, false)),
            ("HTTP/1.1 2\r\n\r\n", Progress::NotHttp),
            ("HTTP/1.1 20\r\n\r\n", Progress::NotHttp),
            ("HTTP/1.1 2zz\r\n\r\n", Progress::NotHttp),
            ("HTTP/1.1 2000 OK\r\n\r\n", Progress::NotHttp),
            ("HTTP/1.1 200OK\r\n\r\n", Progress::NotHttp),
            ("HTTP/1.1  200 OK\r\n\r\n", Progress::NotHttp),
            ("HTTP/1.1 020 OK\r\n\r\n", Progress::NotHttp),
            ("HTTP/2 200\r\n\r\n", Progress::NotHttp),
            ("200 OK\r\n\r\n", Progress::NotHttp),
            (" HTTP/1.1 200 OK\r\n\r\n", Progress::NotHttp),
            ("SSH-2.0", Progress::NotHttp),
            ("\x15\x03\x03", Progress::NotHttp),
            ("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", Progress::NotHttp),
            ("HTTP/1.1 100 Continue\r\n\r\nSSH", Progress::NotHttp),
        ] {
            let name = answer.escape_debug();
            assert_eq!(read_connect_answer(answer.as_bytes()), expected, "{name}");
            // A part of an answer never opens a tunnel, and never contradicts the whole.
            for end in 0..answer.len() {
                let before = read_connect_answer(&answer.as_bytes()[..end]);
                let is_known = before == expected && before != OPEN || before == OPEN && expected == SURPLUS;
                assert!(before == Progress::More || is_known, "{name}: {before:?} after {end} bytes");
            }
        }
    }

    #[test]
    fn an_answer_without_an_end_is_too_large() {
        for beginning in ["HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nVia: ", "HTTP/1.1 200 OK\r\nVia: a\r\n"] {
            let mut answer = beginning.as_bytes().to_vec();
            answer.resize(MAX_ANSWER, b'x');
            assert_eq!(read_connect_answer(&answer), Progress::More, "{beginning:?}");
            answer.push(b'x');
            assert_eq!(read_connect_answer(&answer), Progress::TooLarge, "{beginning:?}");
        }
        let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
        assert_eq!(read_connect_answer(endless.as_bytes()), Progress::TooLarge);
    }
}
