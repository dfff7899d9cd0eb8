//! Tables of the answers that are accepted and repaired, each compared with what ureq alone reads.

mod against_ureq;
mod refused;
mod ureq_alone;

use super::*;
use ureq_alone::{Answer, read_by_ureq};

/// Bytes that a failed test shows in a form that can be read.
#[derive(Clone, PartialEq, Eq)]
struct Bytes(Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// Everything that is known when the stream has ended.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    out: Bytes,
    end: Result<StreamEnd, ParseError>,
    is_repaired: bool,
    has_surplus: bool,
    has_final_head: bool,
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Reading {
    let (mut inbound, mut out) = (Inbound::new(), Vec::new());
    let fed = pieces.into_iter().try_for_each(|piece| inbound.feed(piece, &mut out));
    assert_eq!(inbound.is_complete(), inbound.end() == StreamEnd::Complete);
    // After a refusal the notes mean nothing.
    let is_read = fed.is_ok();
    Reading {
        out: Bytes(out),
        end: fed.map(|()| inbound.end()),
        is_repaired: is_read && inbound.is_repaired(),
        has_surplus: is_read && inbound.has_surplus(),
        has_final_head: is_read && inbound.has_final_head(),
    }
}

fn whole(answer: &[u8]) -> Reading {
    read([answer])
}

const EVENT: &[u8] = b"{\"data\":{}}";

fn with_event(head: &str) -> Vec<u8> {
    [head.as_bytes(), b"Content-Length: 11\r\n\r\n", EVENT].concat()
}

fn with_fields(fields: &str) -> Vec<u8> {
    with_event(&format!("HTTP/1.1 200 OK\r\n{fields}"))
}

fn with_chunks(chunks: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}").into_bytes()
}

/// What ureq reads of the repaired answer.
fn taken(name: &str, answer: &[u8]) -> (Answer, Reading) {
    let reading = whole(answer);
    assert!(matches!(reading.end, Ok(StreamEnd::Complete | StreamEnd::UntilClose)), "{name}: {reading:?}");
    let answer = read_by_ureq(&reading.out.0).unwrap_or_else(|| panic!("{name}: {reading:?}"));
    (answer, reading)
}

