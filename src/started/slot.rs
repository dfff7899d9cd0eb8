//! The state machine by which a started wait passes its outcome to the thread that takes it. Mutex and event come from
//! `platform`, so that a model checker can try every interleaving with its own: tests/model/main.rs.
//!
//! ```text
//! Running --- end: the wait has an outcome ---> Ended --- take: a thread takes it ---> Taken
//! ```
//!
//! There are no other transitions. A cancel is not a stage: it makes the wait's thread call `end`, and an answer that has
//! arrived by then is the outcome. The event (the wait's descriptor) is set in `Ended`. In `Taken` it stays set as long as
//! there are watchers, so that each of them wakes up and sees the stage.

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
    /// The number of threads that watch the event.
    watchers: usize,
}

impl<T> Slot<T> {
    pub fn new(event: Event) -> Slot<T> {
        Slot { state: Mutex::new(State { stage: Stage::Running, watchers: 0 }), event }
    }

    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Stores the outcome and sets the event. The wait's thread calls it.
    pub fn end(&self, outcome: T) {
        let mut state = self.lock();
        state.stage = Stage::Ended(outcome);
        self.event.notify();
    }

    /// Begins to watch for the end; `None` if the outcome was taken, so that the event will not be set again.
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

/// A thread that watches the event. Until the watcher is dropped, the event reports both `Ended` and `Taken` to it.
pub(super) struct Watcher<'a, T>(&'a Slot<T>);

impl<'a, T> Watcher<'a, T> {
    pub fn event(&self) -> &'a Event {
        &self.0.event
    }

    pub fn stage(&self) -> Stage<()> {
        self.0.stage()
    }

    /// Takes the outcome if there is one. The first caller gets it.
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
