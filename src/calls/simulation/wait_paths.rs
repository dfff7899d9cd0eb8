//! Each way through the rules of a wait, as tables: who answers what, and how the call ends.

use super::super::wait::{Slices, Wait};
use super::super::{Reason, Step, signal};
use super::script::*;
use super::{Run, check, ends, settings, simulate};
use crate::config::{Config, Retries};
use crate::error::{Origin, Phase};
use crate::http::FailureKind::{
    Broken, Cancelled, Exhausted, Malformed, NotPermitted, TlsRefused, TooLarge, UnknownHost,
};
use crate::status::Status;
use std::time::{Duration, Instant};

/// A pause is random, and may end so shortly before the deadline that a request which takes its time would be late.
fn not_signaled_at_once() -> Scripted {
    not_signaled().before(Duration::ZERO).held(Duration::ZERO)
}

/// The grace by default.
pub(super) const GRACE: Duration = Duration::from_secs(2);

pub(super) fn wait_with(config: &Config, timeout: Option<Duration>, script: &Script) -> Run {
    let began = Instant::now();
    let (mut rules, first) = Wait::begin(config.policy(), timeout, began, Slices::Whole);
    simulate(&mut rules, first, began, script)
}

pub(super) fn wait(timeout: Duration, outcomes: impl Into<Vec<Scripted>>) -> Run {
    wait_with(&Config::bare(), Some(timeout), &Script::new(outcomes))
}

pub(super) fn with_retries(retries: Retries) -> Config {
    settings(|config| config.retries = retries)
}

/// A wait of a minute that may try again so often.
pub(super) fn retrying(retries: Retries, outcomes: impl Into<Vec<Scripted>>) -> Run {
    wait_with(&with_retries(retries), Some(MINUTE), &Script::new(outcomes))
}

pub(super) fn without_rearm(timeout: Duration, outcomes: impl Into<Vec<Scripted>>) -> Run {
    wait_with(&settings(|config| config.rearm = false), Some(timeout), &Script::new(outcomes))
}

#[test]
fn an_event_or_none() {
    let held = |time| not_signaled().held(time);
    check([
        ("an event at once", wait(MINUTE, [event()]), ends(Status::Ok).after(1).at(2 * MILLI)),
        ("an event late", wait(MINUTE, [event().held(40 * SECOND)]), ends(Status::Ok).after(1)),
        ("in the second slice", wait(MINUTE, [held(50 * SECOND), event().held(SECOND)]), ends(Status::Ok).after(2)),
        ("within the grace", wait(SECOND, [event().held(2999 * MILLI)]), ends(Status::Ok).at(3 * SECOND)),
        (
            "408 at the deadline",
            wait(10 * SECOND, [held(10 * SECOND)]),
            ends(Status::Timeout).after(1).timed_out().at(10 * SECOND + MILLI),
        ),
        (
            "408 of the last slice",
            wait(MINUTE, [held(50 * SECOND), held(10 * SECOND)]),
            ends(Status::Timeout).after(2).timed_out(),
        ),
        (
            "408 before the deadline, then the event",
            wait(MINUTE, [held(2 * SECOND), event()]),
            ends(Status::Ok).after(2).at(2 * SECOND + 3 * MILLI),
        ),
        (
            "408 at once, for ever",
            wait(MINUTE, [not_signaled()]),
            ends(Status::Timeout).timed_out().at_or_with_the_last_answer(MINUTE),
        ),
        (
            "silence",
            wait(10 * SECOND, [silent()]),
            ends(Status::Timeout).after(1).consumed().timed_out().at(10 * SECOND + GRACE),
        ),
        ("a black hole", wait(5 * SECOND, [black_hole()]), ends(Status::NotSent).after(1).timed_out().at(5 * SECOND)),
    ]);
}

#[test]
fn the_services_408_is_the_answer_at_the_deadline() {
    for run in [wait(SECOND, [not_signaled().held(SECOND)]), wait(SECOND, [not_signaled_at_once()])] {
        let error = run.error();
        assert_eq!((error.http_status(), error.origin(), error.last_error()), (Some(408), Origin::Service, None));
    }
    let run = wait(SECOND, [not_signaled().held(900 * MILLI), unsent(Broken)]);
    assert_eq!((run.error().http_status(), run.error().origin()), (None, Origin::Client), "the last word was another");
    assert_eq!(run.error().last_error(), Some("scripted Broken"));
}

