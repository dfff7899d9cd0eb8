//! [`Error`]: why a call failed. The code that detects a failure decides its status.

use crate::json::quoted;
use crate::status::Status;
use std::fmt::{self, Write as _};
use std::time::Duration;

/// How far a request got before it ended.
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
    /// Waiting for the answer; the request is sent and no byte of the answer has arrived.
    Wait,
    /// Receiving the answer.
    Receive,
}

impl Phase {
    /// Returns the value of `phase` in the error JSON, such as `"dns"`.
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

/// Who reports a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The service, or a gateway in front of it.
    Service,
    /// libanchor.
    Client,
}

/// Why a call failed. It never contains the API key or an event's data.
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
    /// An error that libanchor reports.
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Error {
        Error::with(status, message.into())
    }

    // Cold, and in one place: it is called from everywhere, and seldom.
    #[cold]
    #[inline(never)]
    fn with(status: Status, message: String) -> Error {
        Error {
            detail: Box::new(Detail {
                status,
                message,
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

    /// Returns the kind of the failure.
    #[must_use]
    pub fn status(&self) -> Status {
        self.detail.status
    }

    /// Returns what happened, in English. If the service sent a message, this is the service's message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.detail.message
    }

    /// Returns who reports the failure.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.detail.origin
    }

    /// Returns the HTTP status of the answer that ended the call, if an answer did.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.detail.http_status
    }

    /// Returns how far the last request of the call got, if the call made one.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.detail.phase
    }

    /// Returns how many requests the call made, including those that failed before they were sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.detail.attempts
    }

    /// Returns how long the call took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.detail.elapsed
    }

    /// Returns whether a request of the call was sent and the service's answer to it never read. If so, the event may have
    /// been handed to that request, or the signal delivered. A gateway's error page is not the service's answer.
    #[must_use]
    pub fn maybe_consumed(&self) -> bool {
        self.detail.maybe_consumed
    }

    /// Returns the last failure before the end of the call, if [`message`](Self::message) reports something else. With it, a
    /// program can distinguish a timeout on a broken network from an event that was not signaled.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.detail.last_error.as_deref()
    }

    /// Returns whether the call ended because its time was over. A binding to another language should raise that language's
    /// timeout error in this case, whatever the status is.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.detail.timed_out
    }

    /// Returns the pause that the service asked for in its last answer (`Retry-After`), if it did.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.detail.retry_after
    }

    /// Returns the service's identifier of the last answered request (`X-Request-Id`), which helps the service's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.detail.request_id.as_deref()
    }

    /// Returns the error as JSON, in the API's own error shape with more members:
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
