//! Tables of the answers that are refused, the limits, and the ends that come too early.

use super::ureq_alone::read_by_ureq;
use super::{EVENT, ParseError, StreamEnd, read, whole, with_chunks, with_event, with_fields};

#[test]
fn what_is_not_http_is_refused_as_soon_as_it_is_seen() {
    for answer in [
        &b"SSH-2.0"[..],
        b"\0",
        b"\x15\x03\x03",
        b"\rH",
        b" HTTP/1.1 200 OK",
        b"http/1.1",
        b"HTTP/2",
        b"HTTP/1.2",
        b"HTTP/0.9",
        b"HTTP/1.1  200",
        b"HTTP/1.1\t200",
        b"HTTP/1.1 OK",
        b"HTTP/1.1 099",
        b"HTTP/1.1 2zz",
        b"HTTP/1.1 20x",
        b"HTTP/1.1 2\r\n",
        b"HTTP/1.1 2\n",
        b"HTTP/1.1 20\r\n",
        b"HTTP/1.1\r\n",
        b"HTTP/1.1 2000",
        b"HTTP/1.1 200OK",
        b"HTTP/1.1 200\xa0OK",
        b"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n",
        b"HTTP/1.1 100 x\r\n\r\nHTTP/2",
    ] {
        let name = answer.escape_ascii();
        assert_eq!(whole(answer).end, Err(ParseError::NotHttp), "{name}");
        assert_eq!(read(answer.chunks(1)).end, Err(ParseError::NotHttp), "{name}");
    }
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    let end = |answer: &[u8]| whole(answer).end;
    for fields in [
        "Content-Length: 12\r\n",
        "Content-Length: 11, 12\r\n",
        "Content-Length: many\r\n",
        "Content-Length: -11\r\n",
        "Content-Length: +11\r\n",
        "Content-Length: 0xb\r\n",
        "Content-Length: 1 1\r\n",
        "Content-Length: 1\r\n 1\r\n",
        "Content-Length: 11,\r\n",
        "Content-Length: 11,,11\r\n",
        "Content-Length:\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 1\r1\r\n",
        "Content-Length: 1\x001\r\n",
        "Transfer-Encoding: chun\0ked\r\n",
        "Transfer-Encoding: chunked\rgzip\r\n",
        "Content-Length : 11\r\n",
        "Content-Length\t: 11\r\n",
        "Content-Length\0: 11\r\n",
        "Content\0-Length: 11\r\n",
        "\x7fContent-Length: 11\r\n",
        " Content-Length: 11\r\n",
        " X: y\r\n Content-Length: 11\r\n",
        "Content Length: 11\r\nContent -Length: 11\r\n",
        "Content-Length 11\r\n",
        "Content-Length\r\n : 11\r\n",
        "Content-Length\n: 11\r\n",
        "\"Content-Length\": 11\r\n",
        "content-length\u{a0}: 11\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-\x0bEncoding: chunked\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n",
        "Connection : close\r\n",
        "\x01Connection: close\r\n",
        "Connection close\r\n",
        "\rX: y\r\n",
        "\r \r\n",
    ] {
        let answer = with_fields(fields);
        assert!(
            matches!(end(&answer), Err(ParseError::Ambiguous(_))),
            "{}: {:?}",
            fields.escape_debug(),
            whole(&answer)
        );
    }
    for chunks in [
        "\r\n",
        ";a\r\n",
        "zz\r\n",
        "+b\r\n",
        "-b\r\n",
        "0xb\r\n",
        "b b\r\n",
        "b a=b\r\n",
        "b\n",
        "b;a\n",
        "b;a\rb\r\n",
        "b\r\r\n",
        "10000000000000000\r\n",
        "00000000000000000000b\r\n",
        "2\r\n{}{}\r\n",
        "2\r\n{}\n",
        "2\r\n{}\rx",
        "2\r\n{}\r\n\r\n0\r\n\r\n",
    ] {
        let answer = with_chunks(chunks);
        assert!(
            matches!(end(&answer), Err(ParseError::Ambiguous(_))),
            "{}: {:?}",
            chunks.escape_debug(),
            whole(&answer)
        );
    }
}

