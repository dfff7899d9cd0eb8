//! Every call ends on time, whatever it is doing: at its deadline while nothing was sent, and at the latest a grace later
//! once something was. On a loaded machine a call may end late, so one of several has to end in time (the bench reports the
//! exact figures); a call that ends too early is a defect on any machine.

use super::blocked::{Blocked, everywhere, everywhere_in_time, is_not_backing_off, is_wait};
use anchor::{Client, Error, Status, Timeout};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{Answerer, EVENT, Gate, Script, Step, after_request, answer, event, refusal};
use testkit::settings::{client, config};
use testkit::timing::{LATE, in_time};
use testkit::way::{Way, each_way};

const TIMEOUT: Duration = Duration::from_millis(400);
const GRACE: Duration = Duration::from_millis(300);
const LONG: Option<Duration> = Some(Duration::from_secs(25));

#[each_way]
fn a_wait_ends_in_time_wherever_it_blocks(way: Way) {
    everywhere_in_time(is_wait, move |place| {
        place.config.set_grace(GRACE).unwrap();
        let client = place.client();
        let began = Instant::now();
        let result = way.wait(&client, "e", Some(TIMEOUT));
        let allowed = if place.maybe_consumed { TIMEOUT + GRACE } else { TIMEOUT };
        let took = began.elapsed();
        // What ended early has read the answer, which the server may not have noted yet. A refusal that came late is another case.
        if took >= TIMEOUT && (!place.is_reached() || place.name == "backing off") {
            return Duration::MAX;
        }
        let error = expect_failure(place, result, took, allowed);
        // The call does not wait for a Retry-After beyond its deadline, so backing off ends it early.
        let expected = match place.maybe_consumed {
            _ if place.name == "backing off" => Status::ServerError,
            true => Status::Timeout,
            false => Status::NotSent,
        };
        assert_eq!(error.status(), expected, "{}: {error:?}", place.name);
        let by_time = expected != Status::ServerError;
        assert_eq!((error.timed_out(), error.last_error().is_some()), (by_time, by_time), "{}: {error:?}", place.name);
        took.saturating_sub(allowed)
    });
}

#[test]
fn a_signal_ends_in_time_wherever_it_blocks() {
    a_signal_ends_in_time(|place, timeout| {
        place.config.set_request_timeout(timeout).unwrap();
        Timeout::Request
    });
}

#[test]
fn a_signal_ends_at_a_timeout_of_its_own() {
    a_signal_ends_in_time(|_, timeout| timeout.into());
}

fn a_signal_ends_in_time(limit: fn(&mut Blocked, Duration) -> Timeout) {
    everywhere_in_time(is_not_backing_off, move |place| {
        // In a debug build a large signal takes a while to start.
        let timeout = if place.signal_of > Some(1000) { 5 * TIMEOUT } else { TIMEOUT };
        let limit = limit(place, timeout);
        let (client, data) = (place.client(), place.data());
        let began = Instant::now();
        let result = client.signal("e", data.as_deref(), limit, None);
        let took = began.elapsed();
        if !place.is_reached() {
            return Duration::MAX;
        }
        let error = expect_failure(place, result, took, timeout);
        let expected = if place.maybe_consumed { Status::ConnectionLost } else { Status::NotSent };
        assert_eq!(error.status(), expected, "{}: {error:?}", place.name);
        took.saturating_sub(timeout)
    });
}

fn expect_failure(place: &Blocked, result: Result<String, Error>, took: Duration, allowed: Duration) -> Error {
    let name = place.name;
    let error = result.expect_err(name);
    assert_eq!(error.phase(), Some(place.phase), "{name}: {error:?}");
    assert_eq!(error.maybe_consumed(), place.maybe_consumed, "{name}: {error:?}");
    assert!(took >= allowed || name == "backing off", "{name}: took only {took:?} of {allowed:?}");
    println!("{name}: {} µs over", took.saturating_sub(allowed).as_micros());
    error
}

