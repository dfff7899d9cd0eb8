//! A drain: it asks once, without waiting, and again after each answer, until no signal is left. The timeout applies to the whole
//! drain; a timeout of zero asks once.

use super::call::{Call, How, Start};
use super::outcome::{Operation, Outcome};
use super::wait::Wait;
use super::{Request, Rules, Step};
use crate::config::Policy;
use crate::error::Error;
use crate::http::Stop;
use crate::session::Session;
use crate::status::Status;
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// Takes and drops signals, and counts them in `drained`, on failure too. `timeout`: `None` sets no limit; zero asks once.
pub(crate) fn drain(
    session: &Session,
    event_name: &str,
    timeout: Option<Duration>,
    how: &How<'_>,
    drained: &mut u32,
) -> Result<(), Error> {
    let start = Start::new(session, event_name)?;
    let call = Call::new(session, &start, how, Operation::Wait, event_name, None)?;
    let (mut rules, first) = Drain::begin(how.policy(session), timeout, start.at);
    let outcome = call.run(&mut rules, first);
    *drained = rules.drained();
    // The statistics count a drain as waits, of which the last one usually finds nothing.
    session.counters.waits.add(u64::from(*drained) + 1);
    session.counters.answers.add(u64::from(*drained));
    match outcome {
        Ok(_) => {
            session.counters.timeouts.add(1);
            Ok(())
        }
        failed => {
            session.count_outcome(&failed);
            failed.map(drop)
        }
    }
}

/// The state machine of a drain. If it succeeds, its answer is empty.
pub(crate) struct Drain {
    wait: Wait,
    /// After it the drain does not ask again.
    end: Option<Instant>,
    /// The end of each request. A drain that asks once reads the answer even so.
    cap: Option<Instant>,
    drained: u32,
}

impl Drain {
    pub fn begin(policy: Policy, timeout: Option<Duration>, began: Instant) -> (Drain, Step) {
        let end = timeout.and_then(|timeout| began.checked_add(timeout));
        let cap = end.filter(|end| *end > began);
        let (wait, first) = Wait::once(policy, cap, began);
        (Drain { wait, end, cap, drained: 0 }, first)
    }

    /// How many signals the drain has taken.
    pub fn drained(&self) -> u32 {
        self.drained
    }

    fn took_one(&mut self, now: Instant) -> Step {
        self.drained += 1;
        if self.end.is_none_or(|end| now < end) {
            return self.wait.once_more(self.cap, now);
        }
        self.time_over("signals may be left after the timeout", now)
    }

    fn time_over(&self, message: &str, now: Instant) -> Step {
        let mut error = self.wait.story().error(Status::Timeout, message, now);
        error.detail.timed_out = true;
        Step::Done(Err(error))
    }
}

impl Rules for Drain {
    fn body(&self, request: &Request) -> Cow<'_, [u8]> {
        self.wait.body(request)
    }

    fn answered(&mut self, outcome: Outcome, reached: bool, now: Instant) -> Step {
        match self.wait.answered(outcome, reached, now) {
            Step::Done(Ok(_)) => self.took_one(now),
            // A wait that asks once gets this status only from the service's 408.
            Step::Done(Err(error)) if error.status() == Status::Timeout => Step::Done(Ok(String::new())),
            // The timeout ended a request that may have taken a signal.
            Step::Done(Err(error))
                if error.timed_out() && error.maybe_consumed() && self.cap.is_some_and(|cap| now >= cap) =>
            {
                self.time_over("the service had not answered at the timeout", now)
            }
            step => step,
        }
    }

    fn paused(&mut self, now: Instant) -> Step {
        self.wait.paused(now)
    }

    fn stopped(&mut self, stop: Stop, now: Instant) -> Step {
        self.wait.stopped(stop, now)
    }
}
