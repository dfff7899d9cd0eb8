//! How much the queues hold, and why a signal is refused.

use std::time::Duration;

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub queue: usize,
    pub queued_bytes: usize,
    pub retention: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The queue of this event holds as many signals as the limit allows.
    Queue(usize),
    /// All queues together hold as many bytes as the limit allows.
    Bytes(usize),
}

impl Limits {
    /// Whether a topic with this many queued signals may get one more, after which all queues hold this many bytes.
    pub fn check(&self, queued: usize, bytes: usize) -> Result<(), Full> {
        if queued >= self.queue {
            return Err(Full::Queue(self.queue));
        }
        if bytes > self.queued_bytes {
            return Err(Full::Bytes(self.queued_bytes));
        }
        Ok(())
    }
}