/// Answers that ureq accepts and Inbound refuses or reads differently, each with the reason.
#[test]
fn where_ureq_alone_is_more_lenient() {
    let event = |answer: &[u8]| read_by_ureq(answer).is_some_and(|answer| answer.body == EVENT);
    // Until the end, by RFC 9112, 6.3; in chunks for ureq.
    let order = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nb\r\n{\"data\":{}}\r\n0\r\n\r\n";
    assert!(event(order) && matches!(whole(order).end, Err(ParseError::Ambiguous(_))));
    // Of the given length for ureq, which does not know the coding.
    let tab = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nTransfer-Encoding: c\thunked\r\n\r\n{\"data\":{}}";
    assert!(event(tab) && matches!(whole(tab).end, Err(ParseError::Ambiguous(_))));
    let sign = with_chunks("+b\r\n{\"data\":{}}\r\n0\r\n\r\n");
    assert!(event(&sign) && matches!(whole(&sign).end, Err(ParseError::Ambiguous(_))));
    // The end of the stream within a trailer.
    for end in ["0\r\n", "0\r\nX: y\r\n"] {
        let cut = with_chunks(&format!("b\r\n{{\"data\":{{}}}}\r\n{end}"));
        assert!(event(&cut), "{end:?}");
        let reading = whole(&cut);
        assert_eq!(reading.end, Ok(StreamEnd::Cut), "{end:?}");
        assert!(!event(&reading.out.0), "{end:?}");
    }
    let many = with_event(&("HTTP/1.1 102 x\r\n\r\n".repeat(65) + "HTTP/1.1 200 OK\r\n"));
    assert!(event(&many) && whole(&many).end == Err(ParseError::TooManyInterim));
    let lines = with_event(&("\r\n".repeat(9) + "HTTP/1.1 200 OK\r\n"));
    assert!(event(&lines) && whole(&lines).end == Err(ParseError::NotHttp));
}

#[test]
fn limits() {
    let interim = |count: usize| with_event(&("HTTP/1.1 102 x\r\n\r\n".repeat(count) + "HTTP/1.1 200 OK\r\n"));
    assert_eq!(whole(&interim(64)).end, Ok(StreamEnd::Complete));
    assert_eq!(whole(&interim(65)).end, Err(ParseError::TooManyInterim));
    let large = format!("HTTP/1.1 103 x\r\nlink: {}\r\n\r\n", "x".repeat(32_000));
    assert_eq!(whole(&with_event(&(large.repeat(2) + "HTTP/1.1 200 OK\r\n"))).end, Ok(StreamEnd::Complete));
    assert_eq!(whole(large.repeat(3).as_bytes()).end, Err(ParseError::TooManyInterim));
    let reason = format!("HTTP/1.1 100 {}\r\n\r\n", "x".repeat(40_000)).repeat(2);
    assert_eq!(whole(reason.as_bytes()).end, Err(ParseError::TooManyInterim));
    // A head without an end is refused as soon as it is too large.
    for endless in ["HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\na: ", "HTTP/1.1 200 OK\r\na"] {
        assert_eq!(
            whole(&[endless.as_bytes(), &[b'x'; 65_537]].concat()).end,
            Err(ParseError::TooLarge),
            "{endless:?}"
        );
    }
    assert_eq!(whole(&with_fields(&"a: b\r\n".repeat(11_000))).end, Err(ParseError::TooLarge));
    assert_eq!(whole(&with_fields(&"a: b\r\n".repeat(10_000))).end, Ok(StreamEnd::Complete));
    assert_eq!(whole(&with_chunks(&"1".repeat(2_000))).end, Err(ParseError::TooLarge));
    assert_eq!(whole(&with_chunks(&format!("b;{}\r\n", "x".repeat(1_024)))).end, Err(ParseError::TooLarge));
    let trailer = |count| with_chunks(&format!("1\r\nx\r\n0\r\n{}\r\n", "a: b\r\n".repeat(count)));
    assert_eq!(whole(&trailer(10_000)).end, Ok(StreamEnd::Complete));
    assert_eq!(whole(&trailer(11_000)).end, Err(ParseError::TooLarge));
    assert_eq!(whole(&with_chunks(&format!("0\r\n{}", "x".repeat(65_537)))).end, Err(ParseError::TooLarge));
}

#[test]
fn every_cut_is_noticed() {
    let answers = [
        with_event("HTTP/1.1 100 x\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\nX: a\r\n b\r\n"),
        with_chunks("5;a=b\r\n{\"dat\r\n6\r\na\":{}}\r\n0\r\nX: y\r\n\r\n"),
    ];
    for answer in answers {
        let complete = whole(&answer);
        for cut in 0..answer.len() {
            let reading = whole(&answer[..cut]);
            assert_eq!(reading.end, Ok(StreamEnd::Cut), "at {cut}");
            assert!(
                complete.out.0.starts_with(&reading.out.0) && reading.out.0.len() < complete.out.0.len(),
                "at {cut}"
            );
        }
        assert_eq!(complete.end, Ok(StreamEnd::Complete));
    }
    let until_close = b"HTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(whole(&until_close[..18]).end, Ok(StreamEnd::Cut));
    assert_eq!(whole(until_close).end, Ok(StreamEnd::UntilClose));
}
