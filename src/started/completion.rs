//! The outcome of a queued wait: as the queue keeps it, and as a program takes it.

use super::untaken::Untaken;
use crate::error::Error;
use std::fmt;

/// The outcome of a wait on a [`Queue`](crate::Queue). Each wait gives exactly one, cancelled or not.
pub struct Completion {
    tag: u64,
    outcome: Result<String, Error>,
}

impl Completion {
    /// Returns the tag that the wait was started with.
    #[must_use]
    pub fn tag(&self) -> u64 {
        self.tag
    }

    /// Returns the service's answer, byte for byte, or why the wait failed.
    ///
    /// # Errors
    ///
    /// As [`Client::wait`](crate::Client::wait).
    pub fn outcome(&self) -> Result<&str, &Error> {
        self.outcome.as_deref()
    }

    /// Returns the same as [`outcome`](Self::outcome), without a copy.
    ///
    /// # Errors
    ///
    /// As [`Client::wait`](crate::Client::wait).
    pub fn into_outcome(self) -> Result<String, Error> {
        self.outcome
    }
}

/// It does not contain the event's data.
impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = self.outcome.as_ref().map(|_| "an answer");
        f.debug_struct("Completion").field("tag", &self.tag).field("outcome", &outcome).finish()
    }
}

/// A completion that nobody has taken yet.
pub(super) struct Ended {
    pub tag: u64,
    pub outcome: Untaken,
}

impl Ended {
    pub fn take(self) -> Completion {
        Completion { tag: self.tag, outcome: self.outcome.take() }
    }
}
