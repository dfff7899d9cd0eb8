//! What the threads on one path did in a round, and whether it adds up.

use super::Totals;
use anchor::{Client, Stats};
use std::collections::HashSet;
use std::iter::Sum;
use std::thread;
use std::time::{Duration, Instant};
use testkit::PATIENCE;

#[derive(Default)]
pub struct Ledger {
    /// Signals that the service has taken, that it may have taken, and that never reached it.
    pub signaled: Vec<u64>,
    pub maybe_sent: Vec<u64>,
    pub unsent: Vec<u64>,
    pub delivered: Vec<u64>,
    pub cancelled: u64,
    pub freed: u64,
}

impl Sum for Ledger {
    fn sum<I: Iterator<Item = Ledger>>(ledgers: I) -> Ledger {
        ledgers.fold(Ledger::default(), |mut all, mut one| {
            all.signaled.append(&mut one.signaled);
            all.maybe_sent.append(&mut one.maybe_sent);
            all.unsent.append(&mut one.unsent);
            all.delivered.append(&mut one.delivered);
            Ledger { cancelled: all.cancelled + one.cancelled, freed: all.freed + one.freed, ..all }
        })
    }
}

impl Ledger {
    /// Each event was delivered, dropped with its wait, or is still there.
    pub fn settle_exactly(self, before: &Stats, client: &Client, drain: impl Fn() -> Vec<u64>, total: &mut Totals) {
        assert!(self.maybe_sent.is_empty() && self.unsent.is_empty(), "each signal arrives on a direct connection");
        let dropped = self.dropped(before, client);
        let (began, mut drained) = (Instant::now(), Vec::new());
        // The server may still be noticing that somebody hung up.
        while self.delivered.len() as u64 + dropped + (drained.len() as u64) < self.signaled.len() as u64 {
            assert!(began.elapsed() < PATIENCE, "{} of {}", drained.len() + self.delivered.len(), self.signaled.len());
            drained.extend(drain());
        }
        assert_eq!(self.found(&drained).len() as u64 + dropped, self.signaled.len() as u64, "more than were signaled");
        self.note(dropped, drained.len() as u64, total);
    }

    /// The same, except that events may be lost: no more than the client reports.
    pub fn settle(self, before: &Stats, client: &Client, drain: impl Fn() -> Vec<u64>, total: &mut Totals) {
        let dropped = self.dropped(before, client);
        let maybe_sent = self.maybe_sent.len() as u64;
        let unanswered = client.stats().unanswered - before.unanswered - maybe_sent;
        let mut drained = drain();
        loop {
            // Longer than the server waits for a reset that would give an event back.
            thread::sleep(Duration::from_millis(700));
            let returned = drain();
            if returned.is_empty() {
                break;
            }
            drained.extend(returned);
        }
        let found = self.found(&drained);
        assert!(self.unsent.iter().all(|number| !found.contains(number)), "a signal was not sent, and delivered");
        let missing = self.signaled.iter().filter(|number| !found.contains(number)).count() as u64;
        assert!(missing <= dropped + unanswered, "{missing} lost: {dropped} dropped, {unanswered} unanswered");
        total.lost += missing.saturating_sub(dropped);
        total.unanswered += unanswered;
        self.note(dropped, drained.len() as u64, total);
    }

    /// Answers that the client got and nobody took: those of waits that were freed after they had ended.
    fn dropped(&self, before: &Stats, client: &Client) -> u64 {
        let answers = client.stats().answers - before.answers;
        answers - self.signaled.len() as u64 - self.delivered.len() as u64
    }

    /// Events that were delivered or drained: each once, and none that was never signaled.
    fn found(&self, drained: &[u64]) -> HashSet<u64> {
        let found: HashSet<u64> = self.delivered.iter().chain(drained).copied().collect();
        assert_eq!(found.len(), self.delivered.len() + drained.len(), "an event was delivered twice");
        let known: HashSet<u64> =
            [&self.signaled, &self.maybe_sent, &self.unsent].into_iter().flatten().copied().collect();
        assert!(found.is_subset(&known), "an event that nobody signaled");
        found
    }

    fn note(&self, dropped: u64, drained: u64, total: &mut Totals) {
        total.signaled += self.signaled.len() as u64;
        total.maybe_sent += self.maybe_sent.len() as u64;
        total.unsent += self.unsent.len() as u64;
        total.delivered += self.delivered.len() as u64;
        total.dropped += dropped;
        total.drained += drained;
        total.cancelled += self.cancelled;
        total.freed += self.freed;
    }
}
