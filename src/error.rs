//! What can go wrong, as one table: every [`Status`] with its number, name and sentence, and the [`Error`] that
//! carries one. Deciding which status a failure gets is not done here, but where the failure happens.

use crate::json::quoted;
use std::ffi::CStr;
use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// The outcome of a call. New values may come in later versions; a value never changes its meaning.
#[repr(i32)]
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Success.
    Ok = 0,
    /// The event was not signaled within the time.
    Timeout = 1,
    /// Cancelled by a token, by cancelling all, or by cancelling the started wait.
    Cancelled = 2,
    /// A started wait has not ended yet.
    Pending = 3,
    /// A signal handler ran on the waiting thread, and the configuration asked to be told.
    Interrupted = 4,
    /// An argument was NULL, not UTF-8, empty, out of range, not a URL or not JSON; the message names it.
    InvalidArgument = 10,
    /// No memory, thread or file descriptor was left.
    OutOfMemory = 11,
    /// A defect in libanchor, caught at its boundary. Please report it.
    Internal = 12,
    /// The request never reached the service (DNS, connect, proxy): nothing happened, and it is safe to repeat.
    NotSent = 20,
    /// The certificate or the TLS handshake was refused: nothing happened.
    Tls = 21,
    /// Sent, but not completely answered: the event may have been consumed, or the signal delivered.
    ConnectionLost = 22,
    /// What was received is not an answer of the API: not HTTP, not JSON, or a gateway's page.
    Protocol = 23,
    /// The answer is larger than the configured limit.
    ResponseTooLarge = 24,
    /// The service refused the request as malformed (HTTP 400, 413, 422).
    BadRequest = 40,
    /// The API key is missing or not valid (HTTP 401).
    Unauthorized = 41,
    /// The API key may not do this (HTTP 403).
    Forbidden = 42,
    /// The service does not know this (HTTP 404).
    NotFound = 43,
    /// Too many requests (HTTP 429).
    RateLimited = 44,
    /// The service or a gateway failed (HTTP 5xx).
    ServerError = 45,
    /// Any other HTTP status, redirects among them: they are never followed.
    HttpError = 46,
}

/// Each status with the name of its constant in C and an English sentence.
const TABLE: [(Status, &CStr, &CStr); 20] = [
    (Status::Ok, c"ANCHOR_OK", c"Success."),
    (Status::Timeout, c"ANCHOR_TIMEOUT", c"The event was not signaled within the time."),
    (Status::Cancelled, c"ANCHOR_CANCELLED", c"The call was cancelled."),
    (Status::Pending, c"ANCHOR_PENDING", c"The started wait has not ended yet."),
    (Status::Interrupted, c"ANCHOR_INTERRUPTED", c"A signal handler ran on the waiting thread."),
    (Status::InvalidArgument, c"ANCHOR_INVALID_ARGUMENT", c"An argument is not valid."),
    (Status::OutOfMemory, c"ANCHOR_OUT_OF_MEMORY", c"No memory, thread or file descriptor is left."),
    (Status::Internal, c"ANCHOR_INTERNAL", c"A defect in libanchor was caught; please report it."),
    (Status::NotSent, c"ANCHOR_NOT_SENT", c"The request never reached the service; it is safe to repeat."),
    (Status::Tls, c"ANCHOR_TLS", c"The certificate or the TLS handshake was refused."),
    (
        Status::ConnectionLost,
        c"ANCHOR_CONNECTION_LOST",
        c"The connection broke before a complete answer: the event may have been consumed, the signal delivered.",
    ),
    (Status::Protocol, c"ANCHOR_PROTOCOL", c"The answer is not one of the API's."),
    (Status::ResponseTooLarge, c"ANCHOR_RESPONSE_TOO_LARGE", c"The answer is larger than the configured limit."),
    (Status::BadRequest, c"ANCHOR_BAD_REQUEST", c"The service refused the request as malformed."),
    (Status::Unauthorized, c"ANCHOR_UNAUTHORIZED", c"The API key is missing or not valid."),
    (Status::Forbidden, c"ANCHOR_FORBIDDEN", c"The API key may not do this."),
    (Status::NotFound, c"ANCHOR_NOT_FOUND", c"The service does not know this."),
    (Status::RateLimited, c"ANCHOR_RATE_LIMITED", c"The service is limiting the rate of requests."),
    (Status::ServerError, c"ANCHOR_SERVER_ERROR", c"The service or a gateway before it failed."),
    (Status::HttpError, c"ANCHOR_HTTP_ERROR", c"The service answered with an unexpected HTTP status."),
];

