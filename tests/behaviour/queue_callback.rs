//! The callback of a queue: it is called for each change from empty to not empty, and never after it was removed. That it is
//! called exactly once for each, in any interleaving, is tested by tests/model/queue.rs.

use super::queue::{LONG, next, setup, status, until_ready};
use anchor::{Status, Timeout};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use testkit::PATIENCE;
use testkit::freeze::Freezable;

#[test]
fn the_callback_is_called_for_each_change_to_not_empty() {
    let (_server, client, queue) = setup();
    let (called, calls) = mpsc::channel();
    queue.set_callback(Some(Box::new(move || called.send(thread::current().id()).unwrap()))).unwrap();
    let ends = |tag| {
        client.signal("there", None, Timeout::Request, None).unwrap();
        client.start_on(&queue, "there", LONG, tag).unwrap();
    };
    for round in 0..3 {
        ends(round);
        assert_ne!(calls.recv_timeout(PATIENCE).unwrap(), thread::current().id());
        next(&queue);
    }
    queue.set_callback(None).unwrap();
    assert_eq!(calls.try_iter().count(), 0);
    ends(3);
    next(&queue);
    assert!(calls.recv().is_err(), "the callback is gone, and what it owned");
}

#[test]
fn a_callback_that_is_set_late_is_called_at_once() {
    let (_server, client, queue) = setup();
    client.signal("there", None, Timeout::Request, None).unwrap();
    client.start_on(&queue, "there", LONG, 1).unwrap();
    until_ready(&queue);
    let (called, calls) = mpsc::channel();
    queue.set_callback(Some(Box::new(move || called.send(thread::current().id()).unwrap()))).unwrap();
    assert_eq!(calls.try_iter().collect::<Vec<_>>(), [thread::current().id()]);
}

/// So what the callback uses can be freed then. Taking does not wait for it.
#[test]
fn removing_the_callback_waits_for_its_end() {
    for drop_queue in [false, true] {
        let (_server, client, queue) = setup();
        let (entered, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let running = Arc::new(AtomicUsize::new(0));
        let (theirs, barriers) = (Arc::clone(&running), (Arc::clone(&entered), Arc::clone(&leave)));
        let callback = move || {
            theirs.fetch_add(1, Ordering::SeqCst);
            barriers.0.wait();
            barriers.1.wait();
            theirs.fetch_sub(1, Ordering::SeqCst);
        };
        queue.set_callback(Some(Box::new(callback))).unwrap();
        client.signal("there", None, Timeout::Request, None).unwrap();
        client.start_on(&queue, "there", LONG, 1).unwrap();
        entered.wait();
        assert_eq!(next(&queue).tag(), 1, "taking does not wait for it");
        let still_running = Arc::clone(&running);
        let removing = Freezable::spawn(move || {
            if drop_queue {
                drop(queue);
            } else {
                queue.set_callback(None).unwrap();
            }
            still_running.load(Ordering::SeqCst)
        });
        removing.until_asleep();
        leave.wait();
        assert_eq!(removing.join(), 0);
    }
}

#[test]
fn a_panic_of_the_callback_is_ignored() {
    let (_server, client, queue) = setup();
    queue.set_callback(Some(Box::new(|| resume_unwind(Box::new("a test asked for it"))))).unwrap();
    for tag in 0..3 {
        client.signal("there", None, Timeout::Request, None).unwrap();
        client.start_on(&queue, "there", LONG, tag).unwrap();
        let completion = next(&queue);
        assert_eq!((completion.tag(), status(&completion)), (tag, Status::Ok));
    }
}