/// Connecting has a time limit of its own, within that of the call.
#[each_way]
fn the_connect_timeout_is_within_the_deadline(way: Way) {
    for (connect, timeout, attempts) in [(100, LONG, 3), (60_000, Some(3 * TIMEOUT), 1)] {
        let places = everywhere().into_iter().filter(|place| !place.maybe_consumed && place.signal_of.is_none());
        let check = |mut place: Blocked| {
            place.config.set_retries(2).set_connect_timeout(Duration::from_millis(connect)).unwrap();
            let error = way.wait(&place.client(), "e", timeout).unwrap_err();
            assert!(error.attempts() <= attempts, "{}: {error:?}", place.name);
            assert_eq!(error.status(), Status::NotSent, "{}: {error:?}", place.name);
            assert_eq!(error.timed_out(), attempts == 1, "{}: {error:?}", place.name);
        };
        thread::scope(|scope| {
            for place in places.filter(is_not_backing_off) {
                scope.spawn(|| check(place));
            }
        });
    }
}

/// The kernel ends a long poll 0.1 % late, so the last part of a long wait is a poll of its own. The ways wait at once.
#[test]
fn a_wait_of_several_seconds_ends_on_time() {
    let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    let mut config = config(&server.http());
    let client = Client::new(config.set_grace(Duration::ZERO).unwrap()).unwrap();
    let timeout = Duration::from_secs(10);
    let late = |way: Way| {
        let began = Instant::now();
        let error = way.wait(&client, "e", Some(timeout)).unwrap_err();
        let took = began.elapsed();
        assert_eq!(error.status(), Status::Timeout, "{way}");
        assert!(took >= timeout, "{way}: took only {took:?}");
        println!("a wait of 10 s, {way}: {} µs over", (took - timeout).as_micros());
        took - timeout
    };
    thread::scope(|scope| {
        for way in [Way::Blocking, Way::Started, Way::Queued] {
            scope.spawn(move || in_time(&format!("a wait of 10 s, {way}"), LATE, || late(way)));
        }
    });
}

/// A service that holds a wait as long as the request asks for.
fn holding() -> Answerer {
    Arc::new(|request| {
        thread::sleep(Duration::from_millis(request.timeout_ms()));
        refusal(408)
    })
}

#[each_way]
fn a_wait_is_made_of_slices(way: Way) {
    let timeout = Duration::from_millis(700);
    in_time("a wait of four slices", LATE, || {
        let server = ScriptedServer::always(vec![Step::AnswerWith(holding())]);
        let mut config = config(&server.http());
        config.set_slice(Duration::from_millis(200)).unwrap();
        let client = Client::new(&config).unwrap();
        let began = Instant::now();
        let error = way.wait(&client, "e", Some(timeout)).unwrap_err();
        let took = began.elapsed();
        assert!(took >= timeout, "took only {took:?}");
        let asked: Vec<u64> = server.requests().iter().map(testkit::scripted::Request::timeout_ms).collect();
        println!("asked for {asked:?}");
        // A slice that a busy machine answers late leaves less time for the others.
        let (slices, remain) = (way.slices(200), 700 - 3 * way.slices(200).start());
        let [first, second, third, last] = asked[..] else { return Duration::MAX };
        if [first, second, third].iter().any(|asked| !slices.contains(asked)) || last > remain {
            return Duration::MAX;
        }
        assert_eq!((error.status(), error.http_status()), (Status::Timeout, Some(408)), "{error:?}");
        assert!(!error.maybe_consumed());
        assert_eq!((server.connections(), client.stats().rearms), (1, 3));
        took - timeout
    });
}

#[each_way]
fn an_unlimited_wait_asks_for_slice_after_slice(way: Way) {
    let answers = [refusal(408), refusal(408), event()];
    let steps = answers
        .into_iter()
        .flat_map(|answer| [Step::ReadRequest, Step::Pause(Duration::from_millis(60)), Step::Send(answer)]);
    let server = ScriptedServer::always(steps.chain([Step::Hang]).collect());
    let mut config = config(&server.http());
    config.set_slice(Duration::from_millis(50)).unwrap();
    assert_eq!(way.wait(&Client::new(&config).unwrap(), "e", None).unwrap(), EVENT);
    let asked: Vec<u64> = server.requests().iter().map(testkit::scripted::Request::timeout_ms).collect();
    assert!(asked.len() == 3 && asked.iter().all(|asked| way.slices(50).contains(asked)), "{asked:?}");
}

