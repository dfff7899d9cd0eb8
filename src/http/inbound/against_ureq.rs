//! Random answers, compared with ureq: an answer that ureq accepts means the same after Inbound as before, and an event that curl
//! would read is read.

use super::ureq_alone::read_by_ureq;
use super::{Bytes, EVENT, ParseError, Reading, StreamEnd, read, whole};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(words).prop_map(str::to_owned)
}

/// An answer that contains an event and that curl accepts, with other flaws.
fn good() -> impl Strategy<Value = Bytes> {
    let interim = one_of(&[
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 100 x\r\nVia: a\r\n b\r\n\r\n",
        "HTTP/1.1 103\nlink: </x>\n\n",
    ]);
    let status =
        one_of(&["HTTP/1.1 200 OK", "HTTP/1.1 201", "HTTP/1.0 200 \x01", "HTTP/1.1 503 caf\u{e9}", "HTTP/1.1 200\t"]);
    let field = one_of(&[
        "Retry-After: 7",
        "retry-after:\t9\r\n 9 ",
        "X-Request-Id: a\0b\rc",
        "Location: /\u{e9}",
        "Connection: keep-alive, Close",
        "Set-Cookie: a=b\x01c\x7f",
        "X-Note:",
        "X-Note: a\r\n\tb\n c\r\n ",
        "X Note : x",
        ": x",
        "what is this",
        "content-lengths: 12",
    ]);
    let line_end = prop_oneof![6 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r\r\n")];
    let lines = vec((field, line_end.clone()), 0..5)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect::<String>());
    let head = (vec(interim, 0..3), status, line_end.clone(), lines);
    let head = head.prop_map(|(interim, status, end, lines)| interim.concat() + &status + end + &lines);
    (head, prop_oneof![with_length(), in_chunks(), Just(format!("\r\n{}", event()))])
        .prop_map(|(head, rest)| Bytes([head.into_bytes(), rest.into_bytes()].concat()))
}

fn event() -> &'static str {
    std::str::from_utf8(EVENT).unwrap()
}

fn with_length() -> impl Strategy<Value = String> {
    let length = one_of(&[
        "Content-Length: 11",
        "content-length:\r\n\t 011",
        "Content-Length: 11 ,\x01 11\r\nCONTENT-LENGTH:11",
    ]);
    let end = one_of(&["\r\n\r\n", "\n\n", "\r\r\n\r\r\n"]);
    (length, end).prop_map(|(length, end)| length + &end + event())
}

fn in_chunks() -> impl Strategy<Value = String> {
    let coding = one_of(&[
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: identity,\r\n chunked\r",
        "transfer-encoding:CHUNKED\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
    ]);
    let extension = prop_oneof![
        one_of(&["", "", " ", ";", ";a=\"b c\"", " ; note"]),
        (0_usize..1023).prop_map(|length| format!(";{}", "x".repeat(length))),
    ];
    let trailer = one_of(&["", "X: y\r\n", "X: a\x01\r\n b\n", "Content-Length: 9\r\n"]);
    (coding, vec((extension, 1_usize..11), 1..5), trailer).prop_map(|(coding, chunks, trailer)| {
        let mut body = format!("{coding}\r\n\r\n");
        let mut rest = event();
        for (number, (extension, size)) in chunks.iter().enumerate() {
            let size = if number + 1 == chunks.len() { rest.len() } else { *size.min(&rest.len()) };
            if size > 0 {
                body += &format!("{size:X}{extension}\r\n{}\r\n", &rest[..size]);
            }
            rest = &rest[size..];
        }
        body + &format!("00{}\r\n{trailer}\r\n", chunks[0].0)
    })
}

/// An answer that may have been good before a few bytes of it were exchanged, left out or added.
fn damaged() -> impl Strategy<Value = Bytes> {
    let byte = prop_oneof![select(b"\r\n\0\x01\x7f\x80 \t:;,+019afHc-".to_vec()), any::<u8>()];
    let change = (any::<Index>(), 0_usize..3, byte);
    (good(), vec(change, 0..4)).prop_map(|(Bytes(mut answer), changes)| {
        for (at, removed, byte) in changes {
            let at = at.index(answer.len());
            let end = (at + removed).min(answer.len());
            answer.splice(at..end, (removed != 1).then_some(byte));
        }
        Bytes(answer)
    })
}

/// What `where_ureq_alone_is_more_lenient` has a case for, and chunks in HTTP/1.0. The change may be within the word "chunked".
fn is_known_difference(answer: &[u8], reading: &Reading) -> bool {
    let has = |part: &[u8]| answer.to_ascii_lowercase().windows(part.len()).any(|window| window == part);
    match reading.end {
        Ok(StreamEnd::Cut) => has(b"\r\n0"),
        Err(ParseError::Ambiguous(_) | ParseError::TooLarge) => has(b"transfer-encoding"),
        _ => has(b"chunked") && has(b"http/1.0"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_event_is_read_from_what_curl_takes(Bytes(answer) in good()) {
        let reading = whole(&answer);
        prop_assert!(matches!(reading.end, Ok(StreamEnd::Complete | StreamEnd::UntilClose)), "{:?}", reading);
        prop_assert_eq!(read_by_ureq(&reading.out.0).map(|answer| Bytes(answer.body)), Some(Bytes(EVENT.to_vec())));
    }

    /// What ureq alone refuses counts as repaired, and so the connection is not used again.
    #[test]
    fn what_ureq_takes_means_the_same(Bytes(answer) in damaged()) {
        let reading = whole(&answer);
        let is_good = matches!(reading.end, Ok(StreamEnd::Complete | StreamEnd::UntilClose));
        match read_by_ureq(&answer) {
            Some(_) if is_known_difference(&answer, &reading) => {}
            expected @ Some(_) => prop_assert_eq!(read_by_ureq(&reading.out.0), expected, "{:?}", reading),
            None => prop_assert!(!is_good || reading.is_repaired, "{:?}", reading),
        }
    }

    /// One reading: ureq takes each answer that is complete here, and nothing that is not.
    #[test]
    fn ureq_agrees_on_what_is_complete(Bytes(answer) in damaged()) {
        let reading = whole(&answer);
        let is_good = matches!(reading.end, Ok(StreamEnd::Complete | StreamEnd::UntilClose));
        prop_assert_eq!(read_by_ureq(&reading.out.0).is_some(), is_good, "{:?}", reading);
    }

    #[test]
    fn pieces_make_no_difference(Bytes(answer) in damaged(), size in 1_usize..7) {
        let reading = whole(&answer);
        prop_assert_eq!(&read(answer.chunks(size)), &reading);
        prop_assert!(reading.out.0.len() <= 2 * answer.len() + "connection: close\r\n".len());
    }

    #[test]
    fn any_bytes_are_taken_or_refused(answer in vec(any::<u8>(), 0..64), size in 1_usize..7) {
        for beginning in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"] {
            let answer = [beginning.as_bytes(), &answer].concat();
            prop_assert_eq!(read(answer.chunks(size)), whole(&answer));
        }
    }
}
