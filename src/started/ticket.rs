//! What cancels a started wait.

use super::reactor::Reactor;
use crate::sys::{Node, Process};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A handle to a wait that runs, by which it can be cancelled. It belongs to its process: in a forked child it does nothing.
/// Clones are the same ticket.
#[derive(Clone)]
pub(super) struct Ticket(Arc<Node<Stub>>);

/// The part of a ticket that the reactor gets when it is cancelled.
pub(super) struct Stub {
    reactor: Arc<Reactor>,
    /// By which the reactor knows the wait.
    token: AtomicU64,
    process: Process,
}

impl Ticket {
    pub fn new(reactor: &Arc<Reactor>) -> Ticket {
        let (token, process) = (AtomicU64::new(Stub::UNKNOWN), Process::current());
        Ticket(Arc::new(Node::new(Stub { reactor: Arc::clone(reactor), token, process })))
    }

    /// Async-signal-safe.
    pub fn cancel(&self) {
        if !self.is_inherited() {
            self.0.reactor.cancel(&self.0);
        }
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.is_pushed()
    }

    /// The reactor runs the wait, and knows it by this token.
    pub fn note_token(&self, token: u64) {
        self.0.token.store(token, Ordering::Relaxed);
    }

    /// Whether the wait belongs to the parent process. A child has its memory and descriptors, but not its thread.
    pub fn is_inherited(&self) -> bool {
        self.0.process != Process::current()
    }
}

impl Stub {
    /// The reactor does not know the wait yet. It looks whether it is cancelled when it begins.
    const UNKNOWN: u64 = u64::MAX;

    /// Only the reactor's thread stores it and asks for it.
    pub fn token(&self) -> u64 {
        self.token.load(Ordering::Relaxed)
    }
}
