//! One signal. It is sent at most once: only a request that never reached the service is tried again. The timeout applies to
//! everything that the call does, including the check of the data.

use super::call::{Call, How, Start};
use super::outcome::{Kind, Operation, Outcome};
use super::retry::{Backoff, Facts, Patience};
use super::story::Story;
use super::{Pause, Reason, Request, Rules, Step};
use crate::config::{Policy, Retries};
use crate::error::Error;
use crate::http::{FailureKind, Limits, Stop};
use crate::json::{self, Refusal};
use crate::session::Session;
use crate::status::Status;
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// A signal does not use a connection that was idle for longer: the server may just have closed it, and then nobody would know
/// whether the signal was delivered. It is shorter than any common idle limit; Node's default of 5 s is the shortest known.
pub(super) const SAFE_IDLE: Duration = Duration::from_secs(4);

/// Signals the event. `data` is a JSON object; `None` is an empty one. `timeout`: `None` sets no limit; zero is refused.
pub(crate) fn signal(
    session: &Session,
    event_name: &str,
    data: Option<&str>,
    timeout: Option<Duration>,
    how: &How<'_>,
) -> Result<String, Error> {
    let start = Start::new(session, event_name)?;
    if timeout == Some(Duration::ZERO) {
        return Err(Error::invalid("timeout is 0, in which nothing can be sent"));
    }
    let data = data.unwrap_or("{}");
    let call = Call::new(session, &start, how, Operation::Signal, event_name, Some(data))?;
    let deadline = timeout.and_then(|timeout| start.at.checked_add(timeout));
    let mut keep_on = || !call.is_cancelled() && deadline.is_none_or(|deadline| Instant::now() < deadline);
    json::check_one_object(data, &mut keep_on)
        .map_err(|refusal| refused(refusal, call.is_cancelled(), start.at, Instant::now()))?;
    session.counters.signals.add(1);
    let outcome = body(data).and_then(|body| {
        let (mut rules, first) = Signal::begin(how.policy(session), body, deadline, start.at);
        call.run(&mut rules, first)
    });
    session.count_outcome(&outcome);
    outcome
}

/// The error for data that is refused. For large data the check takes a while, so the deadline applies to it as well.
fn refused(refusal: Refusal, is_cancelled: bool, began: Instant, now: Instant) -> Error {
    match refusal {
        Refusal::OutOfMemory => out_of_memory(),
        Refusal::Malformed(why) => Error::invalid(format!("data is {why}")),
        Refusal::Stopped if is_cancelled => Story::new(began).stopped(Stop::Cancelled, now),
        Refusal::Stopped => {
            let mut error = Story::new(began).error(Status::NotSent, "checking the data took too long", now);
            error.detail.timed_out = true;
            error
        }
    }
}

fn out_of_memory() -> Error {
    Error::new(Status::OutOfMemory, "no memory is left for the data")
}

/// The body of the request. The data may be of any size, so a lack of memory is reported and does not abort the process.
fn body(data: &str) -> Result<String, Error> {
    let (before, after) = ("{\"data\":", "}");
    let mut body = String::new();
    body.try_reserve_exact(before.len() + data.len() + after.len()).map_err(|_| out_of_memory())?;
    for part in [before, data, after] {
        body.push_str(part);
    }
    Ok(body)
}

/// The state machine of a signal.
pub(crate) struct Signal {
    body: String,
    connect_timeout: Duration,
    deadline: Option<Instant>,
    story: Story,
    backoff: Backoff,
}

impl Signal {
    pub fn begin(policy: Policy, body: String, deadline: Option<Instant>, began: Instant) -> (Signal, Step) {
        // A signal is short, so an outage counts as any other failure does.
        let retries =
            if policy.retries == Retries::Default { Retries::AtMost(Retries::IN_A_ROW) } else { policy.retries };
        let signal = Signal {
            body,
            connect_timeout: policy.connect_timeout,
            deadline,
            story: Story::new(began),
            backoff: Backoff::new(retries),
        };
        let first = signal.request(began);
        (signal, first)
    }

    fn request(&self, now: Instant) -> Step {
        let (connect, end) = (now + self.connect_timeout, self.deadline);
        let connect = end.map_or(connect, |end| end.min(connect));
        let limits = Limits { connect: Some(connect), send: end, answer: end };
        Step::Request(Request { asked: Duration::ZERO, limits, max_idle: SAFE_IDLE, is_rearm: false })
    }

    fn retry(&mut self, status: Status, outcome: Outcome, reached: bool, now: Instant) -> Step {
        let facts = Facts { elapsed: self.story.elapsed(now), reached };
        let has_time = |pause| self.deadline.is_none_or(|deadline| now + pause < deadline);
        match self.backoff.next(Patience::Counted, facts) {
            Some(pause) if has_time(pause) => {
                Step::Pause(Pause { until: now + pause, reason: Reason::Retry { status, phase: outcome.phase } })
            }
            // No time is left for another attempt.
            Some(_) => self.end(status, true, outcome, now),
            None => self.fail(status, outcome, now),
        }
    }

    fn fail(&self, status: Status, outcome: Outcome, now: Instant) -> Step {
        let is_late = matches!(outcome.kind, Kind::Failed { kind: FailureKind::TimedOut, .. });
        self.end(status, is_late && self.deadline.is_some_and(|deadline| now >= deadline), outcome, now)
    }

    fn end(&self, status: Status, timed_out: bool, outcome: Outcome, now: Instant) -> Step {
        let mut error = self.story.failure(status, outcome, now);
        error.detail.timed_out = timed_out;
        Step::Done(Err(error))
    }
}

impl Rules for Signal {
    fn body(&self, _: &Request) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.body.as_bytes())
    }

    fn answered(&mut self, outcome: Outcome, reached: bool, now: Instant) -> Step {
        use FailureKind::{Broken, Exhausted, TimedOut, UnknownHost};
        self.story.note(&outcome);
        let status = outcome.status();
        match outcome.kind {
            Kind::Answer(answer) => Step::Done(Ok(answer)),
            // If it is written, the signal may have been delivered, so it is not sent again.
            Kind::Failed { kind: Broken | TimedOut | UnknownHost | Exhausted, .. } if outcome.written.is_none() => {
                self.retry(status, outcome, reached, now)
            }
            // The API answers 408 only to a wait.
            Kind::NotSignaled => self.fail(Status::from_http(408), outcome, now),
            Kind::NotApi { .. } | Kind::Refused { .. } | Kind::Failed { .. } => self.fail(status, outcome, now),
        }
    }

    fn paused(&mut self, now: Instant) -> Step {
        self.request(now)
    }

    fn stopped(&mut self, stop: Stop, now: Instant) -> Step {
        Step::Done(Err(self.story.stopped(stop, now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_is_stopped_says_why_and_how_long_it_took() {
        let (began, took) = (Instant::now(), Duration::from_secs(30));
        for (is_cancelled, status) in [(true, Status::Cancelled), (false, Status::NotSent)] {
            let error = refused(Refusal::Stopped, is_cancelled, began, began + took);
            assert_eq!((error.status(), error.timed_out()), (status, !is_cancelled));
            assert_eq!((error.elapsed(), error.attempts(), error.maybe_consumed()), (took, 0, false));
        }
    }
}
