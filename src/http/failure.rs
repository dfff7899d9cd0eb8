//! Why there is no complete answer. A failure is classified by the notes of the context, never by the text of an error. What it
//! means for a wait or a signal is decided in `calls`.

use super::context::{Context, Stop};
use crate::error::Phase;

/// Why there is no complete answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    TimedOut,
    Cancelled,
    Interrupted,
    /// DNS, the proxy, or the connection failed.
    Broken,
    /// The name service reports that the host does not exist.
    UnknownHost,
    /// A proxy refuses the tunnel, or the key would be sent unencrypted.
    NotPermitted,
    /// This process has no descriptor, thread or memory left.
    Exhausted,
    /// The certificate or the TLS handshake was refused, by either side.
    TlsRefused,
    /// The answer is not HTTP, or it is ambiguous.
    Malformed,
    TooLarge,
}

pub(crate) struct Failure {
    pub kind: FailureKind,
    pub detail: String,
}

/// The error that ended an exchange, as ureq and `exchange` report it.
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

/// `Error::Other`, which adds nothing to the text.
impl From<std::io::Error> for ExchangeError {
    fn from(e: std::io::Error) -> Self {
        ExchangeError::Ureq(ureq::Error::Other(e.into()))
    }
}

impl From<super::context::Ended> for ExchangeError {
    fn from(ended: super::context::Ended) -> Self {
        std::io::Error::from(ended).into()
    }
}

/// Classifies a failure by the notes. ureq's error only adds text.
pub(super) fn classify(call: &Context, cause: ExchangeError) -> Failure {
    let (kind, detail) = kind_and_detail(call, cause);
    Failure { kind, detail }
}

fn kind_and_detail(call: &Context, cause: ExchangeError) -> (FailureKind, String) {
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
        ExchangeError::TooLarge | ExchangeError::Ureq(ureq::Error::LargeResponseHeader(..)) => {
            return (FailureKind::TooLarge, "the answer is larger than the limit".to_owned());
        }
        ExchangeError::OutOfMemory => {
            return (FailureKind::Exhausted, "no memory is left for the answer".to_owned());
        }
        ExchangeError::Ureq(ureq::Error::Other(e)) => e.to_string(),
        ExchangeError::Ureq(e) => e.to_string(),
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