impl Status {
    /// Every status there is, in the order of their values.
    pub fn all() -> impl Iterator<Item = Status> {
        TABLE.iter().map(|row| row.0)
    }

    /// The name of the constant in C, such as `ANCHOR_TIMEOUT`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1.to_str().unwrap_or_default()
    }

    /// One English sentence.
    #[must_use]
    pub fn message(self) -> &'static str {
        self.row().2.to_str().unwrap_or_default()
    }

    /// The status with this value, if there is one.
    #[must_use]
    pub fn from_value(value: i32) -> Option<Status> {
        Status::all().find(|status| *status as i32 == value)
    }

    pub(crate) fn row(self) -> &'static (Status, &'static CStr, &'static CStr) {
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[0])
    }

    /// The status that stands for an HTTP status other than success and 408.
    #[must_use]
    pub(crate) fn from_http(code: u16) -> Status {
        match code {
            400 | 413 | 422 => Status::BadRequest,
            401 => Status::Unauthorized,
            403 => Status::Forbidden,
            404 => Status::NotFound,
            429 => Status::RateLimited,
            500..=599 => Status::ServerError,
            _ => Status::HttpError,
        }
    }
}

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

/// Runs a call, and makes an error of a panic. How far the call had come is not known any more.
pub(crate) fn caught<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        // A panic's own payload may panic when dropped.
        std::mem::forget(panic);
        let mut error = Error::new(Status::Internal, "a defect in libanchor was caught");
        error.detail.maybe_consumed = true;
        Err(error)
    })
}

/// Panics if the test of panics, tests/c/sanitized/panics.c, asks for it here. What is shipped is built without the cfg.
#[inline]
pub(crate) fn panic_if_asked(place: &str) {
    if cfg!(anchor_inject_panic) && std::env::var("ANCHOR_INJECT_PANIC").is_ok_and(|asked| asked == place) {
        panic!("a test asked for it");
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
    fn status_values_are_the_designs() {
        let table: Vec<(i32, &str)> = Status::all().map(|s| (s as i32, s.name())).collect();
        assert_eq!(
            table,
            [
                (0, "ANCHOR_OK"),
                (1, "ANCHOR_TIMEOUT"),
                (2, "ANCHOR_CANCELLED"),
                (3, "ANCHOR_PENDING"),
                (4, "ANCHOR_INTERRUPTED"),
                (10, "ANCHOR_INVALID_ARGUMENT"),
                (11, "ANCHOR_OUT_OF_MEMORY"),
                (12, "ANCHOR_INTERNAL"),
                (20, "ANCHOR_NOT_SENT"),
                (21, "ANCHOR_TLS"),
                (22, "ANCHOR_CONNECTION_LOST"),
                (23, "ANCHOR_PROTOCOL"),
                (24, "ANCHOR_RESPONSE_TOO_LARGE"),
                (40, "ANCHOR_BAD_REQUEST"),
                (41, "ANCHOR_UNAUTHORIZED"),
                (42, "ANCHOR_FORBIDDEN"),
                (43, "ANCHOR_NOT_FOUND"),
                (44, "ANCHOR_RATE_LIMITED"),
                (45, "ANCHOR_SERVER_ERROR"),
                (46, "ANCHOR_HTTP_ERROR"),
            ]
        );
    }

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