#[test]
fn each_slice_asks_for_what_remains() {
    let run = wait(2 * MINUTE, [not_signaled().held(50 * SECOND), not_signaled().held(HOUR)]);
    let bodies: Vec<&str> = run.requests.iter().map(|made| made.body.as_str()).collect();
    assert_eq!(bodies[..2], [r#"{"timeoutMs":50000}"#; 2]);
    assert!(run.requests[1].request.is_rearm && !run.requests[0].request.is_rearm);
    for (timeout, asked) in [(Some(Duration::ZERO), 1), (Some(Duration::from_micros(2_001)), 3), (None, 50_000)] {
        let run = wait_with(&Config::bare(), timeout, &Script::new([event()]));
        assert_eq!(run.requests[0].body, format!("{{\"timeoutMs\":{asked}}}"));
    }
}

/// A quick 'not yet' does not make the wait ask more often.
#[test]
fn a_service_that_does_not_wait_is_throttled() {
    let run = wait(MINUTE, [not_signaled_at_once()]);
    assert!(run.pauses.iter().all(|paused| paused.reason == Reason::Rearm), "{run:?}");
    assert_eq!(run.pauses.len(), run.requests.len());
    // 100 ms at least, and 5 s at most after the sixth.
    assert!((12..=600).contains(&run.requests.len()), "{} requests", run.requests.len());
    let run = wait(MINUTE, [not_signaled().held(SECOND)]);
    assert_eq!(run.pauses.len(), 0, "a service that holds a second is asked again at once");
}

#[test]
fn what_is_final() {
    let at_once = |outcome: Scripted| wait(HOUR, [unsent(Broken), outcome, event()]);
    check([
        ("400", at_once(refused(400)), ends(Status::BadRequest).after(2)),
        ("401", at_once(refused(401)), ends(Status::Unauthorized).after(2)),
        ("403", at_once(refused(403)), ends(Status::Forbidden).after(2)),
        ("404", at_once(refused(404)), ends(Status::NotFound).after(2)),
        ("500", at_once(refused(500)), ends(Status::ServerError).after(2)),
        ("500 of a gateway", at_once(gateway(500)), ends(Status::ServerError).after(2).consumed()),
        ("302", at_once(refused(302)), ends(Status::HttpError).after(2)),
        ("not of the API", at_once(not_api()), ends(Status::Protocol).after(2).consumed()),
        ("not HTTP", at_once(lost(Malformed)), ends(Status::Protocol).after(2).consumed()),
        ("too large", at_once(lost(TooLarge)), ends(Status::ResponseTooLarge).after(2).consumed()),
        ("no memory for the answer", at_once(lost(Exhausted)), ends(Status::OutOfMemory).after(2).consumed()),
        ("not permitted", at_once(unsent(NotPermitted)), ends(Status::NotSent).after(2)),
        ("a certificate", at_once(unsent(TlsRefused)), ends(Status::Tls).after(2)),
        ("an alert after the request", at_once(lost(TlsRefused)), ends(Status::Tls).after(2).consumed()),
        ("cancelled, held", at_once(lost(Cancelled)), ends(Status::Cancelled).after(2).consumed()),
        ("cancelled, not sent", at_once(unsent(Cancelled)), ends(Status::Cancelled).after(2)),
    ]);
}

/// Safe to repeat is said of the whole call, and not of its last request.
#[test]
fn after_an_unanswered_request() {
    let end = |outcomes: Vec<Scripted>| retrying(Retries::AtMost(1), outcomes);
    let lost_first = |outcome: Scripted| end(vec![lost(Broken), outcome]);
    let lost_then = ends(Status::ConnectionLost).after(2).consumed();
    check([
        ("a certificate", lost_first(unsent(TlsRefused)), lost_then),
        ("an alert after the request", lost_first(lost(TlsRefused)), lost_then),
        ("refused", lost_first(unsent(Broken)), lost_then),
        ("no such host", lost_first(unsent(UnknownHost)), lost_then),
        ("not permitted", lost_first(unsent(NotPermitted)), lost_then),
        ("behind a gateway's 502", end(vec![gateway(502), unsent(Broken)]), lost_then),
        ("401", lost_first(refused(401)), ends(Status::Unauthorized).after(2).consumed()),
        ("an answered one before", end(vec![refused(429), unsent(Broken)]), ends(Status::NotSent).after(2)),
        ("a gateway's 408 before", end(vec![gateway(408), unsent(TlsRefused)]), ends(Status::Tls).after(2)),
        (
            "408 at the deadline",
            wait(MINUTE, [lost(Broken), not_signaled().held(50 * SECOND), not_signaled().held(MINUTE)]),
            ends(Status::Timeout).consumed().timed_out(),
        ),
        (
            "time over in an outage",
            wait(MINUTE, [lost(Broken), unsent(Broken)]),
            ends(Status::Timeout).consumed().timed_out().at(MINUTE),
        ),
    ]);
}

#[test]
fn rearm_off() {
    let five_seconds = 5 * SECOND;
    check([
        ("broken", without_rearm(MINUTE, [lost(Broken), event()]), ends(Status::ConnectionLost).after(1).consumed()),
        ("a gateway's 502", without_rearm(MINUTE, [gateway(502)]), ends(Status::ServerError).after(1).consumed()),
        (
            "a slice without an answer",
            without_rearm(HOUR, [silent()]),
            ends(Status::ConnectionLost).after(1).consumed().at(52 * SECOND),
        ),
        (
            "silence until the deadline and the grace",
            without_rearm(five_seconds, [silent()]),
            ends(Status::Timeout).after(1).consumed().timed_out().at(five_seconds + GRACE),
        ),
        ("408", without_rearm(MINUTE, [not_signaled().held(SECOND), event()]), ends(Status::Ok).after(2)),
        ("503 of the service", without_rearm(MINUTE, [refused(503), event()]), ends(Status::Ok).after(2)),
        ("an outage", without_rearm(MINUTE, [unsent(Broken), event()]), ends(Status::Ok).after(2)),
    ]);
    let run = without_rearm(MINUTE, [event()]);
    assert_eq!(run.requests[0].request.max_idle, signal::SAFE_IDLE);
}

#[test]
fn ended_from_outside() {
    let during = |outcome: Scripted, at| Script::new([outcome]).cancelled(at);
    let end = |script: &Script| wait_with(&Config::bare(), Some(MINUTE), script);
    check([
        ("before the call", end(&during(event(), Duration::ZERO)), ends(Status::Cancelled).after(0)),
        (
            "while it is held",
            end(&during(silent(), 7 * SECOND)),
            ends(Status::Cancelled).after(1).consumed().at(7 * SECOND),
        ),
        ("while connecting", end(&during(black_hole(), SECOND)), ends(Status::Cancelled).after(1).at(SECOND)),
        ("in a pause", end(&during(unsent(Broken), 50 * MILLI)), ends(Status::Cancelled).after(1).at(50 * MILLI)),
        (
            "in a pause after a lost request",
            end(&during(lost(Broken), 50 * MILLI)),
            ends(Status::Cancelled).after(1).consumed().at(50 * MILLI),
        ),
        ("just as the answer comes", end(&during(event(), 2 * MILLI)), ends(Status::Ok).at(2 * MILLI)),
        (
            "interrupted in a pause",
            end(&Script::new([gateway(502)]).interrupted(40 * MILLI)),
            ends(Status::Interrupted).after(1).consumed().at(40 * MILLI),
        ),
        (
            "interrupted while it is held",
            end(&Script::new([silent()]).interrupted(SECOND)),
            ends(Status::Interrupted).after(1).consumed().at(SECOND),
        ),
    ]);
    let run = end(&during(lost(Broken), 50 * MILLI));
    assert_eq!((run.error().phase(), run.error().last_error()), (Some(Phase::Wait), Some("scripted Broken")));
}

#[test]
fn a_timeout_of_zero_asks_once() {
    let once = |outcome: Scripted| wait(Duration::ZERO, [outcome, event()]);
    check([
        ("the event", once(event()), ends(Status::Ok).after(1)),
        ("none", once(not_signaled()), ends(Status::Timeout).after(1).timed_out()),
        ("none, late", once(not_signaled().held(SECOND)), ends(Status::Timeout).after(1).timed_out()),
        ("503", once(refused(503)), ends(Status::ServerError).after(1)),
        ("503, asking for patience", once(refused(503).retry_after(SECOND)), ends(Status::ServerError).after(1)),
        ("502", once(gateway(502)), ends(Status::ServerError).after(1).consumed()),
        ("refused", once(unsent(Broken)), ends(Status::NotSent).after(1)),
        ("broken", once(lost(Broken)), ends(Status::ConnectionLost).after(1).consumed()),
        ("silence", once(silent()), ends(Status::ConnectionLost).after(1).consumed().timed_out().at(GRACE + MILLI)),
        ("a black hole", once(black_hole()), ends(Status::NotSent).after(1).timed_out().at(GRACE + MILLI)),
    ]);
    let impatient = settings(|config| config.connect_timeout = SECOND);
    let run = wait_with(&impatient, Some(Duration::ZERO), &Script::new([black_hole()]));
    check([("the connect timeout", run, ends(Status::NotSent).after(1).at(SECOND))]);
}

#[test]
fn the_end_is_exact() {
    for timeout in [Duration::from_nanos(1), Duration::from_micros(1_500), SECOND + Duration::from_nanos(7), HOUR] {
        for grace in [Duration::ZERO, MILLI, GRACE] {
            let config = settings(|config| (config.grace, config.slice) = (grace, HOUR));
            let run = wait_with(&config, Some(timeout), &Script::new([silent().before(Duration::ZERO)]));
            check([("silence", run, ends(Status::Timeout).consumed().timed_out().at(timeout + grace))]);
        }
    }
}

/// A thread that is woken late writes nothing after the deadline.
#[test]
fn a_pause_that_ends_late() {
    let run = wait_with(&Config::bare(), Some(SECOND), &Script::new([unsent(Broken)]).late(10 * SECOND));
    check([("late", run, ends(Status::NotSent).after(1).timed_out())]);
}

/// Waits that started together do not ask again together.
#[test]
fn spread_slices_are_shorter_by_up_to_a_tenth() {
    let config = settings(|_| ());
    let began = Instant::now();
    let asked: Vec<Duration> = (0..200)
        .map(|_| match Wait::begin(config.policy(), None, began, Slices::Spread).1 {
            Step::Request(request) => request.asked,
            _ => panic!("a wait begins with a request"),
        })
        .collect();
    let (shortest, longest) = (asked.iter().min().unwrap(), asked.iter().max().unwrap());
    assert!(*shortest >= config.slice * 9 / 10 && *longest <= config.slice, "{shortest:?} to {longest:?}");
    assert!(*longest - *shortest > config.slice / 20, "{shortest:?} to {longest:?}");
    // What remains is asked for as it is.
    let short = config.slice / 2;
    let (_, first) = Wait::begin(config.policy(), Some(short), began, Slices::Spread);
    assert!(matches!(first, Step::Request(request) if request.asked == short));
}

/// A driver that has no connection for the request asks for a newer one, until the time is over.
#[test]
fn a_delayed_request_has_the_time_that_is_left() {
    let config = settings(|_| ());
    let began = Instant::now();
    for (timeout, delay, asked) in [
        (Some(10_000), 4_000, Some(6_000)),
        (Some(10_000), 10_000, None),
        (Some(0), 1_000, Some(1)),
        (Some(0), 2_001, None),
    ] {
        let (timeout, now) = (timeout.map(Duration::from_millis), began + Duration::from_millis(delay));
        let (mut wait, first) = Wait::begin(config.policy(), timeout, began, Slices::Whole);
        let Step::Request(first) = first else { panic!("a wait begins with a request") };
        match wait.delayed(&first, now) {
            Step::Request(request) => {
                assert_eq!(Some(request.asked), asked.map(Duration::from_millis));
                assert_eq!(request.limits.connect, request.limits.send.min(Some(now + config.connect_timeout)));
            }
            Step::Done(Err(error)) => {
                assert_eq!((error.status(), error.timed_out(), error.attempts()), (Status::NotSent, true, 0));
                assert_eq!(asked, None, "{error:?}");
            }
            _ => panic!("it neither asks nor ends"),
        }
    }
}
