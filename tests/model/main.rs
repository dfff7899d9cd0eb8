//! Every interleaving of the state machine of started waits, by the model checker loom: src/started/slot.rs itself, with
//! loom's mutex and an event made of it. A thread that nothing wakes is found as a deadlock.

#[path = "../../src/started/slot.rs"]
mod slot;

mod platform {
    use loom::sync::Condvar;
    pub use loom::sync::{Mutex, MutexGuard};

    /// What an eventfd is to a poll: a level, looked at anew after each wake-up.
    pub struct Event {
        is_set: Mutex<bool>,
        changed: Condvar,
    }

    impl Event {
        pub fn new() -> Event {
            Event { is_set: Mutex::new(false), changed: Condvar::new() }
        }

        pub fn notify(&self) {
            *self.is_set.lock().unwrap() = true;
            self.changed.notify_all();
        }

        pub fn clear(&self) {
            *self.is_set.lock().unwrap() = false;
        }

        pub fn is_set(&self) -> bool {
            *self.is_set.lock().unwrap()
        }

        pub fn poll(&self) {
            let mut is_set = self.is_set.lock().unwrap();
            while !*is_set {
                is_set = self.changed.wait(is_set).unwrap();
            }
        }
    }
}

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread::{self, JoinHandle};
use platform::Event;
use slot::{Slot, Stage};

#[derive(Debug, PartialEq)]
enum Outcome {
    Answer,
    Cancelled,
}

type Started = Arc<Slot<Outcome>>;

/// What `StartedWait::finish` does: `None` if it was taken before or by another.
fn finish(slot: &Started) -> Option<Outcome> {
    let watcher = slot.watch()?;
    watcher.event().poll();
    match watcher.take() {
        Stage::Ended(outcome) => Some(outcome),
        Stage::Taken => None,
        Stage::Running => panic!("the event was set too early"),
    }
}

/// What `StartedWait::select` does with one wait: whether it has ended; `false` if it was taken.
fn select(slot: &Started) -> bool {
    let Some(watcher) = slot.watch() else { return false };
    watcher.event().poll();
    match watcher.stage() {
        Stage::Ended(()) => true,
        Stage::Taken => false,
        Stage::Running => panic!("the event was set too early"),
    }
}

fn in_thread<T: 'static>(slot: &Started, work: impl FnOnce(Started) -> T + 'static) -> JoinHandle<T> {
    let slot = Arc::clone(slot);
    thread::spawn(move || work(slot))
}

/// With up to three preemptions, which takes seconds and finds nearly all defects of this kind.
fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

fn started() -> Started {
    Arc::new(Slot::new(Event::new()))
}

fn ends(slot: &Started) -> JoinHandle<()> {
    in_thread(slot, |slot| slot.end(Outcome::Answer))
}

#[test]
fn of_two_finish_calls_one_gets_the_answer_and_both_return() {
    model(|| {
        let slot = started();
        let (end, other) = (ends(&slot), in_thread(&slot, |slot| finish(&slot)));
        let got = [finish(&slot), other.join().unwrap()];
        end.join().unwrap();
        assert_eq!(got.iter().flatten().count(), 1, "{got:?}");
        assert!(matches!(slot.stage(), Stage::Taken));
        assert!(!slot.event().is_set(), "quiet once it is taken and nobody watches");
        assert_eq!(finish(&slot), None);
    });
}

#[test]
fn select_returns_even_if_another_takes_the_answer() {
    model(|| {
        let slot = started();
        let (end, selecting) = (ends(&slot), in_thread(&slot, |slot| select(&slot)));
        assert_eq!(finish(&slot), Some(Outcome::Answer));
        selecting.join().unwrap();
        end.join().unwrap();
        assert!(!slot.event().is_set());
    });
}

#[test]
fn select_takes_nothing_and_the_bell_stays_set() {
    model(|| {
        let slot = started();
        let (end, selecting) = (ends(&slot), in_thread(&slot, |slot| select(&slot)));
        assert!(select(&slot) && selecting.join().unwrap());
        end.join().unwrap();
        assert!(slot.event().is_set());
        assert_eq!(finish(&slot), Some(Outcome::Answer));
    });
}

#[test]
fn a_look_takes_the_answer_or_changes_nothing() {
    model(|| {
        let slot = started();
        let end = ends(&slot);
        let looked = slot.watch().and_then(|watcher| match watcher.take() {
            Stage::Ended(outcome) => Some(outcome),
            _ => None,
        });
        end.join().unwrap();
        assert_eq!(slot.event().is_set(), looked.is_none());
        assert_eq!(looked.or_else(|| finish(&slot)), Some(Outcome::Answer));
    });
}

/// If an answer and a cancel arrive together, the answer wins; either way one caller gets the one outcome.
#[test]
fn a_cancelled_wait_ends_once() {
    model(|| {
        let slot = started();
        let cancelled = Arc::new(AtomicBool::new(false));
        let (token, answered) = (Arc::clone(&cancelled), Arc::new(AtomicBool::new(false)));
        let arrives = Arc::clone(&answered);
        let running = in_thread(&slot, move |slot| {
            // As in a poll: what is ready wins, then the cancel counts.
            loop {
                if arrives.load(Ordering::SeqCst) {
                    return slot.end(Outcome::Answer);
                }
                if token.load(Ordering::SeqCst) {
                    return slot.end(Outcome::Cancelled);
                }
                thread::yield_now();
            }
        });
        let service = thread::spawn(move || answered.store(true, Ordering::SeqCst));
        cancelled.store(true, Ordering::SeqCst);
        let outcome = finish(&slot);
        assert!(outcome.is_some());
        running.join().unwrap();
        service.join().unwrap();
        assert_eq!(finish(&slot), None);
    });
}

/// The wait is freed while it runs, and ends before the cancel or by it; loom reports what leaks.
#[test]
fn free_joins_and_drops_what_nobody_took() {
    model(|| {
        let slot = started();
        let cancelled = Arc::new(AtomicBool::new(false));
        let token = Arc::clone(&cancelled);
        let running = in_thread(&slot, move |slot| {
            let is_cancelled = token.load(Ordering::SeqCst);
            slot.end(if is_cancelled { Outcome::Cancelled } else { Outcome::Answer });
        });
        cancelled.store(true, Ordering::SeqCst);
        running.join().unwrap();
        assert!(matches!(slot.stage(), Stage::Ended(())));
        drop(slot);
    });
}
