//! Four threads start, signal, cancel, finish and free at random, for ANCHOR_STRESS_SECONDS (10): at the end each event was
//! delivered exactly once, or is still there for `drain`.
//!
//! The accounting is exact although waits are cancelled and freed while events are on their way: the client closes the
//! connection of such a wait, and the server gives an event back that nobody read. So an event is in the hands of whoever
//! finished a wait, or was dropped with a wait that had ended with it (the client counts its answers), or is the server's.

mod event_server;

use anchor::{Client, PendingWait, Status, json_get};
use event_server::{EventServer, PATIENCE};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const THREADS: u64 = 4;
const NAMES: u64 = 8;
/// A thread that holds more than this many waits frees some.
const MOST_WAITS: usize = 24;
const LOOK: Option<Duration> = Some(Duration::ZERO);

/// What one thread has done.
#[derive(Default)]
struct Ledger {
    signaled: u64,
    delivered: Vec<u64>,
    cancelled: u64,
    freed: u64,
}

struct Worker<'a> {
    client: &'a Client,
    next_event: &'a AtomicU64,
    random: Random,
    waits: Vec<PendingWait>,
    ledger: Ledger,
}

#[test]
fn each_event_is_accounted_for_exactly_once() {
    let seconds = std::env::var("ANCHOR_STRESS_SECONDS").map_or(10, |seconds| seconds.parse().expect("seconds"));
    let server = EventServer::start(&["--queue-limit", "100000"]);
    let client = server.client();
    let (next_event, until) = (AtomicU64::new(0), Instant::now() + Duration::from_secs(seconds));
    let ledgers: Vec<Ledger> = thread::scope(|scope| {
        let start = |seed| {
            let worker = Worker {
                client: &client,
                next_event: &next_event,
                random: Random(seed),
                waits: Vec::new(),
                ledger: Ledger::default(),
            };
            scope.spawn(move || worker.run(until))
        };
        let workers: Vec<_> = (1..=THREADS).map(start).collect();
        workers.into_iter().map(|worker| worker.join().expect("no thread panics")).collect()
    });
    settle(&server, &client, &ledgers);
}

/// What was not delivered is taken back. The server may still be noticing that somebody hung up.
fn settle(server: &EventServer, client: &Client, ledgers: &[Ledger]) {
    server.until_waiting(0);
    let sum = |count: fn(&Ledger) -> u64| ledgers.iter().map(count).sum::<u64>();
    let signaled = sum(|ledger| ledger.signaled);
    let delivered: Vec<u64> = ledgers.iter().flat_map(|ledger| ledger.delivered.iter().copied()).collect();
    let distinct: HashSet<u64> = delivered.iter().copied().collect();
    assert_eq!(distinct.len(), delivered.len(), "an event was delivered twice");
    let dropped = client.stats().answers - signaled - delivered.len() as u64;
    let (began, mut drained) = (Instant::now(), 0);
    loop {
        drained += (0..NAMES).map(|name| u64::from(client.drain(&event_name(name)).expect("a drain"))).sum::<u64>();
        let accounted = delivered.len() as u64 + dropped + drained;
        assert!(accounted <= signaled, "{accounted} of {signaled} events");
        if accounted == signaled {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{} of {signaled} events are lost", signaled - accounted);
    }
    let (cancelled, freed) = (sum(|ledger| ledger.cancelled), sum(|ledger| ledger.freed));
    println!("{signaled} events: {} delivered, {dropped} freed, {drained} drained", delivered.len());
    println!("{:?}; {cancelled} waits cancelled and finished, {freed} freed", client.stats());
    assert!(delivered.len() > 10 && cancelled > 10 && freed > 10, "it has to have been a stress");
}

impl Worker<'_> {
    fn run(mut self, until: Instant) -> Ledger {
        while Instant::now() < until {
            match self.random.below(10) {
                0..4 => self.start(),
                4..7 => self.signal(),
                7 => self.finish_one(),
                8 => self.collect_ended(),
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

    fn start(&mut self) {
        let name = event_name(self.random.below(NAMES));
        let timeout = [None, Some(Duration::from_secs(60)), Some(Duration::from_millis(self.random.below(20)))];
        let timeout = timeout[self.random.below(3) as usize];
        self.waits.push(self.client.start(&name, timeout).expect("a wait"));
    }

    fn signal(&mut self) {
        let number = self.next_event.fetch_add(1, Ordering::Relaxed);
        let name = event_name(self.random.below(NAMES));
        self.client.signal(&name, Some(&format!("{{\"n\":{number}}}"))).expect("the server takes it");
        self.ledger.signaled += 1;
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
        let open: Vec<&PendingWait> = self.waits.iter().collect();
        if let Ok(index) = PendingWait::select(&open, LOOK) {
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

    fn take_one(&mut self) -> Option<PendingWait> {
        let count = self.waits.len() as u64;
        (count > 0).then(|| self.waits.swap_remove(self.random.below(count) as usize))
    }

    /// Whether the wait has ended.
    fn note(&mut self, outcome: Result<String, anchor::Error>) -> bool {
        match outcome.map_err(|e| e.status()) {
            Ok(event) => {
                let number = json_get(&event, "/data/n").expect("an event of ours");
                self.ledger.delivered.push(number.parse().expect("a number"));
            }
            Err(Status::Pending) => return false,
            Err(Status::Cancelled) => self.ledger.cancelled += 1,
            Err(status) => assert_eq!(status, Status::Timeout),
        }
        true
    }
}

fn event_name(number: u64) -> String {
    format!("stress-{number}")
}

/// A linear congruential generator: the same choices for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
