//! Each way through the rules of a drain: one call with one limit, which counts what it takes on failure too.

use super::super::drain::Drain;
use super::script::*;
use super::{Run, check, ends, settings, simulate};
use crate::config::Config;
use crate::http::FailureKind::{Broken, TlsRefused};
use crate::status::Status;
use std::time::{Duration, Instant};

/// The grace by default.
const GRACE: Duration = Duration::from_secs(2);

/// The call, and how many signals it took.
fn drain_with(config: &Config, script: &Script) -> (Run, u32) {
    let began = Instant::now();
    let (mut rules, first) = Drain::begin(config.policy(), Some(config.request_timeout), began);
    let run = simulate(&mut rules, first, began, script);
    let drained = rules.drained();
    let taken = run.requests.iter().filter(|made| made.outcome.describe() == "answered").count();
    assert_eq!(drained as usize, taken, "the count is that of the answers");
    (run, drained)
}

fn drain(outcomes: impl Into<Vec<Scripted>>) -> Run {
    drain_with(&Config::bare(), &Script::new(outcomes)).0
}

fn within(limit: Duration, outcomes: impl Into<Vec<Scripted>>) -> Run {
    drain_with(&settings(|config| config.request_timeout = limit), &Script::new(outcomes)).0
}

#[test]
fn until_nothing_is_left() {
    for count in [0, 1, 100] {
        let outcomes = [vec![event(); count], vec![not_signaled()]].concat();
        let (run, drained) = drain_with(&Config::bare(), &Script::new(outcomes));
        assert_eq!((run.result.as_deref().ok(), drained as usize), (Some(""), count));
        assert_eq!((run.requests.len(), run.pauses.len()), (count + 1, 0));
        assert!(run.requests.iter().all(|made| made.body == r#"{"timeoutMs":1}"#));
    }
}

#[test]
fn a_failure_ends_it_and_the_count_stays() {
    let after_two = |outcome: Scripted| drain([event(), event(), outcome, event()]);
    check([
        ("401", after_two(refused(401)), ends(Status::Unauthorized).after(3).at(6 * MILLI)),
        ("429", after_two(refused(429).retry_after(SECOND)), ends(Status::RateLimited).after(3)),
        ("502", after_two(gateway(502)), ends(Status::ServerError).after(3).consumed()),
        ("refused", after_two(unsent(Broken)), ends(Status::NotSent).after(3)),
        ("a certificate", after_two(unsent(TlsRefused)), ends(Status::Tls).after(3)),
        ("broken", after_two(lost(Broken)), ends(Status::ConnectionLost).after(3).consumed()),
        ("a stale connection", drain([stale(), event(), not_signaled()]), ends(Status::Ok).after(3)),
        (
            "401, after a stale connection",
            drain([stale(), event(), refused(401)]),
            ends(Status::Unauthorized).after(3).consumed(),
        ),
        (
            "refused, after a stale connection",
            drain([stale(), event(), unsent(Broken)]),
            ends(Status::ConnectionLost).after(3).consumed(),
        ),
    ]);
    let (_, drained) = drain_with(&Config::bare(), &Script::new([event(), event(), refused(401)]));
    assert_eq!(drained, 2);
}

#[test]
fn the_limit_holds_over_all_of_it() {
    let slow = || event().held(399 * MILLI);
    check([
        (
            "somebody signals as fast as it drains",
            within(SECOND, [event()]),
            ends(Status::Timeout).after(500).timed_out().at(SECOND),
        ),
        (
            "for two minutes",
            within(2 * MINUTE, [event().before(Duration::ZERO)]),
            ends(Status::Timeout).after(120_000).timed_out().at(2 * MINUTE),
        ),
        (
            "an answer at the end is taken",
            within(SECOND, [slow(), slow(), event().held(199 * MILLI)]),
            ends(Status::Timeout).after(3).timed_out().at(SECOND),
        ),
        (
            "a silent service",
            within(MINUTE, [event(), silent()]),
            ends(Status::ConnectionLost).after(2).consumed().timed_out().at(GRACE + 3 * MILLI),
        ),
        (
            "a silent service, and less time than the grace",
            within(SECOND, [slow(), silent()]),
            ends(Status::Timeout).after(2).consumed().timed_out().at(SECOND),
        ),
        ("a black hole", within(SECOND, [slow(), black_hole()]), ends(Status::NotSent).after(2).timed_out().at(SECOND)),
        ("nothing is left, at the end", within(SECOND, [not_signaled().held(999 * MILLI)]), ends(Status::Ok)),
    ]);
}

#[test]
fn ended_from_outside() {
    let cancelled =
        |outcome: Scripted, at| drain_with(&Config::bare(), &Script::new([event(), outcome]).cancelled(at)).0;
    check([
        ("before the call", cancelled(event(), Duration::ZERO), ends(Status::Cancelled).after(0)),
        ("between two answers", cancelled(event(), 4 * MILLI), ends(Status::Cancelled).after(2).at(4 * MILLI)),
        ("in silence", cancelled(silent(), SECOND), ends(Status::Cancelled).after(2).consumed().at(SECOND)),
    ]);
    let (run, drained) = drain_with(&Config::bare(), &Script::new([event(), silent()]).interrupted(SECOND));
    check([("interrupted", run, ends(Status::Interrupted).after(2).consumed().at(SECOND))]);
    assert_eq!(drained, 1);
}

#[test]
fn its_errors_speak_of_the_whole_drain() {
    let run = drain([event().held(SECOND), refused(401)]);
    assert_eq!((run.error().elapsed(), run.error().attempts()), (run.took, 2));
    let run = within(SECOND, [event()]);
    assert_eq!((run.error().elapsed(), run.error().phase().is_some()), (SECOND, true));
}
