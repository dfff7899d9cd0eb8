//! One wait. Its rules:
//!
//! - The deadline is taken on the monotonic clock when the call begins. It applies to everything that the wait does.
//! - A wait is made of slices. Each is one request, which asks the service to hold it for the time that remains, or for the
//!   configured slice if that is shorter.
//! - A request is given the grace on top of what it asked for, so that an answer sent at the last moment is still read. A
//!   request that gets no answer by then counts as a broken connection.
//! - After the service's 408 the wait asks again; at the deadline, 408 becomes a timeout. A gateway's 408 is a failure.
//! - In an outage, in which no request is written or a gateway cannot reach the service, the wait tries again until its
//!   deadline. A failure that may have taken an event, or that reports a limit, may happen a number of times in a row. The
//!   service's 408, or a request that the service held for a second, resets the count.
//! - Without re-arming, no request is written after one whose answer will never be read.
//! - A wait with a timeout of zero asks once, and reports a failure of that request as what it is.

use super::call::{Call, How, Start};
use super::outcome::{Kind, Operation, Outcome};
use super::retry::{Backoff, Facts, Patience, Throttle, honored, random};
use super::story::Story;
use super::{Pause, Reason, Request, Rules, Step};
use crate::config::Policy;
use crate::error::{Error, Origin};
use crate::http::{FailureKind, Limits, Stop};
use crate::session::Session;
use crate::status::Status;
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// The least that a request asks for: the service might take 0 for an absent value.
const SHORTEST_SLICE: Duration = Duration::from_millis(1);

/// A service that held a request for this long is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// Waits for the event. `timeout`: `None` sets no limit; zero asks once, without waiting.
pub(crate) fn wait(
    session: &Session,
    start: &Start,
    event_name: &str,
    timeout: Option<Duration>,
    how: &How<'_>,
) -> Result<String, Error> {
    session.counters.waits.add(1);
    let (mut rules, first) = Wait::begin(how.policy(session), timeout, start.at, Slices::Whole);
    let call = Call::new(session, start, how, Operation::Wait, event_name, None)?;
    let outcome = call.run(&mut rules, first);
    session.count_outcome(&outcome);
    outcome
}

/// The state machine of a wait.
pub(crate) struct Wait {
    policy: Policy,
    slices: Slices,
    deadline: Option<Instant>,
    once: bool,
    /// The last moment at which an answer is read: the deadline plus the grace, or the end of a drain.
    end: Option<Instant>,
    asked: Duration,
    /// The last outcome was 'not signaled yet'.
    last_was_not_signaled: bool,
    story: Story,
    backoff: Backoff,
    throttle: Throttle,
}

/// How long a slice is, of a wait that is longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slices {
    /// As the settings say.
    Whole,
    /// Shorter by up to 10 %, at random, so that waits that started together do not ask again together.
    Spread,
}

impl Wait {
    /// Makes a wait that began at `began`, with its first step.
    pub fn begin(policy: Policy, timeout: Option<Duration>, began: Instant, slices: Slices) -> (Wait, Step) {
        let mut wait = Wait::new(policy, timeout, began, slices);
        let first = wait.first(began);
        (wait, first)
    }

    /// Makes a wait that asks once, without waiting, and ends at `cap` at the latest.
    pub fn once(policy: Policy, cap: Option<Instant>, now: Instant) -> (Wait, Step) {
        let mut wait = Wait::new(policy, Some(Duration::ZERO), now, Slices::Whole);
        let first = wait.once_more(cap, now);
        (wait, first)
    }

    /// Asks once more, as a part of the same call.
    pub fn once_more(&mut self, cap: Option<Instant>, now: Instant) -> Step {
        self.deadline = Some(now);
        self.end = Some(capped(now + SHORTEST_SLICE + self.policy.grace, cap));
        self.request(Duration::MAX, false, now)
    }

    /// Makes a wait that began at `began`. [`first`](Self::first) comes next.
    pub fn new(policy: Policy, timeout: Option<Duration>, began: Instant, slices: Slices) -> Wait {
        let once = timeout == Some(Duration::ZERO);
        let deadline = timeout.and_then(|timeout| began.checked_add(timeout));
        let asked = if once { SHORTEST_SLICE } else { Duration::ZERO };
        Wait {
            policy,
            slices,
            deadline,
            once,
            end: deadline.and_then(|deadline| deadline.checked_add(asked + policy.grace)),
            asked: Duration::ZERO,
            last_was_not_signaled: false,
            story: Story::new(began),
            backoff: Backoff::new(policy.retries),
            throttle: Throttle::default(),
        }
    }

