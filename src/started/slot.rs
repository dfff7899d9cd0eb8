//! Where a started wait leaves what came of it: the state machine of `pending`, and nothing else. Mutex and event come from
//! `platform`, so that a model checker can go through every interleaving with its own: tests/model/main.rs.
//!
//! ```text
//! Running --- end: there is an answer or an error ---> Ended --- take: somebody has it ---> Taken
//! ```
//!
//! Never back, and nothing else: a cancel is no stage, it makes the thread come to its `end`, and the answer that
//! arrives with it is the answer. The event (the wait's descriptor) is set in `Ended`; in `Taken` it stays set as long as
//! there are watchers, for each of them has to wake up and hear of it.

use super::platform::{Event, Mutex, MutexGuard};
use std::sync::PoisonError;

#[derive(Debug)]
pub(super) enum Stage<T> {
    Running,
    Ended(T),
    Taken,
}

pub(super) struct Slot<T> {
    state: Mutex<State<T>>,
    event: Event,
}

struct State<T> {
    stage: Stage<T>,
    /// Threads that block until the event is set.
    watchers: usize,
}

impl<T> Slot<T> {
    pub fn new(event: Event) -> Slot<T> {
        Slot { state: Mutex::new(State { stage: Stage::Running, watchers: 0 }), event }
    }

    pub fn event(&self) -> &Event {
        &self.event
    }

    /// The wait's thread leaves what it has.
    pub fn end(&self, outcome: T) {
        let mut state = self.lock();
        state.stage = Stage::Ended(outcome);
        self.event.notify();
    }

    /// Begins to watch for the end; `None` if everything is over and the event stays silent.
    pub fn watch(&self) -> Option<Watcher<'_, T>> {
        let mut state = self.lock();
        if matches!(state.stage, Stage::Taken) {
            return None;
        }
        state.watchers += 1;
        Some(Watcher(self))
    }

    pub fn stage(&self) -> Stage<()> {
        match self.lock().stage {
            Stage::Running => Stage::Running,
            Stage::Ended(_) => Stage::Ended(()),
            Stage::Taken => Stage::Taken,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that blocks until the event is set. Until it is dropped, the event tells it of the end and of the taking.
pub(super) struct Watcher<'a, T>(&'a Slot<T>);

impl<'a, T> Watcher<'a, T> {
    pub fn event(&self) -> &'a Event {
        &self.0.event
    }

    pub fn stage(&self) -> Stage<()> {
        self.0.stage()
    }

    /// Takes what is there: once `Ended`, to whoever comes first.
    pub fn take(&self) -> Stage<T> {
        let mut state = self.0.lock();
        match state.stage {
            Stage::Running => Stage::Running,
            Stage::Ended(_) | Stage::Taken => std::mem::replace(&mut state.stage, Stage::Taken),
        }
    }
}

impl<T> Drop for Watcher<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.watchers -= 1;
        if state.watchers == 0 && matches!(state.stage, Stage::Taken) {
            self.0.event.clear();
        }
    }
}
