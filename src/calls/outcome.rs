//! The outcome of a request: answers and failures are classified here and nowhere else. Pure. The rules of the call decide
//! what follows.

use super::redact::Redactor;
use super::retry::retry_after;
use crate::address::endpoint::Endpoint;
use crate::error::Phase;
use crate::http::{Failure, FailureKind, Reply, Trace};
use crate::json::{self, Refusal};
use crate::secret::Wiped;
use crate::status::Status;
use std::time::{Duration, Instant, SystemTime};

/// What a call asks the service to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Wait,
    Signal,
}

impl Operation {
    pub fn name(self) -> &'static str {
        match self {
            Operation::Wait => "wait",
            Operation::Signal => "signal",
        }
    }

    /// The path of its requests.
    pub fn path(self, endpoint: &Endpoint, event_name: &str) -> String {
        match self {
            Operation::Wait => endpoint.wait_path(event_name),
            Operation::Signal => endpoint.signal_path(event_name),
        }
    }
}

/// The outcome of a request.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub kind: Kind,
    /// How far the request got.
    pub phase: Phase,
    /// When all of the request was sent, if it was.
    pub written: Option<Instant>,
    pub request_id: Option<String>,
    pub retry_after: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The API's answer, byte for byte.
    Answer(String),
    /// The API answered that the event was not signaled in the time that the request asked for.
    NotSignaled,
    /// Any other HTTP status, with a message in which secrets are hidden.
    Refused { code: u16, by_gateway: bool, message: String },
    /// The HTTP status is success, but the body is not an answer of the API.
    NotApi { code: u16, why: String },
    /// No complete answer arrived. `stale`: the request used a connection of the pool, and no byte of an answer arrived.
    Failed { kind: FailureKind, detail: String, stale: bool },
}

impl Outcome {
    /// How long the service has held the request.
    pub fn held(&self, now: Instant) -> Duration {
        self.written.map(|at| now.saturating_duration_since(at)).unwrap_or_default()
    }

    /// Whether the request was written and the service's answer to it will never be read. A gateway's 5xx is not the
    /// service's answer. A gateway's 408 is about a request that the gateway did not pass on.
    pub fn is_unanswered(&self) -> bool {
        let has_answer = match &self.kind {
            Kind::Answer(_) | Kind::NotSignaled => true,
            Kind::Refused { code, by_gateway, .. } => !by_gateway || *code < 500,
            Kind::NotApi { .. } | Kind::Failed { .. } => false,
        };
        self.written.is_some() && !has_answer
    }

    /// Whether the service or a gateway answered.
    pub fn is_answered(&self) -> bool {
        !matches!(self.kind, Kind::Failed { .. })
    }

    /// The status of a call that ends with it, if no earlier request of the call is unanswered.
    pub fn status(&self) -> Status {
        use FailureKind::{
            Broken, Cancelled, Exhausted, Interrupted, Malformed, NotPermitted, TimedOut, TlsRefused, TooLarge,
            UnknownHost,
        };
        match &self.kind {
            Kind::Answer(_) => Status::Ok,
            Kind::NotSignaled => Status::Timeout,
            Kind::Refused { code, .. } => Status::from_http(*code),
            Kind::NotApi { .. } => Status::Protocol,
            Kind::Failed { kind, .. } => match kind {
                Cancelled => Status::Cancelled,
                Interrupted => Status::Interrupted,
                TlsRefused => Status::Tls,
                Malformed => Status::Protocol,
                TooLarge => Status::ResponseTooLarge,
                Exhausted => Status::OutOfMemory,
                NotPermitted | UnknownHost => Status::NotSent,
                Broken | TimedOut if self.written.is_none() => Status::NotSent,
                Broken | TimedOut => Status::ConnectionLost,
            },
        }
    }

    /// The HTTP status, if there was an answer.
    pub fn code(&self) -> Option<u16> {
        match self.kind {
            Kind::NotSignaled => Some(408),
            Kind::Refused { code, .. } | Kind::NotApi { code, .. } => Some(code),
            Kind::Answer(_) | Kind::Failed { .. } => None,
        }
    }

    /// One line for the log.
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Answer(_) => "answered".to_owned(),
            Kind::NotSignaled => "not signaled yet".to_owned(),
            Kind::Refused { code, by_gateway: true, .. } => format!("HTTP {code} from a gateway"),
            Kind::Refused { code, .. } => format!("HTTP {code}"),
            Kind::NotApi { code, why } => format!("HTTP {code} with a body that is {why}"),
            Kind::Failed { detail, .. } => detail.clone(),
        }
    }
}

/// Classifies the result of an exchange. `keep_on` returns whether there is still time to examine the text of an answer.
pub(crate) fn judge(
    operation: Operation,
    exchanged: Result<Reply, Failure>,
    trace: &Trace,
    redactor: &Redactor<'_>,
    keep_on: &mut dyn FnMut() -> bool,
) -> Outcome {
    let mut outcome = Outcome {
        kind: Kind::NotSignaled,
        phase: trace.phase,
        written: trace.written,
        request_id: None,
        retry_after: None,
    };
    match exchanged {
        Ok(mut reply) => {
            outcome.request_id =
                reply.request_id.take().map(Wiped::new).and_then(|id| redactor.service_words(&id, keep_on));
            outcome.retry_after = reply.retry_after.take().and_then(|asked| retry_after(&asked, SystemTime::now()));
            outcome.kind = of_reply(operation, reply, redactor, keep_on);
        }
        Err(Failure { kind, detail }) => {
            outcome.kind = Kind::Failed { kind, detail, stale: !trace.dialled && trace.received == 0 };
        }
    }
    outcome
}

