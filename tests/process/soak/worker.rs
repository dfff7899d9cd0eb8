//! A thread that signals, waits, starts, queues, cancels, finishes and frees at random, and keeps a ledger of it.

use super::ledger::Ledger;
use super::{NAMES, event_name, event_number};
use anchor::{CancelToken, Client, Error, Queue, StartedWait, Status, Timeout};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A thread that holds more than this many waits frees some.
const MOST_WAITS: usize = 24;
const LOOK: Option<Duration> = Some(Duration::ZERO);

pub struct Worker<'a> {
    client: &'a Client,
    names: &'static str,
    next_event: &'a AtomicU64,
    random: Random,
    waits: Vec<StartedWait>,
    ledger: Ledger,
}

impl<'a> Worker<'a> {
    pub fn new(client: &'a Client, names: &'static str, next_event: &'a AtomicU64, random: Random) -> Worker<'a> {
        Worker { client, names, next_event, random, waits: Vec::new(), ledger: Ledger::default() }
    }

    pub fn run(mut self, until: Instant) -> Ledger {
        while Instant::now() < until {
            match self.random.below(13) {
                0..4 => self.start(),
                4..8 => self.signal(),
                8 => self.finish_one(),
                9 => self.collect_ended(),
                10 => self.wait(),
                11 => self.use_a_queue(),
                _ => self.free_one(),
            }
            if self.waits.len() > MOST_WAITS {
                self.free_one();
            }
        }
        while !self.waits.is_empty() {
            self.free_one();
        }
        self.ledger
    }

    fn name(&mut self) -> String {
        event_name(self.names, self.random.below(NAMES))
    }

    /// Not zero: a wait of zero asks once, and would report a cut.
    fn moment(&mut self, most: u64) -> Duration {
        Duration::from_millis(1 + self.random.below(most))
    }

    fn start(&mut self) {
        let name = self.name();
        let timeout = [None, Some(Duration::from_secs(60)), Some(self.moment(20))];
        let timeout = timeout[self.random.below(3) as usize];
        self.waits.push(self.client.start(&name, timeout).expect("a wait"));
    }

    fn signal(&mut self) {
        let number = self.next_event.fetch_add(1, Ordering::Relaxed);
        let name = self.name();
        let kind = match self.client.signal(&name, Some(&format!("{{\"n\":{number}}}")), Timeout::Request, None) {
            Ok(_) => &mut self.ledger.signaled,
            Err(e) if e.maybe_consumed() => &mut self.ledger.maybe_sent,
            Err(_) => &mut self.ledger.unsent,
        };
        kind.push(number);
    }

    /// On this thread: until a short timeout, or until another thread cancels it.
    fn wait(&mut self) {
        let (name, pause) = (self.name(), self.moment(10));
        let token = CancelToken::new().expect("a token");
        let outcome = if self.random.below(2) == 0 {
            self.client.wait(&name, Some(pause), Some(&token))
        } else {
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(pause);
                    token.cancel();
                });
                self.client.wait(&name, None, Some(&token))
            })
        };
        self.note(outcome);
    }

    /// Some of its waits are cancelled, one by one or all at once, and the queue may be freed while they run.
    fn use_a_queue(&mut self) {
        let queue = Queue::new().expect("a queue");
        for tag in 0..=self.random.below(8) {
            let (name, timeout) = (self.name(), [None, Some(self.moment(20))][self.random.below(2) as usize]);
            let wait = self.client.start_on(&queue, &name, timeout, tag).expect("a wait");
            if self.random.below(4) == 0 {
                wait.cancel();
            }
        }
        if self.random.below(4) == 0 {
            self.ledger.freed += queue.running() as u64;
            return;
        }
        let until = Instant::now() + self.moment(20);
        while queue.running() > 0 {
            match queue.next(Some(until.saturating_duration_since(Instant::now())), None) {
                Ok(completion) => assert!(self.note(completion.into_outcome()), "it has ended"),
                Err(_) => queue.cancel_all(),
            }
        }
    }

    /// Now, in a moment, or after a cancel: from this thread, or from another one at the same time.
    fn finish_one(&mut self) {
        let Some(wait) = self.take_one() else { return };
        let outcome = match self.random.below(4) {
            0 => wait.finish(LOOK),
            1 => wait.finish(Some(Duration::from_millis(self.random.below(10)))),
            2 => {
                wait.cancel();
                wait.finish(None)
            }
            _ => thread::scope(|scope| {
                scope.spawn(|| wait.cancel());
                wait.finish(None)
            }),
        };
        if self.note(outcome) {
            assert_eq!(wait.finish(None).expect_err("taken").status(), Status::InvalidArgument);
        } else {
            self.waits.push(wait);
        }
    }

    fn collect_ended(&mut self) {
        let open: Vec<&StartedWait> = self.waits.iter().collect();
        if let Ok(index) = StartedWait::select(&open, LOOK) {
            let outcome = self.waits.swap_remove(index).finish(LOOK);
            assert!(self.note(outcome), "select said that it had ended");
        }
    }

    /// Whether it runs or has ended, with an answer or without.
    fn free_one(&mut self) {
        if let Some(wait) = self.take_one() {
            drop(wait);
            self.ledger.freed += 1;
        }
    }

    fn take_one(&mut self) -> Option<StartedWait> {
        let count = self.waits.len() as u64;
        (count > 0).then(|| self.waits.swap_remove(self.random.below(count) as usize))
    }

    /// Whether the wait has ended.
    fn note(&mut self, outcome: Result<String, Error>) -> bool {
        match outcome.map_err(|e| (e.status(), e.timed_out())) {
            Ok(event) => self.ledger.delivered.push(event_number(&event)),
            Err((Status::Pending, _)) => return false,
            Err((Status::Cancelled, _)) => self.ledger.cancelled += 1,
            // Time may be over before a request was sent.
            Err((Status::Timeout | Status::NotSent, true)) => {}
            Err((status, _)) => panic!("a wait ended with {}", status.name()),
        }
        true
    }
}

/// A linear congruential generator: the same choices for the same seed.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
