//! Turns to make connections: how many a client makes at once, and who is next. Pure.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// How many connections the started waits of one client make at once. More would overflow the queue of a usual listener, which
/// then costs a second each. The fuzz targets have fewer waits, and some shall wait for their turn.
pub(super) const AT_ONCE: usize = if cfg!(fuzzing) { 3 } else { 128 };

/// The turns of all clients that need them now. A client is known by a number.
#[derive(Default)]
pub(super) struct Turns(Vec<Client>);

struct Client {
    number: usize,
    held: usize,
    /// The earliest deadline is first, and a wait without one is last. Each wait is known by its token.
    waiting: BinaryHeap<Reverse<(bool, Option<Instant>, u64)>>,
}

impl Turns {
    /// Takes a turn, if one is free and nobody waits for it.
    pub fn take(&mut self, number: usize) -> bool {
        let client = self.client(number);
        let is_free = client.held < AT_ONCE && client.waiting.is_empty();
        client.held += usize::from(is_free);
        is_free
    }

    /// A wait waits for a turn. One that gives up needs not say so: it declines its turn.
    pub fn wait(&mut self, number: usize, deadline: Option<Instant>, token: u64) {
        self.client(number).waiting.push(Reverse((deadline.is_none(), deadline, token)));
    }

    /// Gives back a turn. Returns the wait that has it now.
    pub fn give_back(&mut self, number: usize) -> Option<u64> {
        let at = self.0.iter().position(|client| client.number == number)?;
        let client = &mut self.0[at];
        if let Some(Reverse((.., token))) = client.waiting.pop() {
            return Some(token);
        }
        client.held -= 1;
        if client.held == 0 {
            self.0.swap_remove(at);
        }
        None
    }

    fn client(&mut self, number: usize) -> &mut Client {
        let at = self.0.iter().position(|client| client.number == number).unwrap_or_else(|| {
            self.0.push(Client { number, held: 0, waiting: BinaryHeap::new() });
            self.0.len() - 1
        });
        &mut self.0[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_client_has_so_many_turns_and_another_client_has_its_own() {
        let mut turns = Turns::default();
        assert!((0..AT_ONCE).all(|_| turns.take(1)));
        assert!(!turns.take(1));
        assert!(turns.take(2));
        assert_eq!(turns.give_back(1), None);
        assert!(turns.take(1), "the one that was given back");
        assert!(!turns.take(1));
    }

    #[test]
    fn the_earliest_deadline_is_next_and_none_is_last() {
        let mut turns = Turns::default();
        let now = Instant::now();
        assert!((0..AT_ONCE).all(|_| turns.take(1)));
        for (after, token) in [(None, 0), (Some(3), 1), (Some(1), 2), (Some(2), 3), (Some(1), 4)] {
            turns.wait(1, after.map(|seconds| now + Duration::from_secs(seconds)), token);
        }
        let order: Vec<Option<u64>> = (0..6).map(|_| turns.give_back(1)).collect();
        assert_eq!(order, [Some(2), Some(4), Some(3), Some(1), Some(0), None]);
    }

    #[test]
    fn nothing_is_kept_of_a_client_that_needs_no_turn() {
        let mut turns = Turns::default();
        assert!(turns.take(1));
        turns.wait(1, None, 5);
        assert!(!turns.take(1), "another wait was first");
        assert_eq!((turns.give_back(1), turns.give_back(1)), (Some(5), None));
        assert!(turns.0.is_empty());
    }
}
