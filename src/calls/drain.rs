//! A drain: it asks once, without waiting, and again after each answer, until no signal is left. The request timeout applies to
//! the whole drain.

use super::call::{Call, Start};
use super::outcome::{Operation, Outcome};
use super::wait::Wait;
use super::{Request, Rules, Step};
use crate::config::Config;
use crate::error::Error;
use crate::http::Stop;
use crate::session::Session;
use crate::status::Status;
use std::borrow::Cow;
use std::time::Instant;

/// Takes and drops signals, and counts them in `drained`, on failure too.
pub(crate) fn drain(session: &Session, event_name: &str, drained: &mut u32) -> Result<(), Error> {
    let start = Start::new(session, event_name)?;
    let call = Call::new(session, &start, None, Operation::Wait, event_name, None)?;
    let (mut rules, first) = Drain::begin(&session.config, start.at);
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
    end: Instant,
    drained: u32,
}

impl Drain {
    pub fn begin(config: &Config, began: Instant) -> (Drain, Step) {
        let end = began + config.request_timeout;
        let (wait, first) = Wait::once(config, end, began);
        (Drain { wait, end, drained: 0 }, first)
    }

    /// How many signals the drain has taken.
    pub fn drained(&self) -> u32 {
        self.drained
    }

    fn took_one(&mut self, now: Instant) -> Step {
        self.drained += 1;
        if now < self.end {
            return self.wait.once_more(self.end, now);
        }
        self.time_over("signals are left after the request timeout", now)
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
            // The request timeout ended a request that may have taken a signal.
            Step::Done(Err(error)) if error.timed_out() && error.maybe_consumed() && now >= self.end => {
                self.time_over("the service had not answered at the request timeout", now)
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
