//! A token, a signal handler and `cancel_all` unblock a call at once, wherever it blocks. An answer that has arrived by
//! then is still returned. On a loaded machine a call may return late, so one of several has to be in time: the bench
//! reports the exact figures.

use super::blocked::{Blocked, everywhere_in_time};
use super::freeze::{Freezable, signal_handled_by};
use anchor::{CancelToken, Client, Error, LogLevel, Status};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};
use testkit::certificates::{Certificate, tls};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Gate, Step, after_request, event, refusal, reply};
use testkit::settings::{client, config};
use testkit::timing::{LATE, in_time};

const LONG: Option<Duration> = Some(Duration::from_secs(25));

#[test]
fn a_token_ends_a_call_wherever_it_blocks() {
    everywhere_in_time(is_wait, |place| {
        let token = CancelToken::new().unwrap();
        let (client, theirs) = (place.client(), token.clone());
        let waiting = Freezable::spawn(move || (client.wait("e", LONG, Some(&theirs)), Instant::now()));
        place.until_reached();
        waiting.until_asleep();
        let cancelled = Instant::now();
        token.cancel();
        expect_cancelled(place, waiting.join(), cancelled)
    });
}

fn is_wait(place: &Blocked) -> bool {
    place.signal_of.is_none()
}

#[test]
fn cancel_all_ends_a_call_wherever_it_blocks() {
    everywhere_in_time(is_any, |place| {
        let client = place.client();
        let (theirs, data) = (client.clone(), place.data());
        let calling = Freezable::spawn(move || {
            let result = match data {
                Some(data) => theirs.signal("e", Some(&data)),
                None => theirs.wait("e", LONG, None),
            };
            (result, Instant::now())
        });
        place.until_reached();
        calling.until_asleep();
        let cancelled = Instant::now();
        client.cancel_all();
        let late = expect_cancelled(place, calling.join(), cancelled);
        assert_eq!(client.stats().cancels, 1, "{}", place.name);
        late
    });
}

fn is_any(_: &Blocked) -> bool {
    true
}

/// Returns how late the call was.
fn expect_cancelled(
    place: &Blocked,
    (result, ended): (Result<String, Error>, Instant),
    cancelled: Instant,
) -> Duration {
    let (name, late) = (place.name, ended.saturating_duration_since(cancelled));
    let error = result.expect_err(name);
    assert_eq!(error.status(), Status::Cancelled, "{name}: {error:?}");
    assert_eq!(error.phase(), Some(place.phase), "{name}: {error:?}");
    assert_eq!(error.maybe_consumed(), place.maybe_consumed, "{name}: {error:?}");
    println!("{name}: {} µs after the cancel", late.as_micros());
    // Where something is left to read, the server's end of a pooled connection stays open, as it should.
    if let Some(server) = place.server().filter(|_| place.maybe_consumed) {
        server.until_left(1);
    }
    late
}

/// The call is frozen in its poll, and finds both the answer and the cancel when it continues.
#[test]
fn an_answer_that_is_in_the_socket_wins_over_a_cancel() {
    for script in [vec![], vec![Step::Handshake(tls(Certificate::Good))]] {
        let (ask, delivered) = (Gate::default(), Gate::default());
        let steps = [Step::Await(ask.clone()), Step::Send(event()), Step::Delivered, Step::Open(delivered.clone())];
        let is_tls = !script.is_empty();
        let script = script.into_iter().chain(after_request(steps)).chain([Step::Hang]).collect();
        let server = ScriptedServer::always(script);
        let client = client(&if is_tls { server.https() } else { server.http() });
        let token = CancelToken::new().unwrap();
        let (theirs, cancel) = (client.clone(), token.clone());
        let waiting = Freezable::spawn(move || theirs.wait("e", LONG, Some(&cancel)));
        server.until_requests(1);
        waiting.while_frozen(|| {
            ask.open();
            delivered.pass();
            token.cancel();
            client.cancel_all();
        });
        assert_eq!(waiting.join().unwrap(), EVENT);
    }
}

/// A wait that is cancelled before or between its requests sends no other: nobody would take its answer.
#[test]
fn nothing_is_sent_after_a_cancel() {
    let server = ScriptedServer::always(vec![Step::AnswerAll(refusal(408))]);
    let token = CancelToken::new().unwrap();
    let cancel = token.clone();
    let mut config = config(&server.http());
    config.set_slice(Duration::from_millis(1)).unwrap().set_log(move |level, _| {
        if level == LogLevel::Info {
            cancel.cancel();
        }
    });
    let client = Client::new(&config).unwrap();
    for requests in [1, 1] {
        let error = client.wait("e", LONG, Some(&token)).unwrap_err();
        assert_eq!((error.status(), error.maybe_consumed()), (Status::Cancelled, false), "{error:?}");
        assert_eq!(server.requests().len(), requests);
    }
}

