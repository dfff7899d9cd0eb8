//! A service that never pauses cannot hold a call: deadline, cancel and interruption are looked at while bytes keep coming, and
//! while they keep being sent.

use anchor::{Client, Error, Status, Timeout};
use std::thread;
use std::time::{Duration, Instant};
use testkit::PATIENCE;
use testkit::certificates::{Certificate, tls};
use testkit::freeze::{Freezable, signal_handled_by};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, after_request};
use testkit::settings::{config, unhurried};
use testkit::timing::in_time;
use testkit::way::{Way, each_way};

const TIMEOUT: Duration = Duration::from_millis(300);
const GRACE: Duration = Duration::from_millis(100);
/// How late a call may end on a busy machine. Before the end was looked at, it was half a minute.
const LATE: Duration = Duration::from_secs(10);

/// What a service may send without an end that no limit of size ends soon.
fn floods() -> Vec<(&'static str, bool, Vec<Step>)> {
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let until_close = b"HTTP/1.1 200 OK\r\n\r\n{\"data\":\"".to_vec();
    let long = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n".to_vec();
    let mut floods = Vec::new();
    for is_tls in [false, true] {
        floods.extend([
            ("chunks of one byte", is_tls, vec![Step::Send(chunked.clone()), Step::Flood(b"1\r\nx\r\n".repeat(2000))]),
            (
                "a body until the end of the stream",
                is_tls,
                vec![Step::Send(until_close.clone()), Step::Flood(vec![b'x'; 65536])],
            ),
            ("a long body", is_tls, vec![Step::Send(long.clone()), Step::Flood(vec![b'x'; 65536])]),
        ]);
    }
    floods
}

fn server(is_tls: bool, steps: Vec<Step>) -> (ScriptedServer, String) {
    let handshake = is_tls.then(|| Step::Handshake(tls(Certificate::Good)));
    let server = ScriptedServer::always(handshake.into_iter().chain(after_request(steps)).collect());
    let url = if is_tls { server.https() } else { server.http() };
    (server, url)
}

fn client(url: &str) -> Client {
    let mut config = config(url);
    config.set_grace(GRACE).unwrap().set_max_response_bytes(1 << 30).unwrap().set_retries(0).set_interruptible(true);
    Client::new(config.set_request_timeout(TIMEOUT).unwrap()).unwrap()
}

fn expect(name: &str, error: &Error, status: Status, late: Duration) {
    assert_eq!((error.status(), error.maybe_consumed()), (status, true), "{name}: {error:?}");
    assert!(late < LATE, "{name}: {late:?} late");
}

#[each_way]
fn a_deadline_ends_a_flood(way: Way) {
    for (name, is_tls, steps) in floods() {
        let (_server, url) = server(is_tls, steps);
        let client = client(&url);
        for (is_signal, status, allowed) in
            [(false, Status::Timeout, TIMEOUT + GRACE), (true, Status::ConnectionLost, TIMEOUT)]
        {
            in_time(name, LATE, || {
                let began = Instant::now();
                let result = if is_signal {
                    client.signal("e", None, Timeout::Request, None)
                } else {
                    way.wait(&client, "e", Some(TIMEOUT))
                };
                let (error, took) = (result.unwrap_err(), began.elapsed());
                assert!(error.timed_out() && took >= TIMEOUT, "{name}: {error:?}");
                // A busy machine may not have let it connect.
                if error.status() == Status::NotSent {
                    return Duration::MAX;
                }
                assert_eq!((error.status(), error.maybe_consumed()), (status, true), "{name}: {error:?}");
                took.saturating_sub(allowed)
            });
        }
    }
}

#[each_way]
fn a_cancel_ends_a_flood(way: Way) {
    for (name, is_tls, steps) in floods() {
        let (server, url) = server(is_tls, steps);
        let client = client(&url);
        let waiting = way.begin(&client, "e", None);
        server.until_requests(1);
        let cancelled = Instant::now();
        if is_tls {
            client.cancel_all();
        } else {
            waiting.cancel();
        }
        let (result, ended) = waiting.end_at();
        expect(name, &result.unwrap_err(), Status::Cancelled, ended.saturating_duration_since(cancelled));
    }
}

