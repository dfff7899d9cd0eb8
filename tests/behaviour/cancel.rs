//! A cancel, by a token or of a started wait, a signal handler and `cancel_all` unblock a call at once, wherever it blocks. An answer that has arrived by
//! then is still returned. On a loaded machine a call may return late, so one of several has to be in time: the bench
//! reports the exact figures.

use super::blocked::{Blocked, everywhere_in_time, is_not_backing_off, is_wait};
use anchor::{CancelToken, Client, Error, LogLevel, Status, Timeout};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};
use testkit::certificates::{Certificate, tls};
use testkit::freeze::{Freezable, signal_handled_by};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Gate, Step, after_request, event, refusal, reply};
use testkit::settings::{client, config};
use testkit::timing::{LATE, in_time};
use testkit::way::{Canceller, Way, each_way};

/// Much longer than the longest pause that a server asks for here.
const LONG: Option<Duration> = Some(Duration::from_secs(60));

#[each_way]
fn a_cancel_ends_a_wait_wherever_it_blocks(way: Way) {
    everywhere_in_time(is_wait, move |place| {
        let waiting = way.begin(&place.client(), "e", LONG);
        place.until_reached();
        waiting.until_asleep();
        let cancelled = Instant::now();
        waiting.cancel();
        expect_cancelled(place, waiting.end_at(), cancelled)
    });
}

#[each_way]
fn cancel_all_ends_a_wait_wherever_it_blocks(way: Way) {
    everywhere_in_time(is_wait, move |place| {
        let client = place.client();
        let waiting = way.begin(&client, "e", LONG);
        place.until_reached();
        waiting.until_asleep();
        let cancelled = Instant::now();
        client.cancel_all();
        let late = expect_cancelled(place, waiting.end_at(), cancelled);
        assert_eq!(client.stats().cancels, 1, "{}", place.name);
        late
    });
}

#[test]
fn cancel_all_ends_a_signal_wherever_it_blocks() {
    a_signal_is_cancelled(|client, _| client.cancel_all());
}

#[test]
fn a_token_ends_a_signal_without_limit_wherever_it_blocks() {
    a_signal_is_cancelled(|_, token| token.cancel());
}

