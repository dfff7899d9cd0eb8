//! How many connections of a client are open, and on how many a request waits for its answer. Each connection counts itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug, Default)]
pub(super) struct Gauge {
    open: AtomicUsize,
    waiting: AtomicUsize,
}

/// The part of one connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    gauge: Arc<Gauge>,
    is_waiting: bool,
}

impl Gauge {
    /// A connection was made.
    pub fn count(self: &Arc<Self>) -> Counted {
        self.open.fetch_add(1, Ordering::Relaxed);
        Counted { gauge: Arc::clone(self), is_waiting: false }
    }

    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl Counted {
    /// Whether a request on it waits for its answer.
    pub fn set_waiting(&mut self, is_waiting: bool) {
        if is_waiting == self.is_waiting {
            return;
        }
        self.is_waiting = is_waiting;
        if is_waiting {
            self.gauge.waiting.fetch_add(1, Ordering::Relaxed);
        } else {
            self.gauge.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.set_waiting(false);
        self.gauge.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_counted_until_it_is_dropped() {
        let gauge = Arc::new(Gauge::default());
        let mut connections = [gauge.count(), gauge.count()];
        assert_eq!((gauge.open(), gauge.waiting()), (2, 0));
        connections[0].set_waiting(true);
        connections[0].set_waiting(true);
        connections[1].set_waiting(false);
        assert_eq!((gauge.open(), gauge.waiting()), (2, 1));
        drop(connections);
        assert_eq!((gauge.open(), gauge.waiting()), (0, 0));
    }
}
