//! Every call ends on time, whatever it is doing: at its deadline while nothing was sent, and at the latest a grace later
//! once something was. Upper bounds are generous, for a loaded machine (the bench reports the exact figures); a call that
//! ends too early is a defect on any machine.

use super::blocked::{Blocked, everywhere};
use anchor::{Client, Error, Status};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{Answerer, EVENT, Gate, Step, after_request, answer, event, refusal};
use testkit::settings::{client, config};
use testkit::way::{Way, each_way};

const TIMEOUT: Duration = Duration::from_millis(400);
const GRACE: Duration = Duration::from_millis(300);
/// How late a call may end. On an idle machine it is a millisecond.
const LATE: Duration = Duration::from_millis(250);
const LONG: Option<Duration> = Some(Duration::from_secs(25));

#[each_way]
fn a_wait_ends_in_time_wherever_it_blocks(way: Way) {
    in_parallel(everywhere().into_iter().filter(|place| place.signal_of.is_none()), move |place| {
        place.config.set_grace(GRACE).unwrap();
        let client = place.client();
        let began = Instant::now();
        let result = way.wait(&client, "e", Some(TIMEOUT));
        let allowed = if place.maybe_consumed { TIMEOUT + GRACE } else { TIMEOUT };
        let error = expect_in_time(place, result, began.elapsed(), allowed);
        // The call does not wait for a Retry-After beyond its deadline, so backing off ends it early.
        let expected = match place.maybe_consumed {
            _ if place.name == "backing off" => Status::ServerError,
            true => Status::Timeout,
            false => Status::NotSent,
        };
        assert_eq!(error.status(), expected, "{}: {error:?}", place.name);
        let by_time = expected != Status::ServerError;
        assert_eq!((error.timed_out(), error.last_error().is_some()), (by_time, by_time), "{}: {error:?}", place.name);
    });
}

#[test]
fn a_signal_ends_in_time_wherever_it_blocks() {
    in_parallel(everywhere().into_iter().filter(|place| place.name != "backing off"), |place| {
        // In a debug build a large signal takes a while to start.
        let timeout = if place.signal_of > Some(1000) { 5 * TIMEOUT } else { TIMEOUT };
        place.config.set_request_timeout(timeout).unwrap();
        let (client, data) = (place.client(), place.data());
        let began = Instant::now();
        let result = client.signal("e", data.as_deref());
        let error = expect_in_time(place, result, began.elapsed(), timeout);
        let expected = if place.maybe_consumed { Status::ConnectionLost } else { Status::NotSent };
        assert_eq!(error.status(), expected, "{}: {error:?}", place.name);
    });
}

fn in_parallel(places: impl IntoIterator<Item = Blocked>, check: impl Fn(&mut Blocked) + Copy + Send + 'static) {
    let running: Vec<_> = places.into_iter().map(|mut place| thread::spawn(move || check(&mut place))).collect();
    let failed = running.into_iter().filter_map(|run| run.join().err()).count();
    assert_eq!(failed, 0, "of the calls did not end as they should");
}

fn expect_in_time(place: &Blocked, result: Result<String, Error>, took: Duration, allowed: Duration) -> Error {
    let name = place.name;
    let error = result.expect_err(name);
    assert_eq!(error.phase(), Some(place.phase), "{name}: {error:?}");
    assert_eq!(error.maybe_consumed(), place.maybe_consumed, "{name}: {error:?}");
    assert!(took < allowed + LATE, "{name}: took {took:?} of {allowed:?}");
    assert!(took >= allowed || name == "backing off", "{name}: took only {took:?} of {allowed:?}");
    println!("{name}: {} µs over", took.saturating_sub(allowed).as_micros());
    error
}

