//! What holds for each sequence of outcomes and all settings. [`Checked`] states the rules a second time, and more loosely
//! than the code, from what a caller and a service can see.

use super::super::Reason;
use super::super::drain::Drain;
use super::super::outcome::Kind;
use super::super::retry::SHORTEST_PAUSE;
use super::super::signal::Signal;
use super::super::wait::{Slices, Wait};
use super::script::*;
use super::strategies::{chosen, script, timeout};
use super::{Made, Run, simulate};
use crate::config::{Config, Retries};
use crate::http::FailureKind::{Broken, Exhausted, TimedOut, UnknownHost};
use crate::status::Status;
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// What the last request ended with, as far as it decides whether the call may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Event,
    NotSignaled,
    Stale,
    /// It may be tried again.
    Retryable,
    /// An attempt of which no request was written, or a gateway with no service behind it.
    Outage,
    Final,
}

impl Made {
    fn last(&self) -> Last {
        let is_written = self.outcome.written.is_some();
        match &self.outcome.kind {
            Kind::Answer(_) => Last::Event,
            Kind::NotSignaled => Last::NotSignaled,
            Kind::Refused { code: 502..=504, by_gateway: true, .. } => Last::Outage,
            Kind::Refused { code: 408 | 429 | 503, .. } => Last::Retryable,
            Kind::Failed { stale: true, .. } => Last::Stale,
            Kind::Failed { kind: Broken | TimedOut, .. } if is_written => Last::Retryable,
            Kind::Failed { kind: Broken | TimedOut | UnknownHost, .. } => Last::Outage,
            Kind::Failed { kind: Exhausted, .. } if !is_written => Last::Retryable,
            _ => Last::Final,
        }
    }

    fn is_unanswered(&self) -> bool {
        self.outcome.written.is_some() && !self.answered
    }

    fn is_refused_by_tls(&self) -> bool {
        self.outcome.describe() == "scripted TlsRefused"
    }

    fn held(&self, began: Instant) -> Duration {
        self.outcome.written.map_or(Duration::ZERO, |at| began + self.ended - at)
    }
}

/// A call that has ended, and what it was given.
struct Checked<'a> {
    run: &'a Run,
    began: Instant,
    config: &'a Config,
    script: &'a Script,
    timeout: Option<Duration>,
}

