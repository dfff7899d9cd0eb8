//! What a wait tries again, how often, and when.

use super::super::retry::SHORTEST_PAUSE;
use super::script::*;
use super::wait_paths::{GRACE, retrying, wait, wait_with, with_retries, without_rearm};
use super::{check, ends, settings};
use crate::config::{Config, Retries};
use crate::http::FailureKind::{Broken, Exhausted, TimedOut, UnknownHost};
use crate::status::Status;
use std::time::Duration;

#[test]
fn an_outage_by_the_retries() {
    use Retries::{Always, AtMost, Default};
    let hours = |retries, outcome: Scripted| wait_with(&with_retries(retries), Some(6 * HOUR), &Script::new([outcome]));
    let over = |attempts| ends(Status::NotSent).after(attempts);
    check([
        ("refused, by default", hours(Default, unsent(Broken)), ends(Status::NotSent).timed_out().at(6 * HOUR)),
        ("refused, always", hours(Always, unsent(Broken)), ends(Status::NotSent).timed_out().at(6 * HOUR)),
        ("refused, 0", hours(AtMost(0), unsent(Broken)), over(1).at(MILLI)),
        ("refused, 1", hours(AtMost(1), unsent(Broken)), over(2)),
        ("a black hole, by default", hours(Default, black_hole()), ends(Status::NotSent).timed_out().at(6 * HOUR)),
        ("a black hole, 1", hours(AtMost(1), black_hole()), over(2)),
        (
            "a gateway, by default",
            hours(Default, gateway(502)),
            ends(Status::Timeout).consumed().timed_out().at_or_with_the_last_answer(6 * HOUR),
        ),
        (
            "a gateway, always",
            hours(Always, gateway(502)),
            ends(Status::Timeout).consumed().timed_out().at_or_with_the_last_answer(6 * HOUR),
        ),
        ("a gateway, 0", hours(AtMost(0), gateway(504)), ends(Status::ServerError).after(1).consumed()),
        ("a gateway, 1", hours(AtMost(1), gateway(503)), ends(Status::ServerError).after(2).consumed()),
        (
            "broken, always",
            hours(Always, lost(Broken)),
            ends(Status::Timeout).consumed().timed_out().at_or_with_the_last_answer(6 * HOUR),
        ),
        (
            "429, always",
            hours(Always, refused(429)),
            ends(Status::Timeout).timed_out().at_or_with_the_last_answer(6 * HOUR),
        ),
    ]);
}

#[test]
fn an_outage_of_hours_that_passes() {
    for outage in [unsent(Broken), unsent(UnknownHost), black_hole(), gateway(502), gateway(503), gateway(504)] {
        let mut outcomes = vec![outage; 2_000];
        outcomes.push(event());
        for timeout in [Some(24 * HOUR), None, Some(Duration::MAX)] {
            let run = wait_with(&Config::bare(), timeout, &Script::new(outcomes.clone()));
            assert_eq!((run.result.as_deref().ok(), run.requests.len()), (Some(EVENT), 2_001));
            assert!(run.took > HOUR, "it took {:?}", run.took);
        }
    }
}

#[test]
fn a_wrong_host_is_reported_soon() {
    let new = |outcomes: &[Scripted]| wait_with(&Config::bare(), Some(HOUR), &Script::new(outcomes).never_reached());
    let refused = new(&[unsent(Broken)]);
    assert!((5 * SECOND..=11 * SECOND).contains(&refused.took), "not before 5 s: {:?}", refused.took);
    assert!(refused.requests.len() >= 6, "and not before 5 retries");
    check([
        ("refused", refused, ends(Status::NotSent)),
        ("a name that does not exist", new(&[unsent(UnknownHost)]), ends(Status::NotSent).after(6)),
        ("a slow black hole", new(&[black_hole()]), ends(Status::NotSent).after(6)),
        (
            "a gateway has answered",
            new(&[gateway(502), unsent(Broken)]),
            ends(Status::Timeout).consumed().timed_out().at(HOUR),
        ),
        (
            "the service has answered",
            new(&[not_signaled(), unsent(UnknownHost)]),
            ends(Status::Timeout).timed_out().at(HOUR),
        ),
    ]);
}

#[test]
fn what_is_counted() {
    let counted = |outcome: Scripted| wait(HOUR, [outcome]);
    check([
        ("429", counted(refused(429)), ends(Status::RateLimited).after(6)),
        ("503 of the service", counted(refused(503)), ends(Status::ServerError).after(6)),
        ("408 of a gateway", counted(gateway(408)), ends(Status::HttpError).after(6)),
        ("a broken connection", counted(lost(Broken)), ends(Status::ConnectionLost).after(6).consumed()),
        ("no descriptor left", counted(unsent(Exhausted)), ends(Status::OutOfMemory).after(6)),
        ("429, retries 0", retrying(Retries::AtMost(0), [refused(429)]), ends(Status::RateLimited).after(1)),
        ("429, retries 2", retrying(Retries::AtMost(2), [refused(429)]), ends(Status::RateLimited).after(3)),
    ]);
}