#[test]
fn what_is_in_order_means_the_same() {
    for (name, answer) in [
        ("plain", with_fields("")),
        ("without a reason", with_event("HTTP/1.1 200\r\n")),
        ("with an empty reason", with_event("HTTP/1.1 200 \r\n")),
        ("HTTP/1.0", with_event("HTTP/1.0 200 OK\r\n")),
        ("a reason with odd letters", with_event("HTTP/1.1 200 \u{c9}v\u{e9}nement\t\r\n")),
        ("empty lines before it", with_event("\r\n\n\r\nHTTP/1.1 200 OK\r\n")),
        ("128 header lines", with_fields(&"a: b\r\n".repeat(127))),
        ("a head of 64 KiB", with_fields(&format!("a: {}\r\n", "x".repeat(65536 - 17 - 5 - 20 - 2)))),
        ("an empty value, tabs, other letters", with_fields("a:\r\nb:\t\r\nc: \u{fc}\t\r\n")),
        ("a length again and again", with_fields("Content-Length: 11, 011\r\ncontent-length:11 \r\n")),
        ("until the end", [&b"HTTP/1.1 200 OK\r\n\r\n"[..], EVENT].concat()),
        ("an unknown coding and a length", with_fields("Transfer-Encoding: gzip\r\n")),
        ("a coding in other letters", with_fields("Transfer-Encoding: chunk\u{e9}d\r\n")),
        ("100", with_event("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")),
        ("102 and 103", with_event("HTTP/1.1 102 a\r\n\r\nHTTP/1.1 103 b\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n")),
        ("chunks", with_chunks("5\r\n{\"dat\r\n06 ; a=\"b\"\r\na\":{}}\r\n0\r\n\r\n")),
        ("chunks, capitals, a trailer", with_chunks("  B\t\r\n{\"data\":{}}\r\n00\r\nX: y\r\nZ: \x01\r\n\r\n")),
        ("chunked, not alone", with_chunks("b\r\n{\"data\":{}}\r\n0\r\n\r\n")),
        ("204", b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ("304", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 11\r\n\r\n".to_vec()),
        ("205", with_event("HTTP/1.1 205 Reset Content\r\n")),
        ("101", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n".to_vec()),
        ("999", with_event("HTTP/1.1 999 ?\r\n")),
        ("an error", with_event("HTTP/1.1 429 x\r\nRetry-After: 7\r\nX-Request-Id:  a b\t\r\nretry-after: 9\r\n")),
        ("a redirection", with_event("HTTP/1.1 302 x\r\nLocation: /there?a=b\r\n")),
    ] {
        let expected = read_by_ureq(&answer).unwrap_or_else(|| panic!("ureq does not take it: {name}"));
        let (taken, reading) = taken(name, &answer);
        assert_eq!(taken, expected, "{name}");
        assert!(!reading.has_surplus, "{name}");
    }
}

/// The RFC wants or allows it where a section is named. curl 7.88 takes all but a NUL, a line without a colon, white space
/// before the first header, and the folds in values that count.
#[test]
fn what_ureq_refuses_is_repaired() {
    let interim = |head: &str| with_event(&format!("{head}HTTP/1.1 200 OK\r\n"));
    for (name, answer) in [
        ("100 with header lines (RFC 9110, 15.2)", interim("HTTP/1.1 100 Continue\r\nVia: 1.1 gw\r\n\r\n")),
        ("103 with a length", interim("HTTP/1.1 103 x\r\nContent-Length: x\r\n\r\n")),
        ("a control character", with_fields("Set-Cookie: a=b\x01c\r\n")),
        ("a NUL (RFC 9110, 5.5)", with_fields("Set-Cookie: a=b\0c\r\n")),
        ("a DEL", with_fields("Set-Cookie: a=b\x7fc\r\n")),
        ("a CR (RFC 9112, 2.2)", with_fields("Set-Cookie: a=b\rc\r\n")),
        ("a CR more at each end", {
            [&b"HTTP/1.1 200 OK\r\r\nServer: x\r\r\nContent-Length: 11\r\r\n\r\r\n"[..], EVENT].concat()
        }),
        ("a CR more at the end of the head", {
            [&b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\r\n"[..], EVENT].concat()
        }),
        ("a fold (RFC 9112, 5.2)", with_fields("X-Note: a\r\n b\r\n\tc\r\n \r\n")),
        ("a fold before a value that counts", [b"HTTP/1.1 200 OK\r\nContent-Length:\r\n 11\r\n\r\n", EVENT].concat()),
        ("a fold in a value that counts", {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity,\r\n\tchunked\r\n\r\n";
            [&head[..], b"b\r\n", EVENT, b"\r\n0\r\n\r\n"].concat()
        }),
        ("control characters around a length", {
            [&b"HTTP/1.1 200 OK\r\nContent-Length:\0\r11\x01\x7f\r\n\r\n"[..], EVENT].concat()
        }),
        ("control characters around a coding", {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\0\r\n\r\n";
            [&head[..], b"b\r\n", EVENT, b"\r\n0\r\n\r\n"].concat()
        }),
        ("white space before the first header (RFC 9112, 2.2)", with_fields(" X-Note: a\r\n b\r\n")),
        ("no name", with_fields(": x\r\n")),
        ("a space in a name", with_fields("X Note: x\r\n")),
        ("a space after a name", with_fields("X-Note : x\r\n")),
        ("a name in other letters", with_fields("X-N\u{f6}te: x\r\n")),
        ("a NUL in a name", with_fields("X-N\0te: x\r\n")),
        ("no colon", with_fields("what is this\r\n")),
        ("a control character in the reason", with_event("HTTP/1.1 200 O\x01K\r\n")),
        ("a tab before the reason", with_event("HTTP/1.1 200\tOK\r\n")),
        ("chunked in HTTP/1.0", {
            [&b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n"[..], EVENT, b"\r\n0\r\n\r\n"].concat()
        }),
        (
            "a chunk extension of 1 KiB",
            with_chunks(&format!("b;{}\r\n{{\"data\":{{}}}}\r\n0\r\n\r\n", "x".repeat(1023))),
        ),
        ("a last chunk with one", with_chunks(&format!("b\r\n{{\"data\":{{}}}}\r\n0;{}\r\n\r\n", "x".repeat(100)))),
        ("a CR in a trailer", with_chunks("b\r\n{\"data\":{}}\r\n0\r\nX: a\rb\r\n\r\n")),
        ("LFs in a trailer", with_chunks("b\r\n{\"data\":{}}\r\n0\r\nX: a\n\n")),
    ] {
        let alone = read_by_ureq(&answer).filter(|answer| answer.body == EVENT);
        assert_eq!(alone, None, "ureq takes it: {name}");
        let (taken, reading) = taken(name, &answer);
        assert_eq!((taken.status, &taken.body[..]), (200, EVENT), "{name}");
        assert!(reading.is_repaired && !reading.has_surplus, "{name}: {reading:?}");
    }
}

/// ureq reads these as they are, but the connection is not to be used again.
#[test]
fn what_is_doubtful_counts_as_repaired() {
    let chunks = b"\r\nb\r\n{\"data\":{}}\r\n0\r\n\r\n";
    let chunked = |fields: &str| [b"HTTP/1.1 200 OK\r\n", fields.as_bytes(), chunks].concat();
    for (name, answer) in [
        ("LFs alone (RFC 9112, 2.2)", [b"HTTP/1.1 200 OK\nContent-Length: 11\n\n", EVENT].concat()),
        ("one LF alone", with_fields("Server: x\n")),
        ("chunked and a length (RFC 9112, 6.3)", chunked("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
    ] {
        let (taken, reading) = taken(name, &answer);
        assert_eq!(Some(taken), read_by_ureq(&answer), "{name}");
        assert!(reading.is_repaired, "{name}");
    }
    // curl takes it for once, and so does ureq; servers send it.
    let (twice, _) = taken("twice", &chunked("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked, \r\n"));
    assert_eq!(twice.body, EVENT);
    assert!(!whole(&with_fields("")).is_repaired);
    assert!(!whole(&with_chunks("b;note=1\r\n{\"data\":{}}\r\n0\r\nX: y\r\n\r\n")).is_repaired);
}

#[test]
fn a_value_that_is_read_is_repaired() {
    let error =
        with_event("HTTP/1.1 503 x\r\nRetry-After: \r\n  Fri,\0 \r\n\r\n\t1\x01Jan\r\nX-Request-Id:\ta\rb\x7f\r\n");
    let (answer, _) = taken("folds and controls", &error);
    assert_eq!(answer.status, 503);
    let error = with_event("HTTP/1.1 503 x\r\nRetry-After: \r\n  Fri,\0 \r\n\t1\x01Jan\r\nX-Request-Id:\ta\rb\x7f\r\n");
    let (answer, _) = taken("folds and controls", &error);
    assert_eq!(answer.retry_after.as_deref(), Some(&b"Fri, 1 Jan"[..]));
    assert_eq!(answer.request_id.as_deref(), Some(&b"a b"[..]));
}

/// ureq decides by it whether the connection is kept.
#[test]
fn that_a_connection_is_to_be_closed_is_passed_on() {
    for (version, fields, closes) in [
        ("HTTP/1.1", "", false),
        ("HTTP/1.1", "Connection: keep-alive\r\n", false),
        ("HTTP/1.1", "Connection: closed\r\n", false),
        ("HTTP/1.1", "X-Connection: close\r\n", false),
        ("HTTP/1.1", "CONNECTION:close\r\n", true),
        ("HTTP/1.1", "Connection: keep-alive ,\tClose\r\n", true),
        ("HTTP/1.1", "Connection: Upgrade\r\nConnection:\r\n close\r\n", true),
        ("HTTP/1.0", "", true),
        ("HTTP/1.0", "Connection: Keep-Alive\r\n", false),
        ("HTTP/1.0", "Connection: Keep-Alive\r\nConnection: close\r\n", true),
    ] {
        let Bytes(out) = whole(&with_event(&format!("{version} 200 OK\r\n{fields}"))).out;
        let line = if closes { "connection: close\r\n" } else { "" };
        let expected = format!("HTTP/1.1 200\r\n{line}content-length: 11\r\n\r\n{{\"data\":{{}}}}");
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{version} {fields:?}");
    }
}

#[test]
fn more_than_the_answer_is_surplus() {
    for answer in [
        with_fields(""),
        with_chunks("b\r\n{\"data\":{}}\r\n0\r\n\r\n"),
        b"HTTP/1.1 204 x\r\nContent-Length: 11\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(),
        b"HTTP/1.1 101 x\r\n\r\n".to_vec(),
    ] {
        let alone = whole(&answer);
        assert!(!alone.has_surplus);
        for more in [&b"\n"[..], b"HTTP/1.1 200 OK\r\n\r\n{}"] {
            let reading = whole(&[&answer[..], more].concat());
            assert_eq!(reading, Reading { has_surplus: true, ..whole(&answer) });
            assert_eq!(reading, read([&answer[..], more]));
        }
    }
}

#[test]
fn a_final_head_is_known_by_its_code() {
    for (bytes, has_begun) in [
        (&b""[..], false),
        (b"\r\n", false),
        (b"HTTP/1.1 20", false),
        (b"HTTP/1.1 413", true),
        (b"HTTP/1.1 100", false),
        (b"HTTP/1.1 101", true),
        (b"HTTP/1.1 100 Continue\r\n\r\n", false),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 U", true),
    ] {
        assert_eq!(whole(bytes).has_final_head, has_begun, "{}", bytes.escape_ascii());
        assert_eq!(read(bytes.chunks(1)).has_final_head, has_begun, "{}", bytes.escape_ascii());
    }
}

/// A blocked wait has one, and there may be a hundred thousand of them.
#[test]
fn it_is_small_until_something_comes() {
    let (mut inbound, mut out) = (Inbound::new(), Vec::new());
    assert!(size_of::<Inbound>() <= 160, "{}", size_of::<Inbound>());
    inbound.feed(&with_fields(""), &mut out).unwrap();
    assert_eq!(inbound.line.capacity(), 0);
    // A large piece that ends within a line leaves no large buffer.
    let mut inbound = Inbound::new();
    inbound.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r", &mut out).unwrap();
    inbound.feed(&[&b"\n\r\n4000\r\n"[..], &[b'x'; 0x4000], b"\r\n2"].concat(), &mut out).unwrap();
    assert!(inbound.line.capacity() < 64);
}
