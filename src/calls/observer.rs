//! What accompanies the requests and pauses of a call, whichever driver makes them: the statistics, the log, and the judgement
//! of each answer.

use super::outcome::{Operation, Outcome, judge};
use super::redact::Redactor;
use super::{Pause, Reason, Request};
use crate::credentials::Lines;
use crate::http::{Failure, Reply, Trace};
use crate::log::{LogLevel, Record};
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

    /// A request is being made, of this number in the call.
    pub fn sends(&self, attempt: u32, request: &Request) {
        if request.is_rearm {
            self.note_rearm(attempt);
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
        self.log(LogLevel::Debug, attempt, || Record {
            message: format!("request {attempt}: {}", outcome.describe()),
            phase: Some(outcome.phase),
            status: Some(outcome.status()),
            code: outcome.code(),
            ..Record::default()
        });
        outcome
    }

    /// A pause begins, after so many requests.
    pub fn pauses(&self, attempts: u32, pause: &Pause) {
        match pause.reason {
            Reason::Rearm => self.note_rearm(attempts + 1),
            Reason::Retry { status, phase } => {
                self.session.counters.retries.add(1);
                self.log(LogLevel::Warning, attempts, || {
                    let millis = pause.until.saturating_duration_since(Instant::now()).as_millis() as u64;
                    Record {
                        message: format!("{}, trying again in {millis} ms", status.name()),
                        phase: Some(phase),
                        status: Some(status),
                        pause_ms: Some(millis),
                        ..Record::default()
                    }
                });
            }
        }
    }

    fn note_rearm(&self, attempt: u32) {
        self.session.counters.rearms.add(1);
        let message = || "not signaled yet, asking again".to_owned();
        self.log(LogLevel::Info, attempt, || Record { message: message(), ..Record::default() });
    }

    /// What the record does not say of the call is added.
    fn log<'r>(&'r self, level: LogLevel, attempt: u32, record: impl FnOnce() -> Record<'r>) {
        let call = Some((self.operation.name(), self.event_name));
        self.session.config.log.write(level, || Record { call, attempt: Some(attempt), ..record() });
    }
}
