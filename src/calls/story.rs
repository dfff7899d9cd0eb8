//! What has happened in a call so far, and the errors that report it. Pure.

use super::outcome::{Kind, Outcome};
use crate::error::{Error, Origin, Phase};
use crate::http::{FailureKind, Stop};
use crate::status::Status;
use std::time::{Duration, Instant};

/// What has happened in a call, noted after each of its requests.
#[derive(Debug)]
pub(crate) struct Story {
    began: Instant,
    attempts: u32,
    /// Some request was written.
    wrote: bool,
    /// Some request was written and the service's answer to it will never be read.
    unanswered: bool,
    /// The same, of the requests before the last one.
    unanswered_before: bool,
    phase: Option<Phase>,
    last_error: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
}

impl Story {
    pub fn new(began: Instant) -> Story {
        Story {
            began,
            attempts: 0,
            wrote: false,
            unanswered: false,
            unanswered_before: false,
            phase: None,
            last_error: None,
            request_id: None,
            retry_after: None,
        }
    }

    pub fn note(&mut self, outcome: &Outcome) {
        self.attempts = self.attempts.saturating_add(1);
        self.phase = Some(outcome.phase);
        self.wrote |= outcome.written.is_some();
        self.unanswered_before = self.unanswered;
        self.unanswered |= outcome.is_unanswered();
        if outcome.is_answered() {
            self.request_id.clone_from(&outcome.request_id);
        }
        self.retry_after = outcome.retry_after;
        match &outcome.kind {
            Kind::Answer(_) | Kind::NotSignaled | Kind::NotApi { .. } => self.last_error = None,
            Kind::Refused { message, .. } => self.last_error = Some(message.clone()),
            Kind::Failed { kind: FailureKind::Cancelled | FailureKind::Interrupted, .. } => {}
            Kind::Failed { detail, .. } => self.last_error = Some(detail.clone()),
        }
    }

    /// Some request was written.
    pub fn wrote(&self) -> bool {
        self.wrote
    }

    /// Some request was written and the service's answer to it will never be read.
    pub fn is_unanswered(&self) -> bool {
        self.unanswered
    }

    /// How many requests have an outcome.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    pub fn began(&self) -> Instant {
        self.began
    }

    pub fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.began)
    }

    /// Makes an error with everything that is known about the call.
    pub fn error(&self, status: Status, message: impl Into<String>, now: Instant) -> Error {
        let mut error = Error::new(status, message);
        error.detail.phase = self.phase;
        error.detail.attempts = self.attempts;
        error.detail.elapsed = self.elapsed(now);
        error.detail.maybe_consumed = self.unanswered;
        error.detail.last_error = self.last_error.clone().filter(|last| *last != error.detail.message);
        error.detail.request_id.clone_from(&self.request_id);
        error.detail.retry_after = self.retry_after;
        error
    }

    /// Makes the error for the last outcome, after [`note`](Self::note). `status` is that of the last request. The call gets
    /// NotSent only if no request is unanswered, and Tls only if no earlier request is.
    pub fn failure(&self, status: Status, outcome: Outcome, now: Instant) -> Error {
        let status = match status {
            Status::NotSent if self.unanswered => Status::ConnectionLost,
            Status::Tls if self.unanswered_before => Status::ConnectionLost,
            status => status,
        };
        match outcome.kind {
            Kind::Refused { code, message, .. } => {
                let mut error = self.error(status, message, now);
                error.detail.origin = Origin::Service;
                error.detail.http_status = Some(code);
                error
            }
            Kind::NotApi { code, why } => {
                let mut error = self.error(status, format!("the body of the answer with HTTP {code} is {why}"), now);
                error.detail.http_status = Some(code);
                error
            }
            Kind::Failed { detail, kind, .. } => match kind {
                FailureKind::Cancelled | FailureKind::Interrupted => self.error(status, status.message(), now),
                _ => self.error(status, detail, now),
            },
            Kind::Answer(_) | Kind::NotSignaled => self.error(status, status.message(), now),
        }
    }

    /// Makes the error for a call that was cancelled or interrupted.
    pub fn stopped(&self, stop: Stop, now: Instant) -> Error {
        let status = if stop == Stop::Interrupted { Status::Interrupted } else { Status::Cancelled };
        self.error(status, status.message(), now)
    }
}
