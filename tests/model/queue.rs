//! The queue: each item is taken once or dropped with the queue, the event is set exactly while it is not empty, and the
//! callback is called once for each change and never after it was removed.

use super::fifo::{Callback, Fifo, Place};
use super::platform::Event;
use super::{model, model_with};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use loom::thread::{self, JoinHandle};

/// An item, whose drop loom sees.
type Item = Arc<u32>;
type Queue = Arc<Fifo<Item, Arc<AtomicBool>>>;

fn queue() -> Queue {
    Arc::new(Fifo::new(Event::new()))
}

/// A wait that runs, with what cancels it.
fn begin(queue: &Queue) -> (Place, Arc<AtomicBool>) {
    let cancelled = Arc::new(AtomicBool::new(false));
    (queue.begin(Arc::clone(&cancelled), true), cancelled)
}

/// Begins it now, and ends it on a thread.
fn ends(queue: &Queue, number: u32) -> JoinHandle<()> {
    let (place, _) = begin(queue);
    let queue = Arc::clone(queue);
    thread::spawn(move || queue.end(place, Arc::new(number)))
}

/// What `Queue::next` does without a limit.
fn next(queue: &Queue) -> u32 {
    loop {
        match queue.take() {
            Some(item) => return *item,
            None => queue.event().poll(),
        }
    }
}

fn counts(calls: &Arc<AtomicU32>) -> Option<Callback> {
    let calls = Arc::clone(calls);
    Some(Box::new(move || {
        calls.fetch_add(1, Ordering::SeqCst);
    }))
}

#[test]
fn of_two_takers_each_gets_one() {
    model_with(2, || {
        let queue = queue();
        let ending = [ends(&queue, 1), ends(&queue, 2)];
        let taking = thread::spawn({
            let queue = Arc::clone(&queue);
            move || next(&queue)
        });
        let mut got = [next(&queue), taking.join().unwrap()];
        got.sort_unstable();
        assert_eq!((got, queue.untaken()), ([1, 2], 0));
        for thread in ending {
            thread.join().unwrap();
        }
        assert!(!queue.event().is_set() && queue.take().is_none());
    });
}

#[test]
fn what_ended_first_is_taken_first() {
    model(|| {
        let queue = queue();
        let [first, second, third] = [(); 3].map(|()| begin(&queue).0);
        for (place, number) in [(second, 2), (first, 1), (third, 3)] {
            queue.end(place, Arc::new(number));
        }
        assert_eq!([next(&queue), next(&queue), next(&queue)], [2, 1, 3]);
    });
}

#[test]
fn the_event_is_set_while_something_can_be_taken() {
    model(|| {
        let queue = queue();
        let ending = [ends(&queue, 1), ends(&queue, 2)];
        assert_eq!(queue.untaken(), 2, "running or ended");
        next(&queue);
        for thread in ending {
            thread.join().unwrap();
        }
        assert!(queue.event().is_set() && !queue.is_interruptible());
        assert_eq!(queue.untaken(), 1);
        next(&queue);
        assert!(!queue.event().is_set());
    });
}

/// A program that takes all there is when it is called, and not otherwise, gets everything.
#[test]
fn the_callback_is_called_once_for_each_change() {
    model(|| {
        let queue = queue();
        let (calls, called) = (Arc::new(AtomicU32::new(0)), Arc::new(Event::new()));
        let (count, wake) = (Arc::clone(&calls), Arc::clone(&called));
        queue.set_callback(Some(Box::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
            wake.notify();
        })));
        let ending = [ends(&queue, 1), ends(&queue, 2)];
        let mut taken = 0;
        while taken < 2 {
            called.poll();
            called.clear();
            while queue.take().is_some() {
                taken += 1;
            }
        }
        for thread in ending {
            thread.join().unwrap();
        }
        assert_eq!(calls.load(Ordering::SeqCst), queue.event().changes());
        queue.set_callback(None);
    });
}

#[test]
fn a_callback_that_is_set_meanwhile_is_called_once() {
    model(|| {
        let (queue, calls) = (queue(), Arc::new(AtomicU32::new(0)));
        let ending = ends(&queue, 1);
        queue.set_callback(counts(&calls));
        ending.join().unwrap();
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        queue.set_callback(None);
    });
}

/// Also by freeing the queue, which the model sees as the end of what the callback uses.
#[test]
fn a_callback_that_was_removed_is_not_running() {
    for close in [false, true] {
        model(move || {
            let (queue, gone) = (queue(), Arc::new(AtomicBool::new(false)));
            let is_gone = Arc::clone(&gone);
            queue.set_callback(Some(Box::new(move || {
                thread::yield_now();
                assert!(!is_gone.load(Ordering::SeqCst));
            })));
            let ending = ends(&queue, 1);
            if close {
                queue.close();
            } else {
                queue.set_callback(None);
            }
            gone.store(true, Ordering::SeqCst);
            ending.join().unwrap();
        });
    }
}

/// An item that ends then is dropped, by one side or the other; loom reports what leaks.
#[test]
fn closing_drops_what_ends_meanwhile_and_is_over_when_nothing_runs() {
    model(|| {
        let queue = queue();
        let (place, cancelled) = begin(&queue);
        let theirs = Arc::clone(&queue);
        let ending = thread::spawn(move || theirs.end(place, Arc::new(1)));
        queue.close();
        queue.each_running(|running| running.store(true, Ordering::SeqCst));
        while !queue.is_over() {
            queue.event().poll();
        }
        assert!(queue.take().is_none());
        assert_eq!(queue.untaken(), 0);
        ending.join().unwrap();
        drop(cancelled);
    });
}

/// The reactor ends a wait by an answer, by a cancel, or by both at once; either way there is one item.
#[test]
fn a_cancel_of_all_gives_one_item_each() {
    model(|| {
        let queue = queue();
        let waits = [begin(&queue), begin(&queue)];
        let ending = waits.map(|(place, cancelled)| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.end(place, Arc::new(u32::from(cancelled.load(Ordering::SeqCst)))))
        });
        queue.each_running(|cancelled| cancelled.store(true, Ordering::SeqCst));
        let got = [next(&queue), next(&queue)];
        assert!(got.iter().all(|cancelled| *cancelled <= 1) && queue.take().is_none());
        for thread in ending {
            thread.join().unwrap();
        }
        let mut left = 0;
        queue.each_running(|_| left += 1);
        assert_eq!(left, 0);
    });
}

#[test]
fn a_wait_that_did_not_start_leaves_nothing() {
    model(|| {
        let queue = queue();
        let (place, _) = begin(&queue);
        let ending = ends(&queue, 1);
        queue.withdraw(place);
        assert_eq!(next(&queue), 1);
        ending.join().unwrap();
        assert_eq!(queue.untaken(), 0);
        assert!(!queue.is_interruptible());
    });
}