impl Checked<'_> {
    fn last(&self) -> Option<&Made> {
        self.run.requests.last()
    }

    /// Whatever the call is.
    fn tells_the_truth(&self) {
        let requests = &self.run.requests;
        if let Some((_, before)) = requests.split_last() {
            assert!(before.iter().all(|made| made.last() != Last::Final), "a final outcome ends the call");
        }
        let Err(error) = &self.run.result else { return };
        let unanswered = requests.iter().any(Made::is_unanswered);
        assert_eq!(error.maybe_consumed(), unanswered, "maybeConsumed");
        assert_eq!(error.attempts() as usize, requests.len(), "attempts");
        assert_eq!(error.elapsed(), self.run.took, "elapsed");
        if error.status() == Status::NotSent {
            assert!(!error.maybe_consumed(), "NOT_SENT");
        }
        if error.status() == Status::Tls && error.maybe_consumed() {
            let (last, before) = requests.split_last().expect("a request that was refused");
            assert!(last.is_refused_by_tls() && !before.iter().any(Made::is_unanswered), "TLS");
        }
        if error.status() == Status::Timeout {
            assert!(error.timed_out() && self.run.written() > 0, "TIMEOUT");
        }
        let was_stopped = self.script.stop.is_some_and(|(at, _)| at <= self.run.took);
        let is_stopped = matches!(error.status(), Status::Cancelled | Status::Interrupted);
        assert!(!is_stopped || was_stopped, "nobody has stopped it");
        assert!(!(is_stopped && error.timed_out()), "it was stopped, and not by its time");
    }

    /// 100 ms or more, or cut by the deadline, and never beyond it.
    fn pauses_keep_their_bounds(&self, end: Option<Duration>) {
        for paused in &self.run.pauses {
            let is_cut = end == Some(paused.until);
            assert!(paused.until - paused.began >= SHORTEST_PAUSE || is_cut, "a short pause: {paused:?}");
            assert!(end.is_none_or(|end| paused.until <= end), "a pause beyond the end: {paused:?}");
        }
    }

    /// A request follows at once only a 408 that was held, and a stale connection.
    fn nothing_is_asked_in_a_loop(&self) {
        for pair in self.run.requests.windows(2).filter(|pair| pair[1].began == pair[0].ended) {
            let was_held = pair[0].held(self.began) >= (pair[0].request.asked / 2).min(SECOND);
            match pair[0].last() {
                Last::NotSignaled => assert!(was_held, "asked again at once: {pair:?}"),
                Last::Stale => assert!(pair[1].request.max_idle.is_zero(), "not over a fresh connection: {pair:?}"),
                other => panic!("{other:?} is followed by a request at once"),
            }
        }
    }

    /// Failures since the service was last known to be well, the last request included.
    fn in_a_row(&self) -> usize {
        let failures = self.run.requests.iter().filter(|made| made.last() != Last::Stale);
        failures.fold(0, |count, made| match made.last() {
            Last::NotSignaled => 0,
            Last::Retryable | Last::Outage if made.held(self.began) >= SECOND => 1,
            _ => count + 1,
        })
    }

    fn is_patience_spent(&self, is_wait: bool, reached: bool) -> bool {
        let last = self.last().map(Made::last);
        match self.config.retries {
            Retries::Always => false,
            Retries::AtMost(limit) => self.in_a_row() > limit as usize,
            Retries::Default if is_wait && last == Some(Last::Outage) => {
                let is_unknown = self.last().is_some_and(|made| made.outcome.describe() == "scripted UnknownHost");
                let is_soon = self.run.took < 5 * SECOND && !is_unknown;
                !reached && !is_soon && self.in_a_row() > Retries::IN_A_ROW as usize
            }
            Retries::Default => self.in_a_row() > Retries::IN_A_ROW as usize,
        }
    }

    /// As long as a service asks for, from 100 ms on; without a deadline, 5 minutes at most.
    fn retry_after_is_followed(&self) {
        let longest = if self.timeout.is_some() { Duration::MAX } else { 5 * MINUTE };
        for made in self.run.requests.iter().filter(|made| made.last() != Last::NotSignaled) {
            let pause = self.run.pauses.iter().find(|paused| paused.began == made.ended);
            if let (Some(asked), Some(pause)) = (made.outcome.retry_after, pause) {
                assert_eq!(pause.until - pause.began, asked.clamp(SHORTEST_PAUSE, longest));
            }
        }
    }

    /// `timedOut` where the last answer was awaited until the end of a call that asks once.
    fn says_that_time_ended_it(&self) {
        let Some(last) = self.last() else { return };
        let is_over = last.request.limits.answer.is_some_and(|end| self.began + last.ended >= end);
        match &self.run.result {
            Err(error) if last.outcome.describe() == "scripted TimedOut" => {
                assert_eq!(error.timed_out(), is_over, "timedOut");
            }
            _ => {}
        }
    }

    /// A wait that ended before its deadline had a reason.
    fn has_a_reason(&self) {
        let Err(error) = &self.run.result else { return };
        let is_early = self.timeout.is_none_or(|timeout| self.run.took < timeout);
        if !is_early || matches!(error.status(), Status::Cancelled | Status::Interrupted) {
            return;
        }
        let last = self.last().expect("a request");
        let reached = self.script.reached || self.run.requests.iter().any(|made| made.outcome.is_answered());
        let remaining = self.timeout.map(|timeout| timeout - self.run.took);
        let is_asked_for_more = last
            .outcome
            .retry_after
            .is_some_and(|asked| remaining.is_some_and(|remaining| asked.max(SHORTEST_PAUSE) >= remaining));
        let is_given_up = !self.config.rearm && self.run.requests.iter().any(Made::is_unanswered);
        assert!(
            last.last() == Last::Final || is_asked_for_more || is_given_up || self.is_patience_spent(true, reached),
            "no reason to end"
        );
        assert!(!error.timed_out(), "time has not ended it");
    }

    /// And one that went on had none to end.
    fn gives_up_in_time(&self) {
        if let Retries::AtMost(limit) = self.config.retries {
            assert!(self.in_a_row() <= limit as usize + 1, "more retries than were set");
        }
        let written = self.run.requests.iter().skip_while(|made| !made.is_unanswered()).skip(1);
        if !self.config.rearm {
            assert_eq!(written.count(), 0, "written after an unanswered request");
        }
    }
}

