//! Connections that cannot be made, and connections that break.

use super::table::{Outcome, Row, Section, Wait, both, check, lost, once, row, section, twice};
use anchor::{Client, Phase, Status, Timeout};
use std::time::Duration;
use testkit::PATIENCE;
use testkit::addresses::{BlackHole, ReservedPort};
use testkit::certificates::{Certificate, tls};
use testkit::scripted::script::{Script, Step, after_request, event};
use testkit::settings::{config, unhurried};
use testkit::way::{Way, each_way};

#[each_way]
fn a_refused_connection_is_not_sent(way: Way) {
    let nowhere = ReservedPort::bind();
    let mut config = config(&format!("http://{}", nowhere.address()));
    let client = Client::new(config.set_retries(1)).unwrap();
    let errors = [
        way.wait(&client, "e", Some(PATIENCE)).unwrap_err(),
        client.signal("e", None, Timeout::Request, None).unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Connect)), "{error}");
        assert_eq!((error.attempts(), error.maybe_consumed()), (2, false), "{error}");
    }
}

#[each_way]
fn time_that_ends_in_a_black_hole_leaves_the_call_unsent(way: Way) {
    let hole = BlackHole::bind();
    let mut config = config(&format!("http://{}", hole.address()));
    let client = Client::new(config.set_request_timeout(Duration::from_millis(300)).unwrap()).unwrap();
    for error in [
        way.wait(&client, "e", Some(Duration::from_millis(300))).unwrap_err(),
        client.signal("e", None, Timeout::Request, None).unwrap_err(),
    ] {
        assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Connect)));
        assert_eq!((error.attempts(), error.maybe_consumed(), error.timed_out()), (1, false, true));
    }
}

pub fn rows() -> [Section; 2] {
    [
        section("Connections that break after the request, plain or TLS", broken_after_the_request(&[])),
        section("TLS sessions that end", ended_sessions()),
    ]
}

#[each_way]
fn connections_that_break_after_the_request(way: Way) {
    check(way, broken_after_the_request(&[]));
}

#[each_way]
fn connections_that_break_after_the_request_over_tls(way: Way) {
    check(way, broken_after_the_request(&handshake()).into_iter().map(Row::over_tls));
}

#[each_way]
fn tls_sessions_that_end(way: Way) {
    check(way, ended_sessions());
}

fn handshake() -> [Step; 1] {
    [Step::Handshake(tls(Certificate::Good))]
}

fn ended_sessions() -> Vec<Row> {
    let ending = |sent: &[u8], end: Step| in_tls(&handshake(), [Step::Send(sent.to_vec()), end, Step::Hang]);
    let answer = b"HTTP/1.1 200 OK\r\n\r\n{}";
    let (cut, whole) = (ending(answer, Step::Finish), ending(answer, Step::CloseNotify));
    let (nothing, half) = (ending(b"", Step::CloseNotify), ending(b"HTTP/1.1 200", Step::CloseNotify));
    let mut rows = Vec::from(lost("FIN without close_notify after a body without length", &cut, Phase::Receive));
    rows.extend(lost("close_notify before the head", &nothing, Phase::Wait));
    rows.extend(lost("close_notify in the head", &half, Phase::Receive));
    rows.extend(both("close_notify after a body without length", &whole, GOOD));
    rows.into_iter().map(Row::over_tls).collect()
}

const GOOD: Outcome = once(Status::Ok, Phase::Receive, false);

fn in_tls(handshake: &[Step], steps: impl IntoIterator<Item = Step>) -> Script {
    handshake.iter().cloned().chain(after_request(steps)).collect()
}

fn broken_after_the_request(before: &[Step]) -> Vec<Row> {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n".to_vec();
    let breaks = |sent: Vec<u8>, end: Step| {
        let sending = (!sent.is_empty()).then_some(Step::Send(sent));
        in_tls(before, sending.into_iter().chain([end, Step::Hang]))
    };
    let points = [
        ("RST before the head", "FIN before the head", Vec::new(), Phase::Wait),
        ("RST in the status line", "FIN in the status line", b"HTTP/1".to_vec(), Phase::Receive),
        ("RST in the head", "FIN in the head", head[..30].to_vec(), Phase::Receive),
        ("RST after the head", "FIN after the head", head.clone(), Phase::Receive),
        ("RST in the body", "FIN in the body", [&head[..], b"{\"data\":"].concat(), Phase::Receive),
    ];
    let mut rows: Vec<Row> = points
        .into_iter()
        .flat_map(|(rst, fin, sent, phase)| {
            let reset = lost(rst, &breaks(sent.clone(), Step::Reset), phase);
            reset.into_iter().chain(lost(fin, &breaks(sent, Step::Finish), phase))
        })
        .collect();
    let endless = b"HTTP/1.1 200 OK\r\n\r\n{\"data\":{}}".to_vec();
    rows.extend(lost("RST in a body without length", &breaks(endless, Step::Reset), Phase::Receive));
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"dat".to_vec();
    rows.extend(lost("FIN in a chunked body", &breaks(chunked.clone(), Step::Finish), Phase::Receive));
    rows.extend(lost("RST in a chunked body", &breaks(chunked, Step::Reset), Phase::Receive));
    let whole = b"HTTP/1.1 200 OK\r\n\r\n{\"data\":{}}".to_vec();
    if before.is_empty() {
        rows.extend(both("FIN after a body without length", &breaks(whole, Step::Finish), GOOD));
    }
    rows
}

