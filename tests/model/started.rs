//! The slot of a started wait: one caller gets the outcome, every caller returns, and the wait's descriptor is set from the end
//! until the outcome is taken.

use super::model;
use super::platform::Event;
use super::slot::{Slot, Stage};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread::{self, JoinHandle};

#[derive(Debug, PartialEq)]
enum Outcome {
    Answer,
    Cancelled,
}

type Started = Arc<Slot<Outcome>>;

/// What `StartedWait::finish` does: `None` if it was taken before or by another.
fn finish(slot: &Started) -> Option<Outcome> {
    let event = Arc::new(Event::new());
    let _watcher = slot.watch(&event);
    for _ in 0..2 {
        match slot.take() {
            Stage::Ended(outcome) => return Some(outcome),
            Stage::Taken => return None,
            Stage::Running => event.poll(),
        }
    }
    panic!("the event was set too early")
}

/// What `StartedWait::select` does: whether one of the waits has ended; `false` if both were taken.
fn select(slots: [&Started; 2]) -> bool {
    let event = Arc::new(Event::new());
    let _watchers = slots.map(|slot| slot.watch(&event));
    loop {
        event.clear();
        let stages = slots.map(|slot| slot.stage());
        if stages.iter().any(|stage| matches!(stage, Stage::Ended(()))) {
            return true;
        }
        if stages.iter().all(|stage| matches!(stage, Stage::Taken)) {
            return false;
        }
        event.poll();
    }
}

fn in_thread<T: 'static>(slot: &Started, work: impl FnOnce(Started) -> T + 'static) -> JoinHandle<T> {
    let slot = Arc::clone(slot);
    thread::spawn(move || work(slot))
}

fn started() -> Started {
    Arc::new(Slot::new())
}

/// Its descriptor.
fn shown(slot: &Started) -> Arc<Event> {
    let event = Arc::new(Event::new());
    slot.show(&event);
    event
}

fn ends(slot: &Started) -> JoinHandle<()> {
    in_thread(slot, |slot| slot.end(Outcome::Answer))
}

#[test]
fn of_two_finish_calls_one_gets_the_answer_and_both_return() {
    model(|| {
        let slot = started();
        let event = shown(&slot);
        let (end, other) = (ends(&slot), in_thread(&slot, |slot| finish(&slot)));
        let got = [finish(&slot), other.join().unwrap()];
        end.join().unwrap();
        assert_eq!(got.iter().flatten().count(), 1, "{got:?}");
        assert!(matches!(slot.stage(), Stage::Taken));
        assert!(!event.is_set(), "quiet once it is taken");
        assert_eq!(finish(&slot), None);
    });
}

#[test]
fn select_returns_even_if_another_takes_the_answer() {
    model(|| {
        let slot = started();
        let (end, selecting) = (ends(&slot), in_thread(&slot, |slot| select([&slot, &slot])));
        assert_eq!(finish(&slot), Some(Outcome::Answer));
        selecting.join().unwrap();
        end.join().unwrap();
    });
}

/// Another thread takes the first that ends, so the event was set for nothing.
#[test]
fn select_continues_with_the_other_wait() {
    model(|| {
        let (first, second) = (started(), started());
        let other_end = ends(&second);
        let taken = in_thread(&first, |slot| {
            slot.end(Outcome::Answer);
            finish(&slot)
        });
        assert!(select([&first, &second]));
        other_end.join().unwrap();
        assert_eq!((taken.join().unwrap(), finish(&second)), (Some(Outcome::Answer), Some(Outcome::Answer)));
    });
}

#[test]
fn select_takes_nothing_and_the_descriptor_stays_set() {
    model(|| {
        let slot = started();
        let (end, selecting) = (ends(&slot), in_thread(&slot, |slot| select([&slot, &slot])));
        let event = shown(&slot);
        assert!(select([&slot, &slot]) && selecting.join().unwrap());
        end.join().unwrap();
        assert!(event.is_set());
        assert_eq!(finish(&slot), Some(Outcome::Answer));
        assert!(!event.is_set());
    });
}

/// Two threads may ask for the descriptor at once; the wait keeps one.
#[test]
fn a_descriptor_that_is_made_late_is_set_too() {
    model(|| {
        let slot = started();
        let event = Arc::new(Event::new());
        let (end, theirs) = (ends(&slot), Arc::clone(&event));
        let showing = in_thread(&slot, move |slot| slot.show(&theirs));
        slot.show(&event);
        event.poll();
        let looked = slot.take();
        assert!(matches!(looked, Stage::Ended(Outcome::Answer)), "it is set in Ended");
        for thread in [end, showing] {
            thread.join().unwrap();
        }
        assert!(!event.is_set(), "and only then");
    });
}

#[test]
fn a_look_takes_the_answer_or_changes_nothing() {
    model(|| {
        let slot = started();
        let event = shown(&slot);
        let end = ends(&slot);
        let looked = match slot.take() {
            Stage::Ended(outcome) => Some(outcome),
            _ => None,
        };
        end.join().unwrap();
        assert_eq!(event.is_set(), looked.is_none());
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