#[test]
fn a_token_is_sticky_until_it_is_reset() {
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let client = client(&server.http());
    let token = CancelToken::new().unwrap();
    token.cancel();
    for timeout in [LONG, None, Some(Duration::ZERO)] {
        let error = client.wait("e", timeout, Some(&token)).unwrap_err();
        assert_eq!((error.status(), error.attempts(), error.phase()), (Status::Cancelled, 0, None));
    }
    assert_eq!(server.connections(), 0);
    token.reset();
    assert_eq!(client.wait("e", LONG, Some(&token)).unwrap(), EVENT);
}

#[test]
fn a_token_may_be_shared_by_many_waits() {
    in_time("one of twenty waits", LATE, || {
        let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
        let client = client(&server.http());
        let token = CancelToken::new().unwrap();
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let (client, token) = (client.clone(), token.clone());
                thread::spawn(move || (client.wait("e", None, Some(&token)), Instant::now()))
            })
            .collect();
        server.until_requests(20);
        let cancelled = Instant::now();
        token.cancel();
        let late = waiting.into_iter().map(|wait| {
            let (result, ended) = wait.join().unwrap();
            assert_eq!(result.unwrap_err().status(), Status::Cancelled);
            ended.saturating_duration_since(cancelled)
        });
        let latest = late.max().unwrap();
        server.until_left(20);
        latest
    });
}

static CANCELLED_BY_HANDLER: OnceLock<CancelToken> = OnceLock::new();

extern "C" fn cancel_in_handler(_: libc::c_int) {
    if let Some(token) = CANCELLED_BY_HANDLER.get() {
        token.cancel();
    }
}

#[test]
fn a_signal_handler_may_cancel() {
    let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    let client = client(&server.http());
    let token = CANCELLED_BY_HANDLER.get_or_init(|| CancelToken::new().unwrap());
    let signal = signal_handled_by(cancel_in_handler);
    let waiting = Freezable::spawn(move || client.wait("e", None, Some(token)));
    server.until_requests(1);
    waiting.signal(signal);
    assert_eq!(waiting.join().unwrap_err().status(), Status::Cancelled);
    server.until_left(1);
}

#[test]
fn later_calls_are_not_affected_by_cancel_all() {
    let server = ScriptedServer::start(vec![vec![Step::ReadRequest, Step::Hang], vec![Step::AnswerAll(event())]]);
    let client = client(&server.http());
    client.cancel_all();
    let theirs = client.clone();
    let waiting = thread::spawn(move || theirs.wait("first", None, None));
    server.until_requests(1);
    client.cancel_all();
    assert_eq!(waiting.join().unwrap().unwrap_err().status(), Status::Cancelled);
    assert_eq!(client.wait("second", LONG, None).unwrap(), EVENT);
    assert!(client.signal("third", None).is_ok());
}

/// This is how to end a client on which other threads are blocked.
#[test]
fn cancel_all_then_join_then_drop_is_clean() {
    let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    let client = client(&server.http());
    let waiting: Vec<_> = (0..10)
        .map(|_| {
            let client = client.clone();
            thread::spawn(move || client.wait("e", None, None).unwrap_err().status())
        })
        .collect();
    server.until_requests(10);
    client.cancel_all();
    for wait in waiting {
        assert_eq!(wait.join().unwrap(), Status::Cancelled);
    }
    drop(client);
    server.until_left(10);
}

/// A cancelled wait's connection is closed, and the next call gets one of its own.
#[test]
fn a_cancelled_wait_leaves_no_answer_to_the_next_call() {
    let late = after_request([Step::Pause(Duration::from_millis(200)), Step::Send(event()), Step::Hang]);
    let own = r#"{"data":{"own":true}}"#;
    let server = ScriptedServer::start(vec![late, reply(testkit::scripted::script::answer(200, "", own))]);
    let client = client(&server.http());
    let token = CancelToken::new().unwrap();
    let (theirs, cancel) = (client.clone(), token.clone());
    let waiting = thread::spawn(move || theirs.wait("first", LONG, Some(&cancel)));
    server.until_requests(1);
    token.cancel();
    assert_eq!(waiting.join().unwrap().unwrap_err().status(), Status::Cancelled);
    assert_eq!(client.wait("second", LONG, None).unwrap(), own);
    assert_eq!(server.connections(), 2);
}