    /// The first request.
    pub fn first(&mut self, now: Instant) -> Step {
        self.request(Duration::MAX, false, now)
    }

    pub fn story(&self) -> &Story {
        &self.story
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The request was not made yet, because the driver had no connection for it. Its limits count from `now`.
    pub fn delayed(&mut self, request: &Request, now: Instant) -> Step {
        let is_over = if self.once { self.end.is_some_and(|end| now >= end) } else { self.is_over(now) };
        match is_over {
            true if self.last_was_not_signaled => self.not_signaled(now),
            true => self.time_over(now),
            false => self.request(request.max_idle, request.is_rearm, now),
        }
    }

    /// The next slice. It asks for whole milliseconds.
    fn request(&mut self, max_idle: Duration, is_rearm: bool, now: Instant) -> Step {
        let policy = &self.policy;
        let remaining = self.remaining(now).unwrap_or(Duration::MAX);
        self.asked = whole_millis(remaining.min(self.slice()));
        let answer = capped(now + self.asked + policy.grace, self.end);
        let send = if self.once { answer } else { capped(answer, self.deadline) };
        let connect = send.min(now + policy.connect_timeout);
        let limits = Limits { connect: Some(connect), send: Some(send), answer: Some(answer) };
        // Without re-arming, a connection that may be dead is not used: the wait could not try again.
        let max_idle = if policy.rearm { max_idle } else { max_idle.min(super::signal::SAFE_IDLE) };
        Step::Request(Request { asked: self.asked, limits, max_idle, is_rearm })
    }

    /// The event is not signaled yet. A service that answers so at once is not asked again in a tight loop.
    fn rearm(&mut self, held: Duration, now: Instant) -> Step {
        self.backoff.reset();
        if self.once || self.is_over(now) {
            return self.not_signaled(now);
        }
        if held >= (self.asked / 2).min(SIGN_OF_LIFE) {
            self.throttle.reset();
            return self.request(Duration::MAX, true, now);
        }
        let pause = self.throttle.next();
        self.pause(pause, Reason::Rearm, now)
    }

    fn retry(&mut self, status: Status, patience: Patience, outcome: Outcome, reached: bool, now: Instant) -> Step {
        if outcome.held(now) >= SIGN_OF_LIFE {
            self.backoff.reset();
        }
        if !self.once && self.is_over(now) {
            return self.time_over(now);
        }
        if self.once || !self.may_write_again() {
            return self.fail(status, outcome, now);
        }
        let facts = Facts { elapsed: self.story.elapsed(now), reached };
        let pause = match (self.backoff.next(patience, facts), outcome.retry_after) {
            (Some(_), Some(asked)) => honored(asked, self.remaining(now)),
            (pause, _) => pause,
        };
        match pause {
            Some(pause) => self.pause(pause, Reason::Retry { status, phase: outcome.phase }, now),
            // Too many failures, or the service asks for a longer pause than the time that remains.
            None => self.fail(status, outcome, now),
        }
    }

    /// The connection of the pool was dead, so the request is sent again at once, over a new one.
    fn reconnect(&mut self, outcome: Outcome, now: Instant) -> Step {
        if !self.once && self.is_over(now) {
            return self.time_over(now);
        }
        if !self.may_write_again() {
            return self.fail(Status::ConnectionLost, outcome, now);
        }
        self.request(Duration::ZERO, false, now)
    }

    fn may_write_again(&self) -> bool {
        self.policy.rearm || !self.story.is_unanswered()
    }

    /// The pause ends at the deadline if that comes first.
    fn pause(&self, pause: Duration, reason: Reason, now: Instant) -> Step {
        let pause = self.remaining(now).map_or(pause, |remaining| pause.min(remaining));
        Step::Pause(Pause { until: now + pause, reason })
    }

    fn slice(&self) -> Duration {
        match self.slices {
            Slices::Whole => self.policy.slice,
            Slices::Spread => shortened(self.policy.slice, random()),
        }
    }

    fn remaining(&self, now: Instant) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(now))
    }

    fn is_over(&self, now: Instant) -> bool {
        self.remaining(now) == Some(Duration::ZERO)
    }

    fn fail(&self, status: Status, outcome: Outcome, now: Instant) -> Step {
        let is_late = matches!(outcome.kind, Kind::Failed { kind: FailureKind::TimedOut, .. });
        let mut error = self.story.failure(status, outcome, now);
        error.detail.timed_out = is_late && self.end.is_some_and(|end| now >= end);
        Step::Done(Err(error))
    }

    /// The timeout, as the service reported it.
    fn not_signaled(&self, now: Instant) -> Step {
        let mut error = self.timeout(now);
        error.detail.http_status = Some(408);
        error.detail.origin = Origin::Service;
        Step::Done(Err(error))
    }

    fn time_over(&self, now: Instant) -> Step {
        Step::Done(Err(self.timeout(now)))
    }

    fn timeout(&self, now: Instant) -> Error {
        let millis = self.deadline.map_or(0, |deadline| (deadline - self.story.began()).as_millis());
        let mut error = if self.story.wrote() {
            self.story.error(Status::Timeout, format!("the event was not signaled within {millis} ms"), now)
        } else {
            self.story.error(Status::NotSent, format!("no request could be sent within {millis} ms"), now)
        };
        error.detail.timed_out = true;
        error
    }
}