#[each_way]
fn without_rearm_a_broken_wait_ends_at_once(way: Way) {
    let broken = once(Status::ConnectionLost, Phase::Wait, true);
    let rows = [
        row("RST", Wait, after_request([Step::Reset]), broken),
        row("FIN", Wait, after_request([Step::Finish, Step::Hang]), broken),
    ];
    check(
        way,
        rows.map(|row| {
            row.with(|config| {
                config.set_rearm(false);
            })
        }),
    );
}

/// Later answers do not make the first request's answer known.
#[each_way]
fn maybe_consumed_stays_true_through_later_answers(way: Way) {
    let after = |last: Vec<u8>| vec![after_request([Step::Reset]), after_request([Step::Send(last), Step::Hang])];
    let refused = testkit::scripted::script::refusal(401);
    let mut broken_then_401 = row("RST, then 401", Wait, Vec::new(), twice(Status::Unauthorized, Phase::Receive, true));
    broken_then_401.scripts = after(refused);
    let mut broken_then_event = row(
        "RST, then the event",
        Wait,
        Vec::new(),
        Outcome { attempts: 1, ..twice(Status::Ok, Phase::Receive, false) },
    );
    broken_then_event.scripts = after(event());
    check(way, [broken_then_401, broken_then_event]);
}

/// A signal that was not written in full was not delivered.
#[test]
fn a_signal_that_is_cut_off_while_it_is_sent_was_not_sent() {
    let server = testkit::scripted::ScriptedServer::start(vec![vec![Step::ReadSome, Step::Reset]]);
    let client = Client::new(unhurried(&server.http()).set_retries(1)).unwrap();
    let data = format!("{{\"blob\":\"{}\"}}", "x".repeat(16 << 20));
    let error = client.signal("large", Some(&data), Timeout::Request, None).unwrap_err();
    assert_eq!((error.status(), error.maybe_consumed(), error.attempts()), (Status::NotSent, false, 2), "{error}");
    assert_eq!(server.requests().len(), 0);
}

/// A service may refuse a large signal before it has read it, and hang up.
#[test]
fn an_answer_that_comes_before_the_whole_signal_is_sent_is_taken() {
    let refusal = testkit::scripted::script::refusal(413);
    let script = vec![Step::ReadSome, Step::Send(refusal), Step::Finish, Step::Hang];
    let server = testkit::scripted::ScriptedServer::start(vec![script]);
    let client = Client::new(&unhurried(&server.http())).unwrap();
    let data = format!("{{\"blob\":\"{}\"}}", "x".repeat(16 << 20));
    let error = client.signal("large", Some(&data), Timeout::Request, None).unwrap_err();
    assert_eq!((error.status(), error.http_status()), (Status::BadRequest, Some(413)), "{error}");
    assert_eq!((error.attempts(), error.maybe_consumed()), (1, false));
}

/// So may a gateway, or whoever answers with a page of its own: what was not sent in full cannot have been delivered.
#[test]
fn a_signal_answered_before_it_is_sent_was_not_delivered() {
    for (status, expected) in [(502, Status::ServerError), (523, Status::ServerError), (200, Status::Protocol)] {
        let page = testkit::scripted::script::answer(status, "", "<html>");
        // Closed with the request unread, which resets the connection.
        let script = vec![Step::ReadSome, Step::Send(page), Step::Delivered];
        let server = testkit::scripted::ScriptedServer::start(vec![script]);
        let client = Client::new(&unhurried(&server.http())).unwrap();
        let data = format!("{{\"blob\":\"{}\"}}", "x".repeat(16 << 20));
        let error = client.signal("large", Some(&data), Timeout::Request, None).unwrap_err();
        assert_eq!((error.status(), error.http_status()), (expected, Some(status)), "{error}");
        assert_eq!((error.attempts(), error.maybe_consumed()), (1, false), "{error}");
        assert_eq!(client.stats().unanswered, 0);
    }
}
