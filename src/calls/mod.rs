//! The rules of a call: when it sends a request, when it tries again, when it gives up, and with which error. The rules are
//! state machines without I/O: they get the outcome of a request and the time, and return the next [`Step`]. [`call`] is the
//! loop that sends and pauses. Begin at [`wait`].

pub(crate) mod call;
pub(crate) mod drain;
pub(crate) mod observer;
pub(crate) mod outcome;
mod redact;
mod retry;
pub(crate) mod signal;
#[cfg(test)]
mod simulation;
mod story;
pub(crate) mod wait;

use crate::error::{Error, Phase};
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
    /// For how long a wait asks the service to hold the request.
    pub asked: Duration,
    pub limits: Limits,
    /// The longest time that a connection of the pool may have been idle; zero asks for a new connection.
    pub max_idle: Duration,
    /// The service answered the request before this one with 'not signaled yet'.
    pub is_rearm: bool,
}

/// A time in which the call sends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    pub until: Instant,
    pub reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A request failed in this phase. The status is the one that the call would have ended with.
    Retry { status: Status, phase: Phase },
    /// The service answered 'not signaled yet' sooner than it was asked to.
    Rearm,
}

/// The rules of one kind of call. The caller passes the time in, so that a test can skip hours.
pub(crate) trait Rules {
    fn body(&self, request: &Request) -> Cow<'_, [u8]>;

    /// The request has an outcome. `reached`: the client has had an answer before, by the service or a gateway.
    fn answered(&mut self, outcome: Outcome, reached: bool, now: Instant) -> Step;

    /// The pause is over.
    fn paused(&mut self, now: Instant) -> Step;

    /// The call was cancelled or interrupted while no request was running.
    fn stopped(&mut self, stop: Stop, now: Instant) -> Step;
}
