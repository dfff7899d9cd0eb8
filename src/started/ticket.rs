//! What cancels a started wait.

use crate::cancel::CancelToken;
use crate::error::Error;

/// A handle to a wait that runs, by which it can be cancelled. It belongs to its process: in a forked child it does nothing.
pub(super) struct Ticket {
    token: CancelToken,
    process: u32,
}

impl Ticket {
    pub fn new() -> Result<Ticket, Error> {
        Ok(Ticket { token: CancelToken::new()?, process: std::process::id() })
    }

    /// Async-signal-safe.
    pub fn cancel(&self) {
        if !self.is_inherited() {
            self.token.cancel();
        }
    }

    pub fn token(&self) -> &CancelToken {
        &self.token
    }

    /// Whether the wait belongs to the parent process. A child has its memory and descriptors, but not its thread.
    pub fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }
}
