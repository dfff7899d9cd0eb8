//! Answers that are not the API's: not HTTP, not JSON, too large, or not the end of it.

use super::table::{Outcome, Row, Section, Wait, both, check, once, row, section};
use anchor::{Phase, Status};
use std::time::Duration;
use testkit::PATIENCE;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Gate, Step, after_request, answer, bytes_answer, event, reply};
use testkit::settings::client;
use testkit::way::{Way, each_way};

/// The event may have been in it.
const NOT_THE_APIS: Outcome = once(Status::Protocol, Phase::Receive, true);
const LONG: Option<Duration> = Some(PATIENCE);
const TOO_LARGE: Outcome = once(Status::ResponseTooLarge, Phase::Receive, true);
const GOOD: Outcome = once(Status::Ok, Phase::Receive, false);

pub fn rows() -> [Section; 5] {
    [
        section("What is not HTTP", not_http()),
        section("What is not one JSON object", not_a_json_object()),
        section("What is too large", too_large()),
        section("What is unusual but good", unusual_but_good()),
        section("What is damaged where nobody has to read it", damaged_but_readable()),
    ]
}

fn answered<const N: usize>(cases: [(&str, Vec<u8>); N], expected: Outcome) -> Vec<Row> {
    cases.into_iter().flat_map(|(name, bytes)| both(name, &reply(bytes), expected)).collect()
}

fn with_headers(headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n{EVENT}").into_bytes()
}

fn chunked(chunks: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}").into_bytes()
}

#[each_way]
fn what_is_not_http(way: Way) {
    check(way, not_http());
}

