//! Why there is no complete answer: classified by what the context noted, never by the text of an error. What it means for a
//! wait or a signal is not decided here.

use super::blocking::Stop;
use super::context::Context;
use crate::error::Phase;

/// Why there is no complete answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    TimedOut,
    Cancelled,
    Interrupted,
    /// DNS, the proxy, or the connection failed.
    Broken,
    /// The name service says that there is no such host.
    UnknownHost,
    /// A proxy, or a rule of ours, does not let the request out.
    NotPermitted,
    /// This process has no descriptor, thread or memory left for it.
    Exhausted,
    /// The certificate or the TLS handshake was refused, by either side.
    TlsRefused,
    /// What came is not HTTP.
    Malformed,
    TooLarge,
}

pub(crate) struct Failure {
    pub kind: FailureKind,
    pub detail: String,
}

/// What ended an exchange, as it is seen where it is run.
pub(super) enum ExchangeError {
    Ureq(ureq::Error),
    TooLarge,
    OutOfMemory,
}

impl From<ureq::Error> for ExchangeError {
    fn from(e: ureq::Error) -> Self {
        ExchangeError::Ureq(e)
    }
}

/// Classifies by what was noted. ureq's error only adds words.
pub(super) fn classify(call: &Context, cause: Option<ExchangeError>) -> Failure {
    let (kind, detail) = kind_and_detail(call, cause);
    Failure { kind, detail }
}

fn kind_and_detail(call: &Context, cause: Option<ExchangeError>) -> (FailureKind, String) {
    let doing = doing(call.phase());
    match call.stop() {
        Some(Stop::Deadline) => return (FailureKind::TimedOut, format!("{doing} took too long")),
        Some(Stop::Cancelled) => return (FailureKind::Cancelled, "cancelled".to_owned()),
        Some(Stop::Interrupted) => return (FailureKind::Interrupted, "a signal handler ran".to_owned()),
        Some(Stop::Exhausted) | None => {}
    }
    if let Some(verdict) = call.verdict() {
        return verdict;
    }
    let said = match cause {
        Some(ExchangeError::TooLarge | ExchangeError::Ureq(ureq::Error::LargeResponseHeader(..))) => {
            return (FailureKind::TooLarge, "the answer is larger than the limit".to_owned());
        }
        Some(ExchangeError::OutOfMemory) => {
            return (FailureKind::Exhausted, "no memory is left for the answer".to_owned());
        }
        Some(ExchangeError::Ureq(ureq::Error::Other(e))) => e.to_string(),
        Some(ExchangeError::Ureq(e)) => e.to_string(),
        None => String::new(),
    };
    if call.refused.get() {
        return (FailureKind::TlsRefused, said);
    }
    match call.broken() {
        Some(what) => (FailureKind::Broken, format!("{doing}: {what}")),
        None if call.ended.get() => (FailureKind::Broken, format!("{doing}: the peer closed the connection")),
        None if matches!(call.phase(), Phase::Wait | Phase::Receive) => (FailureKind::Malformed, said),
        None => (FailureKind::Broken, format!("{doing}: {said}")),
    }
}

fn doing(phase: Phase) -> &'static str {
    match phase {
        Phase::Dns => "looking up the host",
        Phase::Connect => "connecting",
        Phase::Tls => "the TLS handshake",
        Phase::Send => "sending the request",
        Phase::Wait => "waiting for the answer",
        Phase::Receive => "receiving the answer",
    }
}
