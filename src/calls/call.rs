//! What a wait and a signal have in common: requests are made one after the other, notes are kept about them, and the
//! error that comes of them tells the whole story. When to make another request is decided elsewhere.

use crate::calls::redact::Redactor;
use crate::calls::retry::{Operation, Outcome, retry_after};
use crate::config::LogLevel;
use crate::error::{Error, Origin, Phase};
use crate::http::{Cancels, Exchange, Failure, FailureKind, Limits, Reply, Stop, sleep};
use crate::json::{self, Refusal};
use crate::session::{Engine, Session};
use crate::status::Status;
use std::time::{Duration, Instant, SystemTime};

/// A call in progress.
pub(crate) struct Call<'a> {
    client: &'a Session,
    engine: &'a Engine,
    cancels: Cancels,
    operation: Operation,
    event_name: &'a str,
    path: String,
    pub started: Instant,
    /// What a signal sends.
    pub data: Option<&'a str>,
    attempts: u32,
    maybe_consumed: bool,
    phase: Option<Phase>,
    last_error: Option<String>,
    request_id: Option<String>,
}

/// One request and what came of it.
pub(crate) struct Attempt {
    pub outcome: Outcome,
    pub reply: Result<Reply, Failure>,
    /// When the service had all of the request.
    written: Option<Instant>,
}

impl Attempt {
    /// How long the service has had the request.
    pub fn held(&self) -> Duration {
        self.written.map(|at| at.elapsed()).unwrap_or_default()
    }

    pub fn retry_after(&self) -> Option<Duration> {
        let header = self.reply.as_ref().ok()?.retry_after.as_ref()?;
        retry_after(header, SystemTime::now())
    }
}

