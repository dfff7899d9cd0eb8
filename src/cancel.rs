//! [`CancelToken`]: tells calls that are blocked, from any thread or signal handler, to come back.

use crate::error::{Error, Status};
use crate::http::EventFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends the calls it was given to. Sticky: once cancelled, every later call with it ends at once too, until
/// [`reset`](CancelToken::reset). Clones are the same token, and any number of calls may share it.
#[derive(Clone, Debug)]
pub struct CancelToken {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    cancelled: AtomicBool,
    /// Readable while cancelled: what a blocked call polls beside its socket.
    wake: EventFd,
}

impl CancelToken {
    /// A token that is not cancelled. It holds one file descriptor.
    ///
    /// # Errors
    ///
    /// [`Status::OutOfMemory`] if the process has no file descriptor left.
    pub fn new() -> Result<CancelToken, Error> {
        let wake = EventFd::new().map_err(|e| {
            Error::new(Status::OutOfMemory, format!("cannot make a file descriptor to cancel with: {e}"))
        })?;
        Ok(CancelToken { shared: Arc::new(Shared { cancelled: AtomicBool::new(false), wake }) })
    }

    /// Ends every call that has the token, within a millisecond. An answer that is already here is still returned.
    /// Safe to call in a signal handler.
    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::SeqCst);
        self.shared.wake.notify();
    }

    /// Whether it is cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.seems_cancelled() || self.shared.wake.is_set()
    }

    /// Makes it usable again. Calls that were cancelled but have not come back yet may go on waiting.
    pub fn reset(&self) {
        self.shared.wake.clear();
        self.shared.cancelled.store(false, Ordering::SeqCst);
    }

    /// The same without a system call. It may miss a `cancel` that runs beside a `reset`; a poll on
    /// [`wake`](Self::wake) does not, since both touch that one last and first.
    pub(crate) fn seems_cancelled(&self) -> bool {
        self.shared.cancelled.load(Ordering::SeqCst)
    }

    pub(crate) fn wake(&self) -> &EventFd {
        &self.shared.wake
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
        assert!(token.is_cancelled() && token.wake().is_set());
        token.reset();
        assert!(!clone.is_cancelled() && !clone.wake().is_set());
        token.cancel();
        assert!(token.wake().is_set());
    }
}
