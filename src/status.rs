//! Each [`Status`] with its number, name and sentence. The status of a failure is decided elsewhere.

use std::ffi::CStr;

/// The outcome of a call. Later versions may add values; a value never changes its meaning.
#[repr(i32)]
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The call succeeded.
    Ok = 0,
    /// The event was not signaled within the time.
    Timeout = 1,
    /// The call was cancelled: by a token, together with all calls of the client, or as a started wait.
    Cancelled = 2,
    /// No started wait has ended yet.
    Pending = 3,
    /// A signal handler ran on the waiting thread, and the settings ask the call to return then.
    Interrupted = 4,
    /// An argument was NULL, not UTF-8, empty, out of range, not a URL or not JSON; the message names it.
    InvalidArgument = 10,
    /// No memory, thread or file descriptor was left.
    OutOfMemory = 11,
    /// A defect in libanchor was caught. Please report it.
    Internal = 12,
    /// The service was not reached (DNS, connect, proxy), and no earlier request of the call is unanswered: nothing happened,
    /// and the call is safe to repeat.
    NotSent = 20,
    /// The certificate or the TLS handshake was refused, and no earlier request of the call is unanswered.
    Tls = 21,
    /// A request was sent and not completely answered: the event may have been consumed, or the signal delivered.
    ConnectionLost = 22,
    /// The answer is not one of the API's: not HTTP, not JSON, or a gateway's page.
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
    /// Any other HTTP status, such as a redirect; redirects are never followed.
    HttpError = 46,
}

/// Each status with the name of its constant in C and an English sentence.
const TABLE: [(Status, &CStr, &CStr); 20] = [
    (Status::Ok, c"ANCHOR_OK", c"Success."),
    (Status::Timeout, c"ANCHOR_TIMEOUT", c"The event was not signaled within the time."),
    (Status::Cancelled, c"ANCHOR_CANCELLED", c"The call was cancelled."),
    (Status::Pending, c"ANCHOR_PENDING", c"No started wait has ended yet."),
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
    /// Returns each status, in the order of their values.
    pub fn all() -> impl Iterator<Item = Status> {
        TABLE.iter().map(|row| row.0)
    }

    /// Returns the name of the constant in C, such as `ANCHOR_TIMEOUT`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1.to_str().unwrap_or_default()
    }

    /// Returns an English sentence about the status.
    #[must_use]
    pub fn message(self) -> &'static str {
        self.row().2.to_str().unwrap_or_default()
    }

    /// Returns the status with this value, if there is one.
    #[must_use]
    pub fn from_value(value: i32) -> Option<Status> {
        Status::all().find(|status| *status as i32 == value)
    }

    pub(crate) fn row(self) -> &'static (Status, &'static CStr, &'static CStr) {
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[0])
    }

    /// The status for an HTTP status other than success and 408.
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
}
