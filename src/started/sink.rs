//! Where the outcome of a wait goes. The engine that runs the wait ends it, and knows nothing else of it.

use super::completion::Ended;
use super::fifo::{Fifo, Place};
use super::slot::Slot;
use super::ticket::Ticket;
use super::untaken::Untaken;
use crate::error::Error;
use crate::session::Session;
use crate::status::Status;
use std::sync::Arc;

/// Takes exactly one outcome. If it is dropped without one, as by a panic of the engine, the outcome is an internal error.
pub(super) struct Sink {
    session: Arc<Session>,
    target: Option<Target>,
}

enum Target {
    Slot(Arc<Slot<Untaken>>),
    Queue { fifo: Arc<Fifo<Ended, Arc<Ticket>>>, place: Place, tag: u64 },
}

impl Sink {
    pub fn slot(session: &Arc<Session>, slot: &Arc<Slot<Untaken>>) -> Sink {
        Sink { session: Arc::clone(session), target: Some(Target::Slot(Arc::clone(slot))) }
    }

    /// The queue counts the wait as running until this sink ends or is withdrawn.
    pub fn queue(session: &Arc<Session>, fifo: &Arc<Fifo<Ended, Arc<Ticket>>>, ticket: &Arc<Ticket>, tag: u64) -> Sink {
        let place = fifo.begin(Arc::clone(ticket), session.config.interruptible);
        Sink { session: Arc::clone(session), target: Some(Target::Queue { fifo: Arc::clone(fifo), place, tag }) }
    }

    /// What the wait's client shares.
    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    pub fn end(mut self, outcome: Result<String, Error>) {
        self.pass(outcome);
    }

    /// The wait did not start, which its start reports. So there is no outcome.
    pub fn withdraw(mut self) {
        if let Some(Target::Queue { fifo, place, .. }) = self.target.take() {
            fifo.withdraw(place);
        }
    }

    fn pass(&mut self, outcome: Result<String, Error>) {
        let outcome = Untaken::new(Arc::clone(&self.session), outcome);
        match self.target.take() {
            Some(Target::Slot(slot)) => slot.end(outcome),
            Some(Target::Queue { fifo, place, tag }) => fifo.end(place, Ended { tag, outcome }),
            None => {}
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if self.target.is_some() {
            let mut error = Error::new(Status::Internal, "a defect in libanchor ended the wait");
            error.detail.maybe_consumed = true;
            self.pass(Err(error));
        }
    }
}
