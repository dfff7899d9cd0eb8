//! The idle connections of a client, which its blocking calls and its started waits share.

use super::buffers::HeldBuffers;
use super::link::Link;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long an idle connection is kept; most servers and gateways keep it at least as long. A connection that the peer has closed
/// is not used.
const MAX_IDLE_AGE: Duration = Duration::from_secs(50);
/// One for each thread of a program that shares a client, for most programs.
const MAX_IDLE_CONNECTIONS: usize = 64;

/// The connection that was used last is the last of the list.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Idle>>);

/// An idle connection. Its small buffers are kept as well, since that costs less than an allocation for each request.
pub(super) struct Idle {
    pub link: Link,
    pub buffers: HeldBuffers,
}

impl Pool {
    /// Takes out the connection that was used last, if it can still be used. It closes those that cannot.
    pub fn take(&self, max_idle: Duration) -> Option<Idle> {
        let max_idle = max_idle.min(MAX_IDLE_AGE);
        loop {
            // A statement of its own, so that the lock is free while the connection is closed or looked at.
            let newest = self.lock().pop();
            match newest {
                // Those before it were idle for longer.
                Some(idle) if !idle.link.is_fresh(max_idle) => {
                    self.put(idle);
                    return None;
                }
                Some(idle) if idle.link.is_usable() => return Some(idle),
                Some(closed) => drop(closed),
                None => return None,
            }
        }
    }

    /// Keeps a connection that [may be used again](Link::is_reusable). It closes those that are too old or too many.
    pub fn put(&self, mut idle: Idle) {
        idle.link.rest();
        let mut all = self.lock();
        let old = all.iter().take_while(|idle| !idle.link.is_fresh(MAX_IDLE_AGE)).count();
        let surplus = (all.len() + 1).saturating_sub(MAX_IDLE_CONNECTIONS);
        let closed: Vec<Idle> = all.drain(..old.max(surplus)).collect();
        all.push(idle);
        drop(all);
        drop(closed);
    }

    pub fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pool")
    }
}
