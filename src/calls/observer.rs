//! What accompanies the requests and pauses of a call, whichever driver makes them: the statistics, the log, and the judgement
//! of each answer.

use super::outcome::{Operation, Outcome, judge};
use super::redact::Redactor;
use super::{Pause, Reason, Request};
use crate::config::LogLevel;
use crate::credentials::Lines;
use crate::http::{Failure, Reply, Trace};
use crate::session::Session;
use std::time::Instant;

/// The view of one call. It is cheap to make.
pub(crate) struct Observer<'a> {
    session: &'a Session,
    operation: Operation,
    event_name: &'a str,
    redactor: Redactor<'a>,
}

impl<'a> Observer<'a> {
    pub fn new(
        session: &'a Session,
        operation: Operation,
        event_name: &'a str,
        lines: Option<&'a Lines>,
        data: Option<&'a str>,
    ) -> Observer<'a> {
        let redactor = Redactor { credentials: &session.credentials, lines, data };
        Observer { session, operation, event_name, redactor }
    }

    /// Whether the client has had an answer before, by the service or a gateway.
    pub fn is_reached(&self) -> bool {
        self.session.is_reached()
    }

    /// A request is being made.
    pub fn sends(&self, request: &Request) {
        if request.is_rearm {
            self.note_rearm();
        }
    }

    /// A request has a result, which is judged. `attempt`: its number in the call. `keep_on` returns whether there is still time
    /// to examine the text of an answer.
    pub fn judges(
        &self,
        attempt: u32,
        exchanged: Result<Reply, Failure>,
        trace: &Trace,
        keep_on: &mut dyn FnMut() -> bool,
    ) -> Outcome {
        let outcome = judge(self.operation, exchanged, trace, &self.redactor, keep_on);
        self.session.count(trace);
        self.session.count_unanswered(outcome.is_unanswered());
        if outcome.is_answered() {
            self.session.note_reached();
        }
        self.log(LogLevel::Debug, || format!("request {attempt}: {}", outcome.describe()));
        outcome
    }

    /// A pause begins.
    pub fn pauses(&self, pause: &Pause) {
        match pause.reason {
            Reason::Rearm => self.note_rearm(),
            Reason::Retry(status) => {
                self.session.counters.retries.add(1);
                let millis = pause.until.saturating_duration_since(Instant::now()).as_millis();
                self.log(LogLevel::Warning, || format!("{}, trying again in {millis} ms", status.name()));
            }
        }
    }

    fn note_rearm(&self) {
        self.session.counters.rearms.add(1);
        self.log(LogLevel::Info, || "not signaled yet, asking again".to_owned());
    }

    fn log(&self, level: LogLevel, line: impl FnOnce() -> String) {
        if let Some(sink) = &self.session.config.log {
            let verb = match self.operation {
                Operation::Wait => "wait",
                Operation::Signal => "signal",
            };
            sink(level, &format!("{verb} {:?}: {}", self.event_name, line()));
        }
    }
}