/// Connecting has a time limit of its own, within that of the call.
#[each_way]
fn the_connect_timeout_is_within_the_deadline(way: Way) {
    for (connect, attempts) in [(100, 3), (60_000, 1)] {
        let places = everywhere().into_iter().filter(|place| !place.maybe_consumed && place.signal_of.is_none());
        in_parallel(places.filter(|place| place.name != "backing off"), move |place| {
            place.config.set_retries(2).set_connect_timeout(Duration::from_millis(connect)).unwrap();
            let error = way.wait(&place.client(), "e", Some(3 * TIMEOUT)).unwrap_err();
            assert!(error.attempts() <= attempts, "{}: {error:?}", place.name);
            assert_eq!(error.status(), Status::NotSent, "{}: {error:?}", place.name);
            assert_eq!(error.timed_out(), attempts == 1, "{}: {error:?}", place.name);
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
    let took = |way: Way| {
        let began = Instant::now();
        let error = way.wait(&client, "e", Some(timeout)).unwrap_err();
        assert_eq!(error.status(), Status::Timeout, "{way}");
        began.elapsed()
    };
    thread::scope(|scope| {
        let waiting = [Way::Blocking, Way::Started, Way::Queued].map(|way| (way, scope.spawn(move || took(way))));
        for (way, wait) in waiting {
            let took = wait.join().expect("a wait that ends");
            println!("a wait of 10 s, {way}: {} µs over", (took.saturating_sub(timeout)).as_micros());
            assert!((timeout..timeout + LATE).contains(&took), "{way}: took {took:?}");
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
    let server = ScriptedServer::always(vec![Step::AnswerWith(holding())]);
    let mut config = config(&server.http());
    config.set_slice(Duration::from_millis(200)).unwrap();
    let client = Client::new(&config).unwrap();
    let began = Instant::now();
    let error = way.wait(&client, "e", Some(Duration::from_millis(700))).unwrap_err();
    let took = began.elapsed();
    assert_eq!((error.status(), error.http_status()), (Status::Timeout, Some(408)), "{error:?}");
    assert!(!error.maybe_consumed());
    assert!((700..950).contains(&took.as_millis()), "took {took:?}");
    let asked: Vec<u64> = server.requests().iter().map(testkit::scripted::Request::timeout_ms).collect();
    let slices = way.slices(200);
    assert!(asked[..3].iter().all(|asked| slices.contains(asked)), "{asked:?}");
    let remain = 700 - 3 * slices.start();
    assert!(asked.len() == 4 && asked[3] <= remain, "the last slice asks for what remains: {asked:?}");
    assert_eq!(server.connections(), 1);
    assert_eq!(client.stats().rearms, 3);
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
    assert!((29_000..=30_000).contains(&server.requests().last().unwrap().timeout_ms()));
}

/// An answer that is sent at the last moment arrives after it.
#[each_way]
fn an_answer_within_the_grace_is_taken(way: Way) {
    let late = after_request([Step::Pause(TIMEOUT + Duration::from_millis(150)), Step::Send(event()), Step::Hang]);
    let server = ScriptedServer::always(late);
    assert_eq!(way.wait(&client(&server.http()), "e", Some(TIMEOUT)).unwrap(), EVENT);
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
    let server = ScriptedServer::always(after_request(steps));
    let mut config = config(&server.http());
    let client = Client::new(config.set_grace(Duration::ZERO).unwrap()).unwrap();
    let began = Instant::now();
    let waiting = way.begin(&client, "e", Some(Duration::from_secs(2)));
    server.until_requests(1);
    waiting.while_frozen(|| {
        ask.open();
        delivered.pass();
        thread::sleep(Duration::from_secs(2).saturating_sub(began.elapsed()) + Duration::from_millis(50));
    });
    assert_eq!(waiting.end().unwrap(), EVENT);
}

/// A slice that ends without any answer counts as a broken connection: the client closes it and sends the wait again while
/// there is time.
#[each_way]
fn an_unanswered_slice_is_rearmed_on_a_fresh_connection(way: Way) {
    let server = ScriptedServer::start(vec![vec![Step::ReadRequest, Step::Hang], vec![Step::AnswerAll(event())]]);
    let mut config = config(&server.http());
    config.set_slice(Duration::from_millis(100)).unwrap().set_grace(Duration::from_millis(100)).unwrap();
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
    config.set_slice(Duration::from_millis(100)).unwrap().set_grace(Duration::from_millis(100)).unwrap();
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
    let error = client(&server.http()).drain("e").unwrap_err();
    assert_eq!((error.drained, error.source.status()), (2, Status::Unauthorized));
}

/// If somebody signals as fast as it drains, a drain still ends at its request timeout, and reports how many it took.
#[test]
fn an_endless_drain_ends_in_time() {
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let client = Client::new(config(&server.http()).set_request_timeout(TIMEOUT).unwrap()).unwrap();
    let began = Instant::now();
    let error = client.drain("endless").unwrap_err();
    let took = began.elapsed();
    assert_eq!(error.source.status(), Status::Timeout, "{error}");
    assert!(
        error.drained > 1 && error.to_string().ends_with(&format!("(after {} signals were dropped)", error.drained)),
        "{error}"
    );
    assert!((TIMEOUT..TIMEOUT + LATE).contains(&took), "took {took:?}");
}

/// A drain has one limit, though each of its requests could take longer.
#[test]
fn a_drain_of_a_silent_service_ends_at_the_request_timeout() {
    let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    let mut config = config(&server.http());
    let client = Client::new(config.set_request_timeout(TIMEOUT).unwrap()).unwrap();
    let began = Instant::now();
    let error = client.drain("e").unwrap_err();
    assert!((TIMEOUT..TIMEOUT + LATE).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert_eq!((error.drained, error.source.timed_out(), error.source.maybe_consumed()), (0, true, true), "{error:?}");
}

/// To check data takes time, which is the call's.
#[test]
fn checking_large_data_ends_with_the_request_timeout() {
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let mut config = config(&server.http());
    let client = Client::new(config.set_request_timeout(Duration::from_millis(1)).unwrap()).unwrap();
    let data = format!("{{\"a\":[{}1]}}", "1,".repeat(32 << 20));
    let began = Instant::now();
    let error = client.signal("e", Some(&data)).unwrap_err();
    assert!(began.elapsed() < LATE, "{:?}", began.elapsed());
    assert_eq!((error.status(), error.timed_out(), error.attempts()), (Status::NotSent, true, 0), "{error:?}");
    assert_eq!(server.connections(), 0);
}