#[test]
fn what_starts_the_count_again() {
    let five = |outcome: Scripted| vec![outcome; 5];
    // What resets the count and fails is the first of the next five.
    let held = |held| {
        [five(refused(429)), vec![lost(Broken).held(held)], five(refused(429))[1..].to_vec(), vec![event()]].concat()
    };
    let between = |middle: Scripted| [five(refused(429)), vec![middle], five(refused(429)), vec![event()]].concat();
    let cut = settings(|config| config.slice = 5 * SECOND);
    check([
        ("408 of the service", wait(HOUR, between(not_signaled())), ends(Status::Ok).after(12)),
        ("a second of holding", wait(HOUR, held(SECOND)), ends(Status::Ok).after(11)),
        ("less than that", wait(HOUR, held(999 * MILLI)), ends(Status::ConnectionLost).after(6).consumed()),
        ("an outage", wait(HOUR, between(unsent(Broken))), ends(Status::RateLimited).after(7)),
        ("a slow handshake", wait(HOUR, between(refused(503).before(2 * SECOND))), ends(Status::ServerError).after(6)),
        (
            "slices that end in silence",
            wait_with(&cut, Some(HOUR), &Script::new([silent()])),
            ends(Status::Timeout).consumed().timed_out(),
        ),
    ]);
}

#[test]
fn retry_after_is_followed_within_limits() {
    let asking = |code, asked| wait(MINUTE, [refused(code).retry_after(asked), event()]);
    let unlimited = |asked| wait_with(&Config::bare(), None, &Script::new([refused(429).retry_after(asked), event()]));
    let both_requests = 4 * MILLI;
    check([
        ("1 s", asking(429, SECOND), ends(Status::Ok).after(2).at(SECOND + both_requests)),
        ("0", asking(503, Duration::ZERO), ends(Status::Ok).after(2).at(SHORTEST_PAUSE + both_requests)),
        ("just fits", asking(429, MINUTE - 3 * MILLI), ends(Status::Ok).after(2)),
        ("all that remains", asking(429, MINUTE - 2 * MILLI), ends(Status::RateLimited).after(1).at(2 * MILLI)),
        ("a day", asking(503, 24 * HOUR), ends(Status::ServerError).after(1).at(2 * MILLI)),
        ("no deadline, a day", unlimited(24 * HOUR), ends(Status::Ok).after(2).at(5 * MINUTE + both_requests)),
        ("no deadline, for ever", unlimited(Duration::MAX), ends(Status::Ok).at(5 * MINUTE + both_requests)),
        (
            "a gateway's",
            wait(MINUTE, [gateway(503).retry_after(7 * SECOND), event()]),
            ends(Status::Ok).at(7 * SECOND + both_requests),
        ),
        (
            "retries 0",
            retrying(Retries::AtMost(0), [refused(429).retry_after(SECOND), event()]),
            ends(Status::RateLimited).after(1),
        ),
        (
            "always, but longer than there is",
            retrying(Retries::Always, [refused(429).retry_after(HOUR)]),
            ends(Status::RateLimited).after(1),
        ),
        ("with 500", asking(500, SECOND), ends(Status::ServerError).after(1)),
    ]);
    let run = asking(503, 24 * HOUR);
    assert_eq!((run.error().retry_after(), run.error().http_status()), (Some(24 * HOUR), Some(503)));
}

#[test]
fn a_stale_connection_is_replaced_once() {
    check([
        ("then the event", wait(MINUTE, [stale(), event()]), ends(Status::Ok).after(2).at(4 * MILLI)),
        ("retries 0", retrying(Retries::AtMost(0), [stale(), event()]), ends(Status::Ok).after(2)),
        ("a wait of zero", wait(Duration::ZERO, [stale(), event()]), ends(Status::Ok).after(2).at(4 * MILLI)),
        (
            "retries 0, and the fresh one breaks",
            retrying(Retries::AtMost(0), [stale()]),
            ends(Status::ConnectionLost).after(2).consumed(),
        ),
        ("rearm off", without_rearm(MINUTE, [stale(), event()]), ends(Status::ConnectionLost).after(1).consumed()),
        (
            "after the deadline, within the grace",
            wait(SECOND, [stale().held(2 * SECOND)]),
            ends(Status::Timeout).after(1).consumed().timed_out().at(2 * SECOND + MILLI),
        ),
        (
            "a wait of zero, at the end of its grace",
            wait(Duration::ZERO, [stale().held(1_900 * MILLI), silent()]),
            ends(Status::ConnectionLost).after(2).consumed().timed_out().at(GRACE + MILLI),
        ),
    ]);
    let run = wait(MINUTE, [stale(), event()]);
    assert_eq!(
        run.requests.iter().map(|made| made.request.max_idle).collect::<Vec<_>>(),
        [Duration::MAX, Duration::ZERO]
    );
    assert!(run.pauses.is_empty());
}

#[test]
fn a_lost_request_that_times_out_is_a_broken_connection() {
    let config = settings(|config| {
        (config.slice, config.grace, config.retries) = (100 * MILLI, 100 * MILLI, Retries::AtMost(2));
    });
    let run = wait_with(&config, Some(HOUR), &Script::new([lost(TimedOut)]));
    check([("slices", run, ends(Status::ConnectionLost).after(3).consumed())]);
}
