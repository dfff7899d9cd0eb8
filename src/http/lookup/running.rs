//! The lookups that run, and who waits for each. Pure.

use std::time::{Duration, Instant};

/// How long a lookup may run and still be joined. A resolver that gets no answer from any of its servers usually gives up by then.
/// One that runs for longer may hang for ever, and a new lookup may succeed.
const JOINED_FOR: Duration = Duration::from_secs(30);

pub(super) struct Running<D>(Vec<Lookup<D>>);

struct Lookup<D> {
    number: u64,
    host: String,
    began: Instant,
    waiting: Vec<Waiting<D>>,
}

/// One that waits for a lookup.
pub(super) struct Waiting<D> {
    pub number: u64,
    pub port: u16,
    pub done: D,
}

impl<D> Default for Running<D> {
    fn default() -> Running<D> {
        Running(Vec::new())
    }
}

impl<D> Running<D> {
    /// Waits for a lookup of the host. Returns the number of a new one, which the caller has to begin, if there was none to join.
    pub fn join(&mut self, host: &str, waiting: Waiting<D>, now: Instant, number: impl FnOnce() -> u64) -> Option<u64> {
        let is_young = |lookup: &Lookup<D>| now.saturating_duration_since(lookup.began) < JOINED_FOR;
        if let Some(lookup) = self.0.iter_mut().find(|lookup| lookup.host == host && is_young(lookup)) {
            lookup.waiting.push(waiting);
            return None;
        }
        let number = number();
        self.0.push(Lookup { number, host: host.to_owned(), began: now, waiting: vec![waiting] });
        Some(number)
    }

    /// One does not wait any longer. The lookup goes on, and others may join it.
    pub fn leave(&mut self, number: u64) -> Option<Waiting<D>> {
        self.0.iter_mut().find_map(|lookup| {
            let at = lookup.waiting.iter().position(|waiting| waiting.number == number)?;
            Some(lookup.waiting.swap_remove(at))
        })
    }

    /// A lookup is over. Returns those that wait for it.
    pub fn end(&mut self, number: u64) -> Vec<Waiting<D>> {
        let at = self.0.iter().position(|lookup| lookup.number == number);
        at.map(|at| self.0.swap_remove(at).waiting).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(running: &mut Running<()>, host: &str, waiter: u64, now: Instant, number: u64) -> Option<u64> {
        running.join(host, Waiting { number: waiter, port: 1, done: () }, now, || number)
    }

    fn end(running: &mut Running<()>, number: u64) -> Vec<u64> {
        running.end(number).into_iter().map(|waiting| waiting.number).collect()
    }

    #[test]
    fn those_that_need_the_same_host_share_a_lookup_while_it_runs() {
        let (mut running, now) = (Running::default(), Instant::now());
        assert_eq!(join(&mut running, "a", 1, now, 10), Some(10));
        assert_eq!(join(&mut running, "a", 2, now, 11), None);
        assert_eq!(join(&mut running, "b", 3, now, 12), Some(12), "another host");
        assert_eq!(end(&mut running, 10), [1, 2]);
        assert_eq!(join(&mut running, "a", 4, now, 13), Some(13), "nothing is kept of the first");
        assert_eq!((end(&mut running, 12), end(&mut running, 13)), (vec![3], vec![4]));
        assert!(running.0.is_empty());
    }

    #[test]
    fn one_that_leaves_does_not_end_the_lookup() {
        let (mut running, now) = (Running::default(), Instant::now());
        assert_eq!(join(&mut running, "a", 1, now, 10), Some(10));
        assert_eq!(join(&mut running, "a", 2, now, 11), None);
        assert_eq!(running.leave(1).map(|waiting| waiting.number), Some(1));
        assert!(running.leave(1).is_none());
        assert_eq!(running.leave(2).map(|waiting| waiting.number), Some(2));
        assert_eq!(join(&mut running, "a", 3, now, 12), None, "it still runs");
        assert_eq!(end(&mut running, 10), [3]);
        assert!(end(&mut running, 10).is_empty());
    }

    #[test]
    fn one_that_runs_for_long_is_not_joined() {
        let (mut running, now) = (Running::default(), Instant::now());
        assert_eq!(join(&mut running, "a", 1, now, 10), Some(10));
        assert_eq!(join(&mut running, "a", 2, now + JOINED_FOR - Duration::from_millis(1), 11), None);
        assert_eq!(join(&mut running, "a", 3, now + JOINED_FOR, 12), Some(12));
        assert_eq!(join(&mut running, "a", 4, now + JOINED_FOR, 13), None, "the younger one is joined");
        assert_eq!((end(&mut running, 12), end(&mut running, 10)), (vec![3, 4], vec![1, 2]));
    }
}
