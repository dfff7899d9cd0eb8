use super::super::inbound::{Inbound, StreamEnd};
use super::*;
use proptest::prelude::*;
use ureq::http::{Method, Uri};
use ureq_proto::client::{RecvBodyResult, RecvResponseResult, SendRequestResult};

const LIMIT: usize = 1_000;

/// The answer in its parts, as a flight takes it.
fn taken(answer: &[u8], piece: usize) -> Result<(Reply, bool), String> {
    let (mut inbound, mut parts) = (Inbound::new(), Answer::new(LIMIT));
    for piece in answer.chunks(piece) {
        inbound.feed(piece, &mut parts).map_err(|refusal| refusal.to_string())?;
        if let Some(problem) = parts.take_problem() {
            return Err(said(&problem));
        }
    }
    let (reply, ends_connection) = parts.finish();
    Ok((reply, ends_connection || inbound.end() == StreamEnd::UntilClose))
}

/// The same by ureq-proto, which parses what `inbound` writes for ureq.
fn by_ureq(answer: &[u8]) -> Result<(Reply, bool), String> {
    let (mut inbound, mut repaired) = (Inbound::new(), Vec::new());
    inbound.feed(answer, &mut repaired).map_err(|refusal| refusal.to_string())?;
    let mut request = Request::new(());
    *request.uri_mut() = Uri::from_static("http://host/");
    let mut call = Call::new(request).unwrap().proceed();
    call.write(&mut [0; 256]).unwrap();
    let Ok(Some(SendRequestResult::RecvResponse(mut call))) = call.proceed() else { panic!("it has no body") };
    let (used, response) = call.try_response(&repaired, false).map_err(|e| e.to_string())?;
    let response = response.ok_or("no head")?;
    let (mut body, mut filled, mut at) = (vec![0; repaired.len()], 0, used);
    let must_close = match call.proceed() {
        Some(RecvResponseResult::RecvBody(mut call)) => {
            loop {
                let (used, made) = call.read(&repaired[at..], &mut body[filled..]).map_err(|e| e.to_string())?;
                (at, filled) = (at + used, filled + made);
                if used == 0 && made == 0 {
                    break;
                }
            }
            match call.proceed() {
                Some(RecvBodyResult::Redirect(call)) => call.must_close_connection(),
                Some(RecvBodyResult::Cleanup(call)) => call.must_close_connection(),
                None => return Err("not complete".to_owned()),
            }
        }
        Some(RecvResponseResult::Redirect(call)) => call.must_close_connection(),
        Some(RecvResponseResult::Cleanup(call)) => call.must_close_connection(),
        None => return Err("no head".to_owned()),
    };
    body.truncate(filled);
    Ok((Reply::new(&response, body), must_close))
}

fn said(problem: &ExchangeError) -> String {
    match problem {
        ExchangeError::Ureq(e) => e.to_string(),
        ExchangeError::TooLarge => "too large".to_owned(),
        ExchangeError::OutOfMemory => "out of memory".to_owned(),
    }
}

/// The first line, some fields, and a body in each framing.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    let status =
        prop::sample::select(vec!["1.1 200 OK", "1.0 200", "1.1 302 Found", "1.1 429 x", "1.1 503 ", "1.1 204 x"]);
    let field = prop::sample::select(vec![
        "Retry-After: 120",
        "retry-after:\t 7 ",
        "X-Request-Id: a b",
        "x-request-id: gr\u{fc}n",
        "Location: /else\twhere",
        "location: http://a\r\n  b",
        "Connection: keep-alive",
        "Connection: Close, x",
        "Server: s",
    ]);
    let fields = prop::collection::vec(field, 0..5);
    let body = prop::collection::vec(any::<u8>(), 0..300);
    (status, fields, body, 0usize..3, 1usize..40).prop_map(|(status, fields, body, framing, chunk)| {
        let mut answer = format!("HTTP/{status}\r\n").into_bytes();
        for field in fields {
            answer.extend_from_slice(field.as_bytes());
            answer.extend_from_slice(b"\r\n");
        }
        match framing {
            _ if status.contains("204") => answer.extend_from_slice(b"\r\n"),
            0 => {
                answer.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
                answer.extend_from_slice(&body);
            }
            1 => {
                answer.extend_from_slice(b"\r\n");
                answer.extend_from_slice(&body);
            }
            _ => {
                answer.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                for part in body.chunks(chunk) {
                    answer.extend_from_slice(format!("{:x};x=y\r\n", part.len()).as_bytes());
                    answer.extend_from_slice(part);
                    answer.extend_from_slice(b"\r\n");
                }
                answer.extend_from_slice(b"0\r\nTrailer: t\r\n\r\n");
            }
        }
        answer
    })
}

proptest! {
    #[test]
    fn an_answer_is_what_ureq_reads_in_pieces_of_any_size(answer in answers(), piece in 1usize..64) {
        prop_assert_eq!(taken(&answer, piece), by_ureq(&answer), "{:?}", String::from_utf8_lossy(&answer));
    }
}

#[test]
fn a_body_over_the_limit_is_too_large() {
    let long = "x".repeat(LIMIT + 1);
    for answer in [
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", LIMIT + 1),
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n", LIMIT + 1),
        format!("HTTP/1.1 200 OK\r\n\r\n{long}"),
    ] {
        for piece in [7, 5_000] {
            assert_eq!(taken(answer.as_bytes(), piece), Err("too large".to_owned()));
        }
    }
    assert!(taken(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(LIMIT)).as_bytes(), 9).is_ok());
}

/// ureq-proto itself encodes the same request.
#[test]
fn a_request_is_what_ureq_sends() {
    let head = |path: &'static str, length: usize| {
        let (mut head, ()) = Request::new(()).into_parts();
        head.method = Method::POST;
        head.uri = Uri::from_static(path);
        head.headers.insert("host", HeaderValue::from_static("h:1"));
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        head
    };
    let template = Template::new(head("http://h:1/", 0), 1_000).unwrap();
    for (path, uri, body) in [
        ("/v1/events/e/wait", "http://h:1/v1/events/e/wait", &b"{\"timeoutMs\":50000}"[..]),
        ("/p/v1/events/%20", "http://h:1/p/v1/events/%20", b"{}"),
        ("/", "http://h:1/", &[b'x'; 1_234_567]),
    ] {
        let mut call = Call::new(Request::from_parts(head(uri, body.len()), ())).unwrap().proceed();
        let mut expected = vec![0; 1_000];
        let mut filled = 0;
        while !call.can_proceed() {
            filled += call.write(&mut expected[filled..]).unwrap();
        }
        expected.truncate(filled);
        expected.extend_from_slice(body);
        let expected = String::from_utf8(expected).unwrap();
        for (origin, lines) in [("", ["a: 1\r\n", "key: k\r\n", ""]), ("http://h:1", ["", "key: k\r\n", "b: 2\r\n"])] {
            let expected = expected.replace("POST ", &format!("POST {origin}"));
            let expected = expected.replace("host: h:1\r\n", &format!("host: h:1\r\n{}", lines.concat()));
            let encoded = template.encode(origin, path, lines, body);
            assert_eq!(String::from_utf8_lossy(&encoded), expected);
        }
    }
}