impl<'a> Call<'a> {
    pub fn new(
        client: &'a Session,
        engine: &'a Engine,
        cancels: Cancels,
        operation: Operation,
        event_name: &'a str,
    ) -> Call<'a> {
        let path = match operation {
            Operation::Wait => client.endpoint.wait_path(event_name),
            Operation::Signal => client.endpoint.signal_path(event_name),
        };
        Call {
            client,
            engine,
            cancels,
            operation,
            event_name,
            path,
            started: Instant::now(),
            data: None,
            attempts: 0,
            maybe_consumed: false,
            phase: None,
            last_error: None,
            request_id: None,
        }
    }

    /// Makes one request.
    pub fn post(&mut self, body: &[u8], limits: Limits, max_idle: Duration) -> Attempt {
        let (mut reply, trace) = self.engine.agent.exchange(&Exchange {
            path: &self.path,
            body,
            limits,
            cancels: &self.cancels,
            interruptible: self.client.config.interruptible,
            max_idle,
        });
        self.attempts += 1;
        self.phase = Some(trace.phase);
        self.client.count(&trace);
        let outcome = match &mut reply {
            Ok(reply) => {
                let by_gateway = is_gateways(reply);
                self.request_id = reply.request_id.take().map(|id| self.fit_to_quote(&id));
                self.last_error = match reply.status {
                    200..=299 => None,
                    408 if !by_gateway => None,
                    code => Some(self.service_message(code, reply)),
                };
                if by_gateway && reply.status >= 500 {
                    self.note_unanswered(trace.written);
                }
                Outcome::Answered { status: reply.status, by_gateway }
            }
            Err(failure) => {
                self.note_unanswered(trace.written);
                if !matches!(failure.kind, FailureKind::Cancelled | FailureKind::Interrupted) {
                    self.last_error = Some(failure.detail.clone());
                }
                let stale = !trace.connected && trace.received == 0;
                Outcome::Failed { kind: failure.kind, written: trace.written.is_some(), stale }
            }
        };
        self.log(LogLevel::Debug, || format!("request {}: {outcome:?}", self.attempts));
        Attempt { outcome, reply, written: trace.written }
    }

    /// The service's answer to a request will never be read. If not all of it was sent, there is none.
    fn note_unanswered(&mut self, written: Option<Instant>) {
        if written.is_some() {
            self.maybe_consumed = true;
            self.client.counters.unanswered.add(1);
        }
    }

    /// The answer, if it is the API's.
    pub fn take(&mut self, attempt: Attempt) -> Result<String, Error> {
        let Ok(reply) = attempt.reply else { return Err(self.fail(Status::Internal, "no answer to take")) };
        json::one_object(reply.body).map_err(|refusal| {
            self.note_unanswered(attempt.written);
            let mut error = match refusal {
                Refusal::OutOfMemory => self.fail(Status::OutOfMemory, "no memory is left for the answer"),
                Refusal::Malformed(why) => {
                    self.fail(Status::Protocol, &format!("the answer with HTTP {} is {why}", reply.status))
                }
                Refusal::Stopped => self.fail(Status::Internal, "the answer was not looked at to its end"),
            };
            error.detail.http_status = Some(reply.status);
            error
        })
    }

    /// The error for a request that was the last.
    pub fn fail_with(&self, status: Status, attempt: &Attempt) -> Error {
        match &attempt.reply {
            Ok(reply) => {
                let mut error = self.fail(status, &self.service_message(reply.status, reply));
                error.detail.origin = Origin::Service;
                error.detail.http_status = Some(reply.status);
                error
            }
            Err(failure) => {
                let message = match status {
                    Status::Cancelled | Status::Interrupted => status.message(),
                    _ => &failure.detail,
                };
                self.fail(status, message)
            }
        }
    }

    /// The error with everything that is known of the call.
    pub fn fail(&self, status: Status, message: &str) -> Error {
        let mut error = Error::new(status, message);
        error.detail.phase = self.phase;
        error.detail.attempts = self.attempts;
        error.detail.elapsed = self.started.elapsed();
        error.detail.maybe_consumed = self.maybe_consumed;
        error.detail.last_error = self.last_error.clone().filter(|last| last != message);
        error.detail.request_id.clone_from(&self.request_id);
        error
    }

    /// Pauses between two requests.
    pub fn pause(&self, pause: Duration) -> Result<(), Error> {
        sleep(pause, &self.cancels, self.client.config.interruptible).map_err(|stop| {
            let status = if stop == Stop::Interrupted { Status::Interrupted } else { Status::Cancelled };
            self.fail(status, status.message())
        })
    }

    pub fn log(&self, level: LogLevel, line: impl FnOnce() -> String) {
        if let Some(sink) = &self.client.config.log {
            let verb = match self.operation {
                Operation::Wait => "wait",
                Operation::Signal => "signal",
            };
            sink(level, &format!("{verb} {:?}: {}", self.event_name, line()));
        }
    }

    /// What the service said, or what stands for it.
    fn service_message(&self, code: u16, reply: &Reply) -> String {
        if let Some(location) = reply.location.as_deref().filter(|_| (300..400).contains(&code)) {
            return format!("HTTP {code}: redirects are not followed, here to {}", self.fit_to_quote(location));
        }
        let said = std::str::from_utf8(&reply.body).ok().and_then(|body| json::json_get(body, "/error/message"));
        match said {
            Some(said) if !said.is_empty() => self.fit_to_quote(&said),
            _ => format!("HTTP {code}, without a message of the API"),
        }
    }

    /// Words of the service, without the key and the data that it may quote.
    fn fit_to_quote(&self, said: &str) -> String {
        const LEFT_OUT: &str = "(left out: no time or memory to look for quotes of the data)";
        let redactor = Redactor { key: self.engine.key.as_str(), data: self.data };
        let mut keep_on = || true;
        redactor.service_words(said, &mut keep_on).unwrap_or_else(|| LEFT_OUT.to_owned())
    }
}

/// Whether this comes from a gateway on the way, and not from the service. 502 and 504 mean just that: the gateway had no
/// answer to pass on. Else it is told by the words, which are not the API's. A gateway's 408 is about a request that it
/// has not read; its 5xx leaves open what became of the request.
fn is_gateways(reply: &Reply) -> bool {
    match reply.status {
        502 | 504 => true,
        408 | 500..=599 => std::str::from_utf8(&reply.body).ok().and_then(|it| json::json_get(it, "/error")).is_none(),
        _ => false,
    }
}