fn not_http() -> Vec<Row> {
    answered(
        [
            ("another protocol", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".to_vec()),
            ("zeros", vec![0; 100]),
            ("a TLS alert", b"\x15\x03\x03\x00\x02\x02\x46".to_vec()),
            ("HTTP/2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80".to_vec()),
            ("no status", b"HTTP/1.1 OK\r\n\r\n".to_vec()),
            ("a status below 100", b"HTTP/1.1 099 Low\r\ncontent-length: 0\r\n\r\n".to_vec()),
            ("a length that is not a number", with_headers("content-length: many\r\n")),
            ("a negative length", with_headers("content-length: -1\r\n")),
            ("two lengths", with_headers("content-length: 2\r\ncontent-length: 3\r\n")),
            ("a chunk size that is not a number", chunked("zz\r\n{}\r\n0\r\n\r\n")),
            ("a chunk longer than its size", chunked("2\r\n{}{}\r\n0\r\n\r\n")),
        ],
        NOT_THE_APIS,
    )
}

#[each_way]
fn what_is_not_a_json_object(way: Way) {
    check(way, not_a_json_object());
}

fn not_a_json_object() -> Vec<Row> {
    let plain = |body: &[u8]| bytes_answer(200, "content-type: application/json\r\n", body);
    answered(
        [
            ("a gateway's page", answer(200, "content-type: text/html\r\n", "<html><h1>It works!</h1></html>")),
            ("204", b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
            ("nothing", plain(b"")),
            ("an array", plain(b"[{\"data\":{}}]")),
            ("null", plain(b"null")),
            ("a string", plain(b"\"event\"")),
            ("cut short by the rules", plain(b"{\"data\":{\"co")),
            ("two objects", plain(b"{}{}")),
            ("not UTF-8", plain(b"{\"data\":\"\xff\xfe\"}")),
            ("compressed", bytes_answer(200, "content-encoding: gzip\r\n", b"\x1f\x8b\x08\x00\x00\x00\x00\x00")),
            ("a length that is too short", with_headers("content-length: 8\r\n")),
        ],
        NOT_THE_APIS,
    )
}

#[each_way]
fn what_is_too_large(way: Way) {
    check(way, too_large());
}

fn too_large() -> Vec<Row> {
    let limit = |row: Row| {
        row.with(|config| {
            config.set_max_response_bytes(1000).unwrap();
        })
    };
    let large = format!("{{\"data\":\"{}\"}}", "x".repeat(1000));
    let announced = answer(200, "", &large);
    let only_announced = b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n".to_vec();
    let absurd = b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n".to_vec();
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{large}").into_bytes();
    let chunks = chunked(&format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len()));
    let head = with_headers(&format!("a: {}\r\n", "x".repeat(70_000)));
    let refusal = answer(500, "", &large);
    let too_large = [
        ("with a length", announced),
        ("as soon as it is announced", only_announced),
        ("with an absurd length", absurd),
        ("without a length", endless),
        ("in chunks", chunks),
        ("a head of 70 KB", head),
        ("an error's body", refusal),
        ("a chunk size without an end", chunked(&"1".repeat(200_000))),
    ];
    let fits = format!("{{\"data\":\"{}\"}}", "x".repeat(1000 - 11));
    assert_eq!(fits.len(), 1000);
    let fits = both("just fits", &reply(answer(200, "", &fits)), GOOD);
    answered(too_large, TOO_LARGE).into_iter().chain(fits).map(limit).collect()
}

#[each_way]
fn unusual_but_valid_answers(way: Way) {
    check(way, unusual_but_good());
}

fn unusual_but_good() -> Vec<Row> {
    let mut rows = answered(
        [
            ("128 headers", with_headers(&format!("{}content-length: {}\r\n", "a: b\r\n".repeat(127), EVENT.len()))),
            ("a head of 40 KB", answer(200, &format!("a: {}\r\n", "x".repeat(40_000)), EVENT)),
            ("100 before the answer", [&b"HTTP/1.1 100 Continue\r\n\r\n"[..], &event()].concat()),
            ("102 and 103 before it", {
                let hints = b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
                [&hints[..], &event()].concat()
            }),
            ("201", answer(201, "", EVENT)),
            ("HTTP/1.0 with a length", String::from_utf8(event()).unwrap().replace("/1.1", "/1.0").into_bytes()),
            ("chunks", chunked(&format!("{:x};note=1\r\n{EVENT}\r\n0\r\ntrailer: x\r\n\r\n", EVENT.len()))),
            (
                "a reason with odd letters",
                b"HTTP/1.1 200 \xc3\x89v\xc3\xa8nement\r\ncontent-length: 2\r\n\r\n{}".to_vec(),
            ),
            ("spaces around", answer(200, "", &format!(" \r\n\t{EVENT}\n"))),
        ],
        GOOD,
    );
    let slowly = after_request([Step::Trickle(event(), Duration::from_millis(2)), Step::Hang]);
    rows.push(row("one byte at a time", Wait, slowly, GOOD));
    let hints = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
    let apart = [Step::Send(hints), Step::Pause(Duration::from_millis(20)), Step::Send(event()), Step::Hang];
    rows.push(row("100 and the answer apart", Wait, after_request(apart), GOOD));
    rows
}

/// Each holds an event that curl would take, and that ureq's parser alone would refuse.
#[each_way]
fn damaged_answers_that_can_be_read_are_taken(way: Way) {
    check(way, damaged_but_readable());
}

fn damaged_but_readable() -> Vec<Row> {
    let headers = |headers: &str| answer(200, headers, EVENT);
    let before = |interim: &str| [interim.as_bytes(), &event()].concat();
    let long = "x".repeat(1000);
    answered(
        [
            ("100 with a header line", before("HTTP/1.1 100 Continue\r\nvia: 1.1 gateway\r\n\r\n")),
            ("a control character in a value", headers("set-cookie: a=b\u{1}c\r\n")),
            ("a folded line", headers("x-note: one\r\n two\r\n")),
            ("a line without a name", headers(": x\r\n")),
            ("a line without a colon", headers("nonsense\r\n")),
            ("200 headers", headers(&"a: b\r\n".repeat(200))),
            ("lines that end in LF alone", String::from_utf8(event()).unwrap().replace("\r\n", "\n").into_bytes()),
            ("a chunk extension of 1,000 bytes", chunked(&format!("{:x};{long}\r\n{EVENT}\r\n0\r\n\r\n", EVENT.len()))),
        ],
        GOOD,
    )
}

/// What was repaired once is not trusted with another request.
#[each_way]
fn a_connection_whose_answer_was_damaged_is_not_used_again(way: Way) {
    let damaged = answer(200, "x: a\u{1}b\r\n", EVENT);
    let server = ScriptedServer::always(vec![Step::AnswerAll(damaged)]);
    let client = client(&server.http());
    for _ in 0..2 {
        assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
    }
    assert_eq!(server.connections(), 2);
}

#[each_way]
fn an_upgrade_is_an_http_error(way: Way) {
    let switching = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n".to_vec();
    check(way, answered([("101", switching)], once(Status::HttpError, Phase::Receive, false)));
}

/// A second answer belongs to no call: the connection is not used again, and the next call gets its own answer.
#[each_way]
fn a_second_answer_is_not_taken_for_the_next_call(way: Way) {
    let own = r#"{"data":{"own":true}}"#;
    let stray = answer(200, "", r#"{"data":{"stray":true}}"#);
    let (idle, delivered) = (Gate::default(), Gate::default());
    let later = [Step::Send(event()), Step::Await(idle.clone()), Step::Send(stray.clone()), Step::Delivered];
    let later = later.into_iter().chain([Step::Open(delivered.clone()), Step::Hang]);
    for (name, script) in [
        ("at once", after_request([Step::Send([event(), stray].concat()), Step::Hang])),
        ("while it is idle", after_request(later)),
    ] {
        let server = ScriptedServer::start(vec![script, reply(answer(200, "", own))]);
        let client = client(&server.http());
        assert_eq!(way.wait(&client, "first", LONG).unwrap(), EVENT, "{name}");
        idle.open();
        if name == "while it is idle" {
            delivered.pass();
        }
        assert_eq!(way.wait(&client, "second", LONG).unwrap(), own, "{name}");
        assert_eq!(server.connections(), 2, "{name}");
    }
}