impl Rules for Wait {
    fn body(&self, request: &Request) -> Cow<'_, [u8]> {
        let millis = u64::try_from(request.asked.as_millis()).unwrap_or(u64::MAX);
        let mut body = String::with_capacity(40);
        body.push_str("{\"timeoutMs\":");
        body.push_str(&millis.to_string());
        body.push('}');
        Cow::Owned(body.into_bytes())
    }

    fn answered(&mut self, outcome: Outcome, reached: bool, now: Instant) -> Step {
        use FailureKind::{
            Broken, Cancelled, Exhausted, Interrupted, Malformed, NotPermitted, TimedOut, TlsRefused, TooLarge,
            UnknownHost,
        };
        const OUTAGE: Patience = Patience::Outage { unknown_host: false };
        self.story.note(&outcome);
        self.last_was_not_signaled = outcome.kind == Kind::NotSignaled;
        let is_written = outcome.written.is_some();
        let status = outcome.status();
        let patience = match outcome.kind {
            Kind::Answer(answer) => return Step::Done(Ok(answer)),
            Kind::NotSignaled => return self.rearm(outcome.held(now), now),
            Kind::NotApi { .. } => None,
            Kind::Refused { code, by_gateway, .. } => match code {
                502..=504 if by_gateway => Some(OUTAGE),
                408 | 429 | 502..=504 => Some(Patience::Counted),
                _ => None,
            },
            Kind::Failed { kind: Broken, stale: true, .. } if is_written => return self.reconnect(outcome, now),
            Kind::Failed { kind, .. } => match kind {
                Cancelled | Interrupted | TlsRefused | NotPermitted | Malformed | TooLarge => None,
                Exhausted => (!is_written).then_some(Patience::Counted),
                UnknownHost => Some(Patience::Outage { unknown_host: true }),
                Broken | TimedOut if !is_written => Some(OUTAGE),
                Broken | TimedOut => Some(Patience::Counted),
            },
        };
        match patience {
            Some(patience) => self.retry(status, patience, outcome, reached, now),
            None => self.fail(status, outcome, now),
        }
    }

    fn paused(&mut self, now: Instant) -> Step {
        match self.is_over(now) {
            true if self.last_was_not_signaled => self.not_signaled(now),
            true => self.time_over(now),
            false => self.request(Duration::MAX, false, now),
        }
    }

    fn stopped(&mut self, stop: Stop, now: Instant) -> Step {
        Step::Done(Err(self.story.stopped(stop, now)))
    }
}

fn capped(at: Instant, cap: Option<Instant>) -> Instant {
    cap.map_or(at, |cap| at.min(cap))
}

/// Rounded up.
fn whole_millis(duration: Duration) -> Duration {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)).max(SHORTEST_SLICE)
}

/// By 0 to 10 %.
fn shortened(slice: Duration, random: u64) -> Duration {
    let micros = u64::try_from((slice / 10).as_micros()).unwrap_or(u64::MAX - 1);
    slice - Duration::from_micros(random % (micros + 1))
}
