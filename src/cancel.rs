//! [`CancelToken`]: unblocks calls, from any thread or signal handler.

use crate::error::Error;
use crate::status::Status;
use crate::sys::Latch;
use std::sync::Arc;

/// Ends the calls that it is passed to. It stays cancelled: every later call with it ends at once, until
/// [`reset`](CancelToken::reset). Clones are the same token. Any number of calls and threads may share it, and a forked
/// child shares it with its parent.
#[derive(Clone, Debug)]
pub struct CancelToken {
    latch: Arc<Latch>,
}

impl CancelToken {
    /// Makes a token that is not cancelled. It holds one file descriptor.
    ///
    /// # Errors
    ///
    /// [`Status::OutOfMemory`] if the process has no file descriptor left.
    pub fn new() -> Result<CancelToken, Error> {
        let latch = Latch::new().map_err(|e| {
            Error::new(Status::OutOfMemory, format!("cannot make a file descriptor for the cancel token: {e}"))
        })?;
        Ok(CancelToken { latch: Arc::new(latch) })
    }

    /// Ends every call that was passed the token with [`Status::Cancelled`], within a millisecond on an idle machine. An
    /// answer that has already arrived is still returned. Async-signal-safe.
    pub fn cancel(&self) {
        self.latch.set();
    }

    /// Returns whether the token is cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.latch.is_set()
    }

    /// Makes the token usable again. Let the calls that it cancelled return first: a call that has not returned yet may
    /// continue to wait.
    pub fn reset(&self) {
        self.latch.reset();
    }

    pub(crate) fn latch(&self) -> &Arc<Latch> {
        &self.latch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancel_is_sticky_and_reset_undoes_it() {
        let token = CancelToken::new().unwrap();
        let clone = token.clone();
        assert!(!token.is_cancelled());
        clone.cancel();
        clone.cancel();
        assert!(token.is_cancelled() && token.latch().event().is_set());
        token.reset();
        assert!(!clone.is_cancelled() && !clone.latch().event().is_set());
        token.cancel();
        assert!(token.latch().event().is_set());
    }
}