fn check_wait(config: &Config, timeout: Option<Duration>, script: &Script, slices: Slices) {
    let began = Instant::now();
    let (mut rules, first) = Wait::begin(config.policy(), timeout, began, slices);
    let run = simulate(&mut rules, first, began, script);
    let checked = Checked { run: &run, began, config, script, timeout };
    checked.tells_the_truth();
    checked.pauses_keep_their_bounds(timeout);
    checked.nothing_is_asked_in_a_loop();
    checked.gives_up_in_time();
    let is_once = timeout == Some(Duration::ZERO);
    let end = timeout.map(|timeout| timeout + config.grace + if is_once { MILLI } else { Duration::ZERO });
    assert!(end.is_none_or(|end| run.took <= end), "it ended {:?} after {end:?}", run.took);
    assert_eq!(run.result.is_ok(), checked.last().is_some_and(|made| made.last() == Last::Event));
    if is_once {
        let again = run.requests.iter().filter(|made| made.last() != Last::Stale).count();
        assert!(again <= 1 && run.pauses.is_empty(), "a wait of zero asks once");
        checked.says_that_time_ended_it();
        return;
    }
    checked.has_a_reason();
    checked.retry_after_is_followed();
    for made in &run.requests {
        assert!(timeout.is_none_or(|timeout| made.began < timeout), "a request after the deadline: {made:?}");
        assert!((MILLI..config.slice + MILLI).contains(&made.request.asked));
    }
    let is_late = timeout.is_some_and(|timeout| run.took >= timeout);
    let is_cut_off = checked.last().is_some_and(|made| made.outcome.describe() == "scripted TimedOut");
    if let Err(error) = &run.result {
        assert!(error.timed_out() || !(is_late && is_cut_off), "time has ended it");
    }
}

fn check_signal(config: &Config, timeout: Option<Duration>, script: &Script) {
    let began = Instant::now();
    let limit = timeout.unwrap_or(Duration::MAX);
    let deadline = timeout.map(|timeout| began + timeout);
    let (mut rules, first) = Signal::begin(config.policy(), "{}".to_owned(), deadline, began);
    let run = simulate(&mut rules, first, began, script);
    let checked = Checked { run: &run, began, config, script, timeout };
    checked.tells_the_truth();
    checked.pauses_keep_their_bounds(timeout);
    assert!(run.took <= limit, "it ended {:?} after {limit:?}", run.took);
    assert!(run.written() <= 1, "it was written twice");
    assert!(run.requests.iter().rev().skip(1).all(|made| made.outcome.written.is_none()), "tried again");
    assert!(run.pauses.iter().all(|paused| matches!(paused.reason, Reason::Retry { .. })));
    assert_eq!(run.result.is_ok(), checked.last().is_some_and(|made| made.last() == Last::Event));
    let Err(error) = &run.result else { return };
    let is_stopped = matches!(error.status(), Status::Cancelled | Status::Interrupted);
    let may_go_on =
        checked.last().is_some_and(|made| made.outcome.written.is_none() && !matches!(made.last(), Last::Final));
    if may_go_on && !is_stopped && !checked.is_patience_spent(false, true) {
        assert!(error.timed_out(), "no reason to end");
        assert!(limit - run.took <= 5 * SECOND, "a pause would have fitted");
    }
}

fn check_drain(config: &Config, timeout: Option<Duration>, script: &Script) {
    let began = Instant::now();
    let limit = timeout.unwrap_or(Duration::MAX);
    let (mut rules, first) = Drain::begin(config.policy(), timeout, began);
    let run = simulate(&mut rules, first, began, script);
    let checked = Checked { run: &run, began, config, script, timeout };
    checked.tells_the_truth();
    // A drain that asks once reads the answer for the grace.
    let latest = if limit.is_zero() { MILLI + config.grace } else { limit };
    assert!(run.took <= latest, "it ended {:?} after {limit:?}", run.took);
    assert!(run.pauses.is_empty(), "a drain does not pause");
    let taken = run.requests.iter().filter(|made| made.last() == Last::Event).count();
    assert_eq!(rules.drained() as usize, taken, "drained");
    checked.says_that_time_ended_it();
    let found_nothing = checked.last().is_some_and(|made| made.last() == Last::NotSignaled);
    assert_eq!(run.result.is_ok(), found_nothing, "it succeeds when nothing is left");
    let asked = run.requests.iter().filter(|made| made.last() != Last::Stale).count();
    assert!(!limit.is_zero() || asked <= 1, "it asked more than once");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_wait_keeps_its_rules(chosen in chosen(), timeout in timeout(), script in script()) {
        for slices in [Slices::Whole, Slices::Spread] {
            check_wait(&chosen.config(), timeout, &script, slices);
        }
    }

    #[test]
    fn a_signal_keeps_its_rules(chosen in chosen(), timeout in timeout(), script in script()) {
        // Zero is refused before.
        check_signal(&chosen.config(), timeout.map(|timeout| timeout.max(MILLI)), &script);
    }

    #[test]
    fn a_drain_keeps_its_rules(chosen in chosen(), timeout in timeout(), script in script()) {
        check_drain(&chosen.config(), timeout, &script);
    }
}