fn a_signal_is_cancelled(cancel: fn(&Client, &CancelToken)) {
    everywhere_in_time(is_not_backing_off, move |place| {
        let (client, token) = (place.client(), CancelToken::new().unwrap());
        let (theirs, data, its_token) = (client.clone(), place.data(), token.clone());
        let signaling = Freezable::spawn(move || {
            (theirs.signal("e", data.as_deref(), Timeout::Never, Some(&its_token)), Instant::now())
        });
        place.until_reached();
        signaling.until_asleep();
        let cancelled = Instant::now();
        cancel(&client, &token);
        let late = expect_cancelled(place, signaling.join(), cancelled);
        assert_eq!(client.stats().cancels, 1, "{}", place.name);
        late
    });
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

/// The wait is frozen, and finds both the answer and the cancel when it continues.
#[each_way]
fn an_answer_that_is_in_the_socket_wins_over_a_cancel(way: Way) {
    if !way.may_freeze("cancel::an_answer_that_is_in_the_socket_wins_over_a_cancel") {
        return;
    }
    for script in [vec![], vec![Step::Handshake(tls(Certificate::Good))]] {
        let (ask, delivered) = (Gate::default(), Gate::default());
        let steps = [Step::Await(ask.clone()), Step::Send(event()), Step::Delivered, Step::Open(delivered.clone())];
        let is_tls = !script.is_empty();
        let script = script.into_iter().chain(after_request(steps)).chain([Step::Hang]).collect();
        let server = ScriptedServer::always(script);
        let client = client(&if is_tls { server.https() } else { server.http() });
        let waiting = way.begin(&client, "e", LONG);
        server.until_requests(1);
        waiting.while_frozen(|| {
            ask.open();
            delivered.pass();
            waiting.cancel();
            client.cancel_all();
        });
        assert_eq!(waiting.end().unwrap(), EVENT);
    }
}

/// A wait that is cancelled between its requests, here by the log callback, sends no other: nobody would take its answer.
#[each_way]
fn nothing_is_sent_after_a_cancel(way: Way) {
    let ask = Gate::default();
    let script = after_request([Step::Await(ask.clone()), Step::Send(refusal(408)), Step::AnswerAll(refusal(408))]);
    let server = ScriptedServer::always(script);
    let canceller = Arc::new(OnceLock::<Canceller>::new());
    let theirs = Arc::clone(&canceller);
    let mut config = config(&server.http());
    config.set_slice(Duration::from_millis(1)).unwrap().set_log(move |level, _| {
        if level == LogLevel::Info {
            theirs.get().expect("nothing was answered before").cancel();
        }
    });
    let client = Client::new(&config).unwrap();
    let waiting = way.begin(&client, "e", LONG);
    assert!(canceller.set(waiting.canceller()).is_ok());
    ask.open();
    let error = waiting.end().unwrap_err();
    assert_eq!((error.status(), error.maybe_consumed()), (Status::Cancelled, false), "{error:?}");
    assert_eq!(server.requests().len(), 1);
}

/// A token is for any number of calls. A started wait has a cancel of its own.
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

/// What the handler of each way cancels.
static CANCELLED_BY_HANDLER: [OnceLock<Canceller>; 3] = [const { OnceLock::new() }; 3];

extern "C" fn cancel_in_handler<const WAY: usize>(_: libc::c_int) {
    if let Some(canceller) = CANCELLED_BY_HANDLER[WAY].get() {
        canceller.cancel();
    }
}

#[each_way]
fn a_signal_handler_may_cancel(way: Way) {
    let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    let waiting = way.begin(&client(&server.http()), "e", None);
    assert!(CANCELLED_BY_HANDLER[way as usize].set(waiting.canceller()).is_ok());
    let handlers = [cancel_in_handler::<0>, cancel_in_handler::<1>, cancel_in_handler::<2>];
    let signal = signal_handled_by(handlers[way as usize]);
    server.until_requests(1);
    waiting.signal(signal);
    assert_eq!(waiting.end().unwrap_err().status(), Status::Cancelled);
    server.until_left(1);
}

#[each_way]
fn later_calls_are_not_affected_by_cancel_all(way: Way) {
    let server = ScriptedServer::start(vec![vec![Step::ReadRequest, Step::Hang], vec![Step::AnswerAll(event())]]);
    let client = client(&server.http());
    client.cancel_all();
    let waiting = way.begin(&client, "first", None);
    server.until_requests(1);
    client.cancel_all();
    assert_eq!(waiting.end().unwrap_err().status(), Status::Cancelled);
    assert_eq!(way.wait(&client, "second", LONG).unwrap(), EVENT);
    assert!(client.signal("third", None, Timeout::Request, None).is_ok());
}

/// This is how to end a client on which other threads are blocked, or which waits in the background.
#[each_way]
fn cancel_all_then_join_then_drop_is_clean(way: Way) {
    let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    let client = client(&server.http());
    let waiting: Vec<_> = (0..10).map(|_| way.begin(&client, "e", None)).collect();
    server.until_requests(10);
    client.cancel_all();
    for wait in waiting {
        assert_eq!(wait.end().unwrap_err().status(), Status::Cancelled);
    }
    drop(client);
    server.until_left(10);
}

/// A cancelled wait's connection is closed, and the next call gets one of its own.
#[each_way]
fn a_cancelled_wait_leaves_no_answer_to_the_next_call(way: Way) {
    let cancelled = Gate::default();
    let late = after_request([Step::Await(cancelled.clone()), Step::Send(event()), Step::Hang]);
    let own = r#"{"data":{"own":true}}"#;
    let server = ScriptedServer::start(vec![late, reply(testkit::scripted::script::answer(200, "", own))]);
    let client = client(&server.http());
    let waiting = way.begin(&client, "first", LONG);
    server.until_requests(1);
    waiting.cancel();
    assert_eq!(waiting.end().unwrap_err().status(), Status::Cancelled);
    cancelled.open();
    assert_eq!(way.wait(&client, "second", LONG).unwrap(), own);
    assert_eq!(server.connections(), 2);
}