#[each_way]
fn the_default_slice_is_fifty_seconds(way: Way) {
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let client = client(&server.http());
    let default = way.slices(50_000);
    for (timeout, asked) in
        [(None, default.clone()), (Some(Duration::MAX), default), (Some(Duration::from_micros(1)), 1..=1)]
    {
        way.wait(&client, "e", timeout).unwrap();
        assert!(asked.contains(&server.requests().last().unwrap().timeout_ms()), "{timeout:?}");
    }
    way.wait(&client, "e", Some(Duration::from_secs(30))).unwrap();
    assert!((15_000..=30_000).contains(&server.requests().last().unwrap().timeout_ms()), "the time that is left");
}

/// Answers a first call, so that there is a connection: a busy machine may not make one within the timeout of the second call.
fn after_a_first_call(steps: impl IntoIterator<Item = Step>) -> Script {
    after_request([Step::Send(event()), Step::ReadRequest].into_iter().chain(steps))
}

/// An answer that is sent at the last moment arrives after it.
#[each_way]
fn an_answer_within_the_grace_is_taken(way: Way) {
    let timeout = Duration::from_millis(500);
    let late = [Step::Pause(timeout + Duration::from_millis(150)), Step::Send(event()), Step::Hang];
    let server = ScriptedServer::always(after_a_first_call(late));
    let client_of_it = client(&server.http());
    for timeout in [LONG, Some(timeout)] {
        assert_eq!(way.wait(&client_of_it, "e", timeout).unwrap(), EVENT);
    }
    let server = ScriptedServer::always(after_request([
        Step::Pause(Duration::from_millis(300)),
        Step::Send(event()),
        Step::Hang,
    ]));
    assert_eq!(way.wait(&client(&server.http()), "e", Some(Duration::ZERO)).unwrap(), EVENT);
    assert_eq!(server.requests()[0].timeout_ms(), 1);
}

/// The wait is frozen until long after its deadline, and finds the answer when it continues.
#[each_way]
fn an_answer_that_is_in_the_socket_wins_over_the_deadline(way: Way) {
    if !way.may_freeze("deadlines::an_answer_that_is_in_the_socket_wins_over_the_deadline") {
        return;
    }
    let (ask, delivered) = (Gate::default(), Gate::default());
    let steps =
        [Step::Await(ask.clone()), Step::Send(event()), Step::Delivered, Step::Open(delivered.clone()), Step::Hang];
    let server = ScriptedServer::always(after_a_first_call(steps));
    let mut config = config(&server.http());
    let client = Client::new(config.set_grace(Duration::ZERO).unwrap()).unwrap();
    assert_eq!(way.wait(&client, "first", LONG).unwrap(), EVENT);
    let (began, timeout) = (Instant::now(), Duration::from_secs(4));
    let waiting = way.begin(&client, "e", Some(timeout));
    server.until_requests(2);
    waiting.while_frozen(|| {
        ask.open();
        delivered.pass();
        // The deadline counts from a moment after this one began.
        thread::sleep(timeout.saturating_sub(began.elapsed()) + Duration::from_millis(500));
    });
    assert_eq!(waiting.end().unwrap(), EVENT);
}

/// A slice that ends without any answer counts as a broken connection: the client closes it and sends the wait again while
/// there is time.
#[each_way]
fn an_unanswered_slice_is_rearmed_on_a_fresh_connection(way: Way) {
    let server = ScriptedServer::start(vec![vec![Step::ReadRequest, Step::Hang], vec![Step::AnswerAll(event())]]);
    let mut config = config(&server.http());
    config.set_slice(Duration::from_millis(100)).unwrap().set_grace(Duration::from_secs(2)).unwrap();
    assert_eq!(way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap(), EVENT);
    assert_eq!(server.connections(), 2);
    server.until_left(1);
    let without_rearm = Client::new(config.set_rearm(false)).unwrap();
    assert!(way.wait(&without_rearm, "e", LONG).is_ok());
}

#[each_way]
fn without_rearm_an_unanswered_slice_is_a_lost_connection(way: Way) {
    let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    let mut config = config(&server.http());
    config.set_slice(Duration::from_millis(100)).unwrap().set_grace(GRACE).unwrap();
    let error = way.wait(&Client::new(config.set_rearm(false)).unwrap(), "e", LONG).unwrap_err();
    assert_eq!((error.status(), error.maybe_consumed()), (Status::ConnectionLost, true), "{error:?}");
    assert_eq!(error.attempts(), 1);
}

