//! What a simulated service does with each request, and what ends the call from outside.

use super::super::outcome::Kind;
use super::failed;
use crate::http::{FailureKind, Stop};
use std::time::Duration;

pub(super) const MILLI: Duration = Duration::from_millis(1);
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(60 * 60);
/// Longer than any call.
const NEVER: Duration = Duration::from_secs(1_000 * 24 * 60 * 60);

/// One outcome for each request; the last one holds for all that follow.
#[derive(Clone, Debug)]
pub(super) struct Script {
    outcomes: Vec<Scripted>,
    pub stop: Option<(Duration, Stop)>,
    /// The client has had an answer before the call.
    pub reached: bool,
    /// How much later than asked each pause ends.
    pub late: Duration,
}

impl Script {
    pub fn new(outcomes: impl Into<Vec<Scripted>>) -> Script {
        Script { outcomes: outcomes.into(), stop: None, reached: true, late: Duration::ZERO }
    }

    /// The client is new.
    pub fn never_reached(self) -> Script {
        Script { reached: false, ..self }
    }

    pub fn cancelled(self, at: Duration) -> Script {
        Script { stop: Some((at, Stop::Cancelled)), ..self }
    }

    pub fn interrupted(self, at: Duration) -> Script {
        Script { stop: Some((at, Stop::Interrupted)), ..self }
    }

    pub fn late(self, late: Duration) -> Script {
        Script { late, ..self }
    }

    pub fn outcome(&self, index: usize) -> &Scripted {
        &self.outcomes[index.min(self.outcomes.len() - 1)]
    }
}

/// The outcome of one request, and how long it takes.
#[derive(Clone, Debug)]
pub(super) struct Scripted {
    /// Until the request is written, or fails before it is.
    pub before: Duration,
    /// From then to the outcome; `None`: it is never written.
    pub held: Option<Duration>,
    kind: Kind,
    pub retry_after: Option<Duration>,
    /// It is the service's own answer.
    pub by_service: bool,
}

impl Scripted {
    pub fn before(self, before: Duration) -> Scripted {
        Scripted { before, ..self }
    }

    pub fn held(self, held: Duration) -> Scripted {
        Scripted { held: Some(held), ..self }
    }

    /// The outcome comes before all of the request is written.
    pub fn early(self) -> Scripted {
        Scripted { held: None, ..self }
    }

    pub fn retry_after(self, retry_after: Duration) -> Scripted {
        Scripted { retry_after: Some(retry_after), ..self }
    }

    /// Somebody answers, be it a gateway.
    pub fn is_answer(&self) -> bool {
        !matches!(self.kind, Kind::Failed { .. })
    }

    /// A fresh connection did not come from the pool.
    pub fn kind(&self, is_fresh: bool) -> Kind {
        match self.kind.clone() {
            Kind::Failed { kind, detail, stale } => Kind::Failed { kind, detail, stale: stale && !is_fresh },
            kind => kind,
        }
    }
}

fn scripted(kind: Kind, is_written: bool, by_service: bool) -> Scripted {
    Scripted { before: MILLI, held: is_written.then_some(MILLI), kind, retry_after: None, by_service }
}

pub(super) const EVENT: &str = r#"{"data":{}}"#;

pub(super) fn event() -> Scripted {
    scripted(Kind::Answer(EVENT.to_owned()), true, true)
}

/// The service's 408 to a wait.
pub(super) fn not_signaled() -> Scripted {
    scripted(Kind::NotSignaled, true, true)
}

/// The service refuses with this code.
pub(super) fn refused(code: u16) -> Scripted {
    scripted(Kind::Refused { code, by_gateway: false, message: format!("scripted {code}") }, true, true)
}

/// A gateway answers in place of the service. Only its 5xx is about a request that it has passed on.
pub(super) fn gateway(code: u16) -> Scripted {
    scripted(Kind::Refused { code, by_gateway: true, message: format!("a page with {code}") }, true, code < 500)
}

pub(super) fn not_api() -> Scripted {
    scripted(Kind::NotApi { code: 200, why: "a page".to_owned() }, true, false)
}

/// Nobody answers the SYN.
pub(super) fn black_hole() -> Scripted {
    scripted(failed(FailureKind::TimedOut), false, false).before(NEVER)
}

/// It takes the request and is silent.
pub(super) fn silent() -> Scripted {
    scripted(failed(FailureKind::TimedOut), true, false).held(NEVER)
}

/// The failure comes before the request is written.
pub(super) fn unsent(kind: FailureKind) -> Scripted {
    scripted(failed(kind), false, false)
}

/// The failure comes after the request was written.
pub(super) fn lost(kind: FailureKind) -> Scripted {
    scripted(failed(kind), true, false)
}

/// The connection came from the pool and was dead.
pub(super) fn stale() -> Scripted {
    let kind = Kind::Failed { kind: FailureKind::Broken, detail: "scripted stale".to_owned(), stale: true };
    scripted(kind, true, false)
}