extern "C" fn do_nothing(_: libc::c_int) {}

/// Bytes that come one by one leave the call blocked between them, where a signal handler is noticed. A started wait is not
/// interrupted, only the call that collects it.
#[test]
fn an_interruption_ends_a_trickle() {
    let trickle = Step::Trickle(vec![b'x'; 60_000], Duration::from_millis(1));
    let long = Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n".to_vec());
    let (server, url) = server(false, vec![long, trickle]);
    let client = client(&url);
    let waiting = Freezable::spawn(move || client.wait("e", None, None));
    server.until_requests(1);
    let signal = signal_handled_by(do_nothing);
    let began = Instant::now();
    while !waiting.is_finished() {
        waiting.signal(signal);
        thread::sleep(Duration::from_millis(10));
    }
    expect("a trickle", &waiting.join().unwrap_err(), Status::Interrupted, began.elapsed().saturating_sub(LATE));
}

/// They are limited in number and in size, with header lines as without.
#[each_way]
fn interim_answers_without_end_are_refused(way: Way) {
    for interim in ["HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let (_server, url) = server(false, vec![Step::Flood(interim.repeat(5000).into_bytes())]);
        let began = Instant::now();
        let error = way.wait(&client(&url), "e", None).unwrap_err();
        expect(interim, &error, Status::Protocol, began.elapsed());
    }
}

/// A service that takes a large signal slowly, and one that takes nothing of it.
#[test]
fn a_deadline_ends_a_signal_that_is_being_sent() {
    let data = format!("{{\"blob\":\"{}\"}}", "x".repeat(64 << 20));
    for steps in [vec![Step::Ignore], vec![Step::ReadSome; 100_000]] {
        let server = ScriptedServer::always(steps);
        let client = client(&server.http());
        let began = Instant::now();
        let error = client.signal("e", Some(&data), Timeout::Request, None).unwrap_err();
        assert!(matches!(error.status(), Status::NotSent | Status::ConnectionLost) && error.timed_out(), "{error:?}");
        assert!(began.elapsed() < TIMEOUT + 2 * LATE, "{:?}", began.elapsed());
    }
}

/// The service takes nothing of the request, so the call is blocked in sending it.
#[test]
fn a_cancel_ends_a_signal_that_is_being_sent() {
    let server = ScriptedServer::always(vec![Step::Ignore]);
    let client = Client::new(&unhurried(&server.http())).unwrap();
    let theirs = client.clone();
    let data = format!("{{\"blob\":\"{}\"}}", "x".repeat(64 << 20));
    let signaling = Freezable::spawn(move || {
        (theirs.signal("e", Some(&data), Timeout::Request, None).unwrap_err(), Instant::now())
    });
    server.until("the connection", |record| record.connections == 1);
    signaling.until_asleep();
    let cancelled = Instant::now();
    client.cancel_all();
    let (error, ended) = signaling.join();
    assert_eq!((error.status(), error.maybe_consumed()), (Status::Cancelled, false), "{error:?}");
    assert!(ended.saturating_duration_since(cancelled) < LATE, "{:?}", ended - cancelled);
}

/// What the socket holds when the end comes is the answer, also if it came with much else before.
#[each_way]
fn an_answer_that_is_complete_before_the_end_is_taken(way: Way) {
    let chunks = b"1\r\n \r\n".repeat(20_000);
    let mut answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    answer.extend_from_slice(&chunks);
    answer.extend_from_slice(format!("{:x}\r\n{EVENT}\r\n0\r\n\r\n", EVENT.len()).as_bytes());
    let (_server, url) = server(false, vec![Step::Send(answer), Step::Hang]);
    assert_eq!(way.wait(&client(&url), "e", Some(PATIENCE)).unwrap().trim_start(), EVENT);
}
