//! The outcome of a wait from its end until a program takes it.

use crate::error::Error;
use crate::session::Session;
use std::sync::Arc;

/// An outcome that nobody has taken yet. If it is dropped, the statistics count an answer that is lost.
pub(super) struct Untaken {
    session: Arc<Session>,
    outcome: Option<Result<String, Error>>,
}

impl Untaken {
    pub fn new(session: Arc<Session>, outcome: Result<String, Error>) -> Untaken {
        Untaken { session, outcome: Some(outcome) }
    }

    pub fn take(mut self) -> Result<String, Error> {
        self.outcome.take().expect("it is taken by value, so once")
    }
}

impl Drop for Untaken {
    fn drop(&mut self) {
        if matches!(self.outcome, Some(Ok(_))) {
            self.session.counters.dropped.add(1);
        }
    }
}
