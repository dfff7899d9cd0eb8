//! The stack by which any thread or signal handler hands cancels to the engine: each is taken once, the engine is woken for
//! each, and a handle may be gone before its cancel is seen.

use super::model;
use super::platform::Event;
use super::stack::{Node, Push, Stack};
use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

struct Engine {
    cancels: Stack<u32>,
    wake: Event,
}

type Ticket = Arc<Node<u32>>;

fn engine() -> Arc<Engine> {
    Arc::new(Engine { cancels: Stack::new(), wake: Event::new() })
}

fn ticket(number: u32) -> Ticket {
    Arc::new(Node::new(number))
}

/// What a cancel does.
fn cancel(engine: &Engine, ticket: &Ticket) -> Push {
    let push = engine.cancels.push(ticket);
    if push == Push::First {
        engine.wake.notify();
    }
    push
}

/// The handle is dropped at once afterwards.
fn cancels(engine: &Arc<Engine>, ticket: Ticket) -> JoinHandle<Push> {
    let engine = Arc::clone(engine);
    thread::spawn(move || cancel(&engine, &ticket))
}

/// What the engine does: it clears the event and takes what is there.
fn woken(engine: &Engine) -> Vec<u32> {
    engine.wake.poll();
    engine.wake.clear();
    engine.cancels.take_all().map(|ticket| **ticket).collect()
}

#[test]
fn the_engine_sees_each_cancel_once() {
    model(|| {
        let engine = engine();
        let threads = [cancels(&engine, ticket(1)), cancels(&engine, ticket(2))];
        let mut got = Vec::new();
        while got.len() < 2 {
            got.extend(woken(&engine));
        }
        got.sort_unstable();
        assert_eq!(got, [1, 2]);
        for thread in threads {
            assert_ne!(thread.join().unwrap(), Push::Again);
        }
        assert!(engine.cancels.take_all().next().is_none());
    });
}

#[test]
fn a_wait_that_two_threads_cancel_is_seen_once() {
    model(|| {
        let (engine, ticket) = (engine(), ticket(1));
        let other = cancels(&engine, Arc::clone(&ticket));
        let own = cancel(&engine, &ticket);
        assert!(ticket.is_pushed());
        assert_eq!(woken(&engine), [1]);
        let mut pushes = [own, other.join().unwrap()];
        pushes.sort_unstable_by_key(|push| *push == Push::Again);
        assert_eq!(pushes, [Push::First, Push::Again]);
        assert!(engine.cancels.take_all().next().is_none());
    });
}

/// loom reports what leaks.
#[test]
fn cancels_that_nobody_takes_are_freed() {
    model(|| {
        let engine = engine();
        let threads = [cancels(&engine, ticket(1)), cancels(&engine, ticket(2))];
        let mut taken = engine.cancels.take_all();
        taken.next();
        drop(taken);
        for thread in threads {
            thread.join().unwrap();
        }
        drop(engine);
    });
}
