//! The rules of a call: when it asks, asks again, gives up, and what it then says. A wait, a signal and a drain are machines
//! that are given an outcome and the time, and answer with the next [`Step`]; nothing in them sends or sleeps. [`call`] is the
//! driver that does, in a loop of a few lines. Begin at [`wait`].

pub(crate) mod call;
pub(crate) mod drain;
mod outcome;
mod redact;
mod retry;
pub(crate) mod signal;
#[cfg(test)]
mod simulation;
mod story;
pub(crate) mod wait;

use crate::error::Error;
use crate::http::{Limits, Stop};
use crate::status::Status;
use outcome::Outcome;
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// What a call does next.
pub(crate) enum Step {
    Request(Request),
    Pause(Pause),
    Done(Result<String, Error>),
}

/// One request to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// How long a wait asks the service to hold it.
    pub asked: Duration,
    pub limits: Limits,
    /// How long a connection may have been idle to be used for it; zero asks for a fresh one.
    pub max_idle: Duration,
    /// The service has said 'not yet' to the one before.
    pub is_rearm: bool,
}

/// A time in which nothing is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    pub until: Instant,
    pub reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A failure, by the status that it would end the call with.
    Retry(Status),
    /// The service says 'not yet' without having waited.
    Rearm,
}

/// The rules of one kind of call. The time is the caller's, so that hours pass in a test at once.
pub(crate) trait Rules {
    fn body(&self, request: &Request) -> Cow<'_, [u8]>;

    /// The request has an outcome. `reached`: the client has had an answer before, of anybody.
    fn answered(&mut self, outcome: Outcome, reached: bool, now: Instant) -> Step;

    /// The pause is over.
    fn paused(&mut self, now: Instant) -> Step;

    /// The call was ended from outside while it was not in a request.
    fn stopped(&mut self, stop: Stop, now: Instant) -> Step;
}
