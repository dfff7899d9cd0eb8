//! An event with a flag, which code that does not block can read without a system call.

use super::Event;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// Is set from `set` to `reset`. Any number of threads may poll it and set it.
#[derive(Debug)]
pub(crate) struct Latch {
    flag: AtomicBool,
    event: Event,
}

impl Latch {
    pub fn new() -> io::Result<Latch> {
        Ok(Latch { flag: AtomicBool::new(false), event: Event::new()? })
    }

    /// Async-signal-safe.
    pub fn set(&self) {
        self.flag.store(true, Ordering::SeqCst);
        self.event.notify();
    }

    /// Clears the event before the flag, as `set` stores the flag before it sets the event: so a poll never misses a `set` that runs
    /// at the same time as a `reset`.
    pub fn reset(&self) {
        self.event.clear();
        self.flag.store(false, Ordering::SeqCst);
    }

    pub fn is_set(&self) -> bool {
        self.seems_set() || self.event.is_set()
    }

    /// The same without a system call. It may miss a `set` that runs at the same time as a `reset`.
    pub fn seems_set(&self) -> bool {
        self.flag.load(Ordering::SeqCst)
    }

    pub fn event(&self) -> &Event {
        &self.event
    }
}
