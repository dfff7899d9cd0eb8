//! Each way through the rules of a signal: it is written once at most, and ends within its limit.

use super::super::signal::{SAFE_IDLE, Signal};
use super::script::*;
use super::{Run, check, ends, settings, simulate};
use crate::config::{Config, Retries};
use crate::http::FailureKind::{
    Broken, Exhausted, Malformed, NotPermitted, TimedOut, TlsRefused, TooLarge, UnknownHost,
};
use crate::status::Status;
use std::time::{Duration, Instant};

/// The limit by default.
const LIMIT: Duration = Duration::from_secs(30);
const BODY: &str = r#"{"data":{}}"#;

fn signal_with(config: &Config, script: &Script) -> Run {
    let began = Instant::now();
    let (mut rules, first) =
        Signal::begin(config.policy(), BODY.to_owned(), Some(began + config.request_timeout), began);
    let run = simulate(&mut rules, first, began, script);
    assert!(run.written() <= 1, "a signal was written twice: {run:?}");
    run
}

fn signal(outcomes: impl Into<Vec<Scripted>>) -> Run {
    signal_with(&Config::bare(), &Script::new(outcomes))
}

fn retrying(retries: Retries, outcomes: impl Into<Vec<Scripted>>) -> Run {
    signal_with(&settings(|config| config.retries = retries), &Script::new(outcomes))
}

#[test]
fn what_was_written_is_never_sent_again() {
    let once = |outcome: Scripted| signal([outcome, event()]);
    let lost_once = ends(Status::ConnectionLost).after(1).consumed();
    check([
        ("delivered", once(event()), ends(Status::Ok).after(1)),
        ("broken", once(lost(Broken)), lost_once),
        ("broken, over a connection from the pool", once(stale()), lost_once),
        ("timed out before the limit", once(lost(TimedOut)), lost_once),
        ("silence", once(silent()), lost_once.timed_out().at(LIMIT)),
        ("429", once(refused(429)), ends(Status::RateLimited).after(1)),
        ("429, asking for patience", once(refused(429).retry_after(SECOND)), ends(Status::RateLimited).after(1)),
        ("503", once(refused(503)), ends(Status::ServerError).after(1)),
        ("408", once(refused(408)), ends(Status::HttpError).after(1)),
        ("408, as to a wait", once(not_signaled()), ends(Status::HttpError).after(1)),
        ("401", once(refused(401)), ends(Status::Unauthorized).after(1)),
        ("413", once(refused(413)), ends(Status::BadRequest).after(1)),
        ("413 while it is being sent", once(refused(413).early()), ends(Status::BadRequest).after(1)),
        ("401 while it is being sent", once(refused(401).early()), ends(Status::Unauthorized).after(1)),
        ("408 of a gateway", once(gateway(408)), ends(Status::HttpError).after(1)),
        ("502", once(gateway(502)), ends(Status::ServerError).after(1).consumed()),
        ("not of the API", once(not_api()), ends(Status::Protocol).after(1).consumed()),
        ("not HTTP", once(lost(Malformed)), ends(Status::Protocol).after(1).consumed()),
        ("too large", once(lost(TooLarge)), ends(Status::ResponseTooLarge).after(1).consumed()),
        ("no memory for the answer", once(lost(Exhausted)), ends(Status::OutOfMemory).after(1).consumed()),
        ("an alert after it", once(lost(TlsRefused)), ends(Status::Tls).after(1).consumed()),
    ]);
}

#[test]
fn what_was_not_written_is_tried_again() {
    use Retries::{Always, AtMost};
    let unsent_again = |outcome: Scripted| signal([outcome.clone(), outcome, event()]);
    check([
        ("refused", unsent_again(unsent(Broken)), ends(Status::Ok).after(3)),
        ("no such host", unsent_again(unsent(UnknownHost)), ends(Status::Ok).after(3)),
        ("no descriptor left", unsent_again(unsent(Exhausted)), ends(Status::Ok).after(3)),
        ("a black hole", unsent_again(black_hole()), ends(Status::Ok).after(3)),
        ("a certificate", unsent_again(unsent(TlsRefused)), ends(Status::Tls).after(1)),
        ("not permitted", unsent_again(unsent(NotPermitted)), ends(Status::NotSent).after(1)),
        ("then lost", signal([unsent(Broken), lost(Broken)]), ends(Status::ConnectionLost).after(2).consumed()),
        ("refused, for ever", signal([unsent(Broken)]), ends(Status::NotSent).after(6)),
        ("no descriptor, for ever", signal([unsent(Exhausted)]), ends(Status::OutOfMemory).after(6)),
        ("refused, 0", retrying(AtMost(0), [unsent(Broken)]), ends(Status::NotSent).after(1)),
        ("refused, 1", retrying(AtMost(1), [unsent(Broken)]), ends(Status::NotSent).after(2)),
        ("refused, always", retrying(Always, [unsent(Broken)]), ends(Status::NotSent).timed_out()),
        ("no descriptor, always", retrying(Always, [unsent(Exhausted)]), ends(Status::OutOfMemory).timed_out()),
    ]);
}

#[test]
fn the_limit_holds_over_all_of_it() {
    let within = |limit, outcomes: &[Scripted]| {
        signal_with(&settings(|config| config.request_timeout = limit), &Script::new(outcomes))
    };
    let slow = unsent(Broken).before(4 * SECOND);
    check([
        (
            "a black hole",
            within(5 * SECOND, &[black_hole()]),
            ends(Status::NotSent).after(1).timed_out().at(5 * SECOND),
        ),
        (
            "a black hole, and then silence",
            within(15 * SECOND, &[black_hole(), silent()]),
            ends(Status::ConnectionLost).after(2).consumed().timed_out().at(15 * SECOND),
        ),
        ("an answer at the last moment", within(SECOND, &[event().held(999 * MILLI)]), ends(Status::Ok).at(SECOND)),
        (
            "no time is left for another try",
            within(4 * SECOND + 2 * MILLI, &[slow]),
            ends(Status::NotSent).after(1).timed_out().at(4 * SECOND),
        ),
        ("a limit of 1 ms", within(MILLI, &[unsent(Broken)]), ends(Status::NotSent).after(1).timed_out()),
    ]);
}

#[test]
fn ended_from_outside() {
    let end = |script: &Script| signal_with(&Config::bare(), script);
    let unsent_always = || Script::new([unsent(Broken)]);
    check([
        ("before the call", end(&unsent_always().cancelled(Duration::ZERO)), ends(Status::Cancelled).after(0)),
        ("in a pause", end(&unsent_always().cancelled(50 * MILLI)), ends(Status::Cancelled).after(1).at(50 * MILLI)),
        (
            "interrupted in a pause",
            end(&unsent_always().interrupted(50 * MILLI)),
            ends(Status::Interrupted).after(1).at(50 * MILLI),
        ),
        (
            "while it is held",
            end(&Script::new([silent()]).cancelled(SECOND)),
            ends(Status::Cancelled).after(1).consumed().at(SECOND),
        ),
    ]);
}

#[test]
fn a_request_of_a_signal() {
    let run = signal([unsent(Broken), event()]);
    for made in &run.requests {
        assert_eq!((made.request.max_idle, made.body.as_str()), (SAFE_IDLE, BODY));
        assert!(!made.request.is_rearm);
    }
    assert_eq!(run.result.as_deref().ok(), Some(EVENT));
}
