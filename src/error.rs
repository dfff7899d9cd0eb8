//! [`Error`]: why a call did not succeed, and all that is known of it. Which status it gets is decided where it happens.

use crate::json::quoted;
use crate::status::Status;
use std::fmt::{self, Write as _};
use std::time::Duration;

/// How far a request had come when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Looking up the host's addresses.
    Dns,
    /// Connecting, to the host or through the proxy.
    Connect,
    /// In the TLS handshake.
    Tls,
    /// Sending the request.
    Send,
    /// The request is sent; nothing of the answer is here yet.
    Wait,
    /// Receiving the answer.
    Receive,
}

impl Phase {
    /// The word used in the error JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Dns => "dns",
            Phase::Connect => "connect",
            Phase::Tls => "tls",
            Phase::Send => "send",
            Phase::Wait => "wait",
            Phase::Receive => "receive",
        }
    }
}

/// Who says so: the service, or this side of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The service, or a gateway before it, answered with this error.
    Service,
    /// libanchor found it.
    Client,
}

/// Why a call did not succeed. Never holds the API key or an event's data.
#[derive(Clone)]
pub struct Error {
    pub(crate) detail: Box<Detail>,
}

#[derive(Clone)]
pub(crate) struct Detail {
    pub status: Status,
    pub message: String,
    pub origin: Origin,
    pub http_status: Option<u16>,
    pub phase: Option<Phase>,
    pub attempts: u32,
    pub elapsed: Duration,
    pub maybe_consumed: bool,
    pub last_error: Option<String>,
    pub request_id: Option<String>,
    pub retry_after: Option<Duration>,
    pub timed_out: bool,
}

impl Error {
    /// An error that this side found.
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Error {
        Error {
            detail: Box::new(Detail {
                status,
                message: message.into(),
                origin: Origin::Client,
                http_status: None,
                phase: None,
                attempts: 0,
                elapsed: Duration::ZERO,
                maybe_consumed: false,
                last_error: None,
                request_id: None,
                retry_after: None,
                timed_out: false,
            }),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Error {
        Error::new(Status::InvalidArgument, message)
    }

    /// Which kind of failure this is.
    #[must_use]
    pub fn status(&self) -> Status {
        self.detail.status
    }

    /// What happened, in English; the service's own words where it said something.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.detail.message
    }

    /// Who says so.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.detail.origin
    }

    /// The HTTP status of the last answer, where that is what ended the call.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.detail.http_status
    }

    /// How far the last request had come, if one was made.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.detail.phase
    }

    /// How many requests were made or tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.detail.attempts
    }

    /// How long the call took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.detail.elapsed
    }

    /// Whether some request of the call was written and the service's answer to it never read (a gateway's error page is
    /// none): the event may have been handed out to it, the signal delivered.
    #[must_use]
    pub fn maybe_consumed(&self) -> bool {
        self.detail.maybe_consumed
    }

    /// The last failure before this one was final: tells a timeout on a dead network from a quiet event.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.detail.last_error.as_deref()
    }

    /// Whether time ended the call. A binding makes that its language's own time-out error, whatever the status is.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.detail.timed_out
    }

    /// How long the service asked to be left alone in its last answer (`Retry-After`).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.detail.retry_after
    }

    /// The service's identifier of the last answered request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.detail.request_id.as_deref()
    }

    /// The API's own error shape, extended:
    /// `{"error":{"code":408,"message":"...","status":"ANCHOR_TIMEOUT",...}}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let detail = &*self.detail;
        let mut json = String::with_capacity(256 + detail.message.len());
        json.push_str("{\"error\":{");
        if let Some(code) = detail.http_status {
            let _ = write!(json, "\"code\":{code},");
        }
        push_member(&mut json, "message", Some(&detail.message));
        push_member(&mut json, "status", Some(detail.status.name()));
        let origin = match detail.origin {
            Origin::Service => "service",
            Origin::Client => "client",
        };
        push_member(&mut json, "origin", Some(origin));
        push_member(&mut json, "phase", detail.phase.map(Phase::as_str));
        let _ = write!(
            json,
            "\"attempts\":{},\"elapsedMs\":{},\"maybeConsumed\":{},",
            detail.attempts,
            detail.elapsed.as_millis(),
            detail.maybe_consumed
        );
        if detail.timed_out {
            json.push_str("\"timedOut\":true,");
        }
        if let Some(pause) = detail.retry_after {
            let _ = write!(json, "\"retryAfterMs\":{},", pause.as_millis());
        }
        push_member(&mut json, "lastError", detail.last_error.as_deref());
        push_member(&mut json, "requestId", detail.request_id.as_deref());
        json.pop();
        json.push_str("}}");
        json
    }
}

fn push_member(json: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = write!(json, "\"{name}\":{},", quoted(value));
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.detail.status.name(), self.detail.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_escapes_what_a_service_said() {
        let mut error = Error::new(Status::ServerError, "a \"quote\", a \0 and a \n");
        error.detail.http_status = Some(500);
        let json: serde_json::Value = serde_json::from_str(&error.to_json()).unwrap();
        assert_eq!(json["error"]["message"], "a \"quote\", a \0 and a \n");
        assert_eq!(json["error"]["code"], 500);
        assert!(!error.to_json().contains('\0'));
    }

    #[test]
    fn json_without_a_request_has_no_phase() {
        let json: serde_json::Value = serde_json::from_str(&Error::invalid("x").to_json()).unwrap();
        assert!(json["error"].get("phase").is_none());
        assert_eq!(json["error"]["maybeConsumed"], false);
    }
}
