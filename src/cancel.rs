//! [`CancelToken`]: tells calls that are blocked, from any thread or signal handler, to come back.

use crate::error::Error;
use crate::status::Status;
use crate::sys::Latch;
use std::sync::Arc;

/// Ends the calls it was given to. Sticky: once cancelled, every later call with it ends at once too, until
/// [`reset`](CancelToken::reset). Clones are the same token, and any number of calls may share it.
#[derive(Clone, Debug)]
pub struct CancelToken {
    latch: Arc<Latch>,
}

impl CancelToken {
    /// A token that is not cancelled. It holds one file descriptor.
    ///
    /// # Errors
    ///
    /// [`Status::OutOfMemory`] if the process has no file descriptor left.
    pub fn new() -> Result<CancelToken, Error> {
        let latch = Latch::new().map_err(|e| {
            Error::new(Status::OutOfMemory, format!("cannot make a file descriptor to cancel with: {e}"))
        })?;
        Ok(CancelToken { latch: Arc::new(latch) })
    }

    /// Ends every call that has the token, within a millisecond. An answer that is already here is still returned.
    /// Safe to call in a signal handler.
    pub fn cancel(&self) {
        self.latch.set();
    }

    /// Whether it is cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.latch.is_set()
    }

    /// Makes it usable again. Calls that were cancelled but have not returned yet may go on waiting.
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