/// A drain is a series of waits of zero, and ends with the first that finds nothing.
#[test]
fn a_drain_counts_what_it_took_before_it_failed() {
    let steps = vec![
        Step::ReadRequest,
        Step::Send(event()),
        Step::ReadRequest,
        Step::Send(answer(200, "", EVENT)),
        Step::ReadRequest,
        Step::Send(refusal(401)),
        Step::Hang,
    ];
    let server = ScriptedServer::always(steps);
    let error = client(&server.http()).drain("e", Timeout::Request, None).unwrap_err();
    assert_eq!((error.drained, error.source.status()), (2, Status::Unauthorized));
}

/// If somebody signals as fast as it drains, a drain still ends at its request timeout, and reports how many it took.
#[test]
fn an_endless_drain_ends_in_time() {
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let client = Client::new(config(&server.http()).set_request_timeout(TIMEOUT).unwrap()).unwrap();
    // From now on there is a connection.
    client.wait("endless", LONG, None).unwrap();
    in_time("an endless drain", LATE, || {
        let began = Instant::now();
        let error = client.drain("endless", Timeout::Request, None).unwrap_err();
        let took = began.elapsed();
        assert!(took >= TIMEOUT, "took only {took:?}");
        assert_eq!(error.source.status(), Status::Timeout, "{error}");
        assert!(error.to_string().ends_with(&format!("(after {} signals were dropped)", error.drained)), "{error}");
        if error.drained > 1 { took - TIMEOUT } else { Duration::MAX }
    });
}

/// A drain has one limit, though each of its requests could take longer.
#[test]
fn a_drain_of_a_silent_service_ends_at_the_request_timeout() {
    in_time("a drain", LATE, || {
        let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
        let mut config = config(&server.http());
        let client = Client::new(config.set_request_timeout(TIMEOUT).unwrap()).unwrap();
        let began = Instant::now();
        let error = client.drain("e", Timeout::Request, None).unwrap_err();
        let took = began.elapsed();
        assert!(took >= TIMEOUT, "took only {took:?}");
        if server.requests().is_empty() {
            return Duration::MAX;
        }
        let found = (error.drained, error.source.timed_out(), error.source.maybe_consumed());
        assert_eq!(found, (0, true, true), "{error:?}");
        took - TIMEOUT
    });
}

#[test]
fn a_signal_needs_time() {
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let client = client(&server.http());
    let error = client.signal("e", None, Duration::ZERO.into(), None).unwrap_err();
    assert_eq!(
        (error.status(), error.message()),
        (Status::InvalidArgument, "timeout is 0, in which nothing can be sent")
    );
    client.signal("e", None, Duration::MAX.into(), None).unwrap();
    client.signal("e", None, Timeout::Never, None).unwrap();
    assert_eq!(server.requests().len(), 2);
}

/// It reads the answer even though its time was over before it asked.
#[test]
fn a_drain_without_time_asks_once() {
    let two = vec![Step::AnswerAll(event())];
    let none = vec![Step::AnswerAll(refusal(408))];
    for (script, drained, status) in [(two, 1, Some(Status::Timeout)), (none, 0, None)] {
        let server = ScriptedServer::always(script);
        let outcome = client(&server.http()).drain("e", Duration::ZERO.into(), None);
        match outcome {
            Ok(count) => assert_eq!((count, None), (drained, status)),
            Err(e) => assert_eq!((e.drained, Some(e.source.status())), (drained, status)),
        }
        assert_eq!(server.requests().len(), 1);
    }
}

/// To check data takes time, which is the call's.
#[test]
fn checking_large_data_ends_with_the_request_timeout() {
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let mut config = config(&server.http());
    let client = Client::new(config.set_request_timeout(Duration::from_millis(1)).unwrap()).unwrap();
    let data = format!("{{\"a\":[{}1]}}", "1,".repeat(32 << 20));
    in_time("checking data", LATE, || {
        let began = Instant::now();
        let error = client.signal("e", Some(&data), Timeout::Request, None).unwrap_err();
        assert_eq!((error.status(), error.timed_out(), error.attempts()), (Status::NotSent, true, 0), "{error:?}");
        began.elapsed()
    });
    assert_eq!(server.connections(), 0);
}