fn of_reply(operation: Operation, reply: Reply, redactor: &Redactor<'_>, keep_on: &mut dyn FnMut() -> bool) -> Kind {
    let code = reply.status;
    if (200..300).contains(&code) {
        return match json::one_object(reply.body) {
            Ok(answer) => Kind::Answer(answer),
            Err(Refusal::OutOfMemory) => {
                let detail = "no memory is left for the answer".to_owned();
                Kind::Failed { kind: FailureKind::Exhausted, detail, stale: false }
            }
            Err(Refusal::Malformed(why)) => Kind::NotApi { code, why },
            Err(Refusal::Stopped) => Kind::NotApi { code, why: "not read to its end".to_owned() },
        };
    }
    let by_gateway = is_of_gateway(&reply);
    if operation == Operation::Wait && code == 408 && !by_gateway {
        return Kind::NotSignaled;
    }
    let message = message(&reply, redactor, keep_on);
    // It may quote the key.
    drop((Wiped::new(reply.body), reply.location.map(Wiped::new)));
    Kind::Refused { code, by_gateway, message }
}

/// Whether a gateway sent this answer, and not the service. 502 and 504 always come from a gateway that had no answer to pass
/// on. Otherwise the body decides: an error of the API has the API's form.
fn is_of_gateway(reply: &Reply) -> bool {
    match reply.status {
        502 | 504 => true,
        408 | 500..=599 => text(reply).and_then(|body| json::json_get(body, "/error")).is_none(),
        _ => false,
    }
}

/// The message of the API, or a sentence about the HTTP status if there is none.
fn message(reply: &Reply, redactor: &Redactor<'_>, keep_on: &mut dyn FnMut() -> bool) -> String {
    let code = reply.status;
    let mut shown = |said: &str| redactor.service_words(said, keep_on);
    if let Some(location) = reply.location.as_deref().filter(|_| (300..400).contains(&code)) {
        let location = shown(location).unwrap_or_default();
        return format!("HTTP {code} is a redirect, which libanchor does not follow: {location}");
    }
    match text(reply)
        .and_then(|body| json::json_get(body, "/error/message"))
        .filter(|said| !said.is_empty())
        .map(Wiped::new)
    {
        Some(said) => shown(&said)
            .unwrap_or_else(|| format!("HTTP {code}; the service's message is omitted, since it may contain a secret")),
        None if code == 407 => "HTTP 407: a proxy wants a user name and a password, or does not know these".to_owned(),
        None => format!("HTTP {code} without a message of the API"),
    }
}

fn text(reply: &Reply) -> Option<&str> {
    std::str::from_utf8(&reply.body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Credentials;
    use crate::session::SentCredentials;

    const API: &str = r#"{"error":{"code":1,"message":"words of the API"}}"#;
    const PAGE: &str = "<html>words of a gateway</html>";

    fn judged(operation: Operation, status: u16, body: &str) -> Kind {
        let reply = Reply { status, body: body.into(), retry_after: None, request_id: None, location: None };
        of_reply(
            operation,
            reply,
            &Redactor { credentials: &SentCredentials::new(Credentials::new("k", &[])), lines: None, data: None },
            &mut || true,
        )
    }

    #[test]
    fn who_answered_is_read_from_the_code_and_the_words() {
        for (code, body, gateway) in [
            (502, API, true),
            (504, API, true),
            (503, API, false),
            (503, PAGE, true),
            (500, API, false),
            (500, "", true),
            (408, PAGE, true),
            (429, PAGE, false),
            (401, PAGE, false),
        ] {
            let Kind::Refused { by_gateway, message, .. } = judged(Operation::Wait, code, body) else {
                panic!("{code} is refused")
            };
            assert_eq!(by_gateway, gateway, "{code} {body}");
            let expected = if body == API {
                "words of the API".to_owned()
            } else {
                format!("HTTP {code} without a message of the API")
            };
            assert_eq!(message, expected);
        }
    }

    #[test]
    fn a_407_without_words_of_the_api_is_a_proxys() {
        let Kind::Refused { message, .. } = judged(Operation::Wait, 407, PAGE) else { panic!("it is refused") };
        assert!(message.contains("a proxy wants a user name"), "{message}");
    }

    #[test]
    fn only_the_services_408_to_a_wait_is_not_signaled() {
        assert_eq!(judged(Operation::Wait, 408, API), Kind::NotSignaled);
        assert!(matches!(judged(Operation::Signal, 408, API), Kind::Refused { by_gateway: false, .. }));
    }

    #[test]
    fn success_is_one_object() {
        for code in [200, 201, 299] {
            assert_eq!(judged(Operation::Wait, code, "{}"), Kind::Answer("{}".to_owned()));
            assert!(matches!(judged(Operation::Wait, code, PAGE), Kind::NotApi { .. }));
            assert!(matches!(judged(Operation::Signal, code, "[]"), Kind::NotApi { .. }));
        }
    }

    #[test]
    fn what_is_unanswered() {
        let refused = |code, by_gateway| Kind::Refused { code, by_gateway, message: String::new() };
        let failed = Kind::Failed { kind: FailureKind::Broken, detail: String::new(), stale: false };
        for (kind, expected) in [
            (Kind::Answer(String::new()), false),
            (Kind::NotSignaled, false),
            (refused(500, false), false),
            (refused(503, true), true),
            (refused(408, true), false),
            (refused(401, false), false),
            (Kind::NotApi { code: 200, why: String::new() }, true),
            (failed, true),
        ] {
            let at = |written| Outcome {
                kind: kind.clone(),
                phase: Phase::Wait,
                written,
                request_id: None,
                retry_after: None,
            };
            assert_eq!(at(Some(Instant::now())).is_unanswered(), expected, "{kind:?}");
            assert!(!at(None).is_unanswered(), "{kind:?}");
        }
    }
}
