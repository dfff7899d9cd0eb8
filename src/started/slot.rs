//! The state machine by which a started wait passes its outcome to the thread that takes it. Mutex and event come from
//! `platform`, so that a model checker can try every interleaving with its own: tests/model/main.rs.
//!
//! ```text
//! Running --- end: the wait has an outcome ---> Ended --- take: a thread takes it ---> Taken
//! ```
//!
//! There are no other transitions. A cancel is not a stage: it makes the reactor call `end`, and an answer that has arrived by
//! then is the outcome. A slot has no event of its own. It sets those that it is given: `shown`, the wait's descriptor, is set
//! in `Ended`; the event of a watcher is set at each transition.

use super::platform::{Arc, Event, Mutex, MutexGuard};
use std::sync::PoisonError;

#[derive(Debug)]
pub(super) enum Stage<T> {
    Running,
    Ended(T),
    Taken,
}

pub(super) struct Slot<T>(Mutex<State<T>>);

struct State<T> {
    stage: Stage<T>,
    shown: Option<Arc<Event>>,
    watchers: Vec<Arc<Event>>,
}

impl<T> Slot<T> {
    pub fn new() -> Slot<T> {
        Slot(Mutex::new(State { stage: Stage::Running, shown: None, watchers: Vec::new() }))
    }

    /// Stores the outcome. The reactor calls it.
    pub fn end(&self, outcome: T) {
        let mut state = self.lock();
        state.stage = Stage::Ended(outcome);
        state.shown.iter().chain(&state.watchers).for_each(|event| event.notify());
    }

    /// Takes the outcome if there is one. The first caller gets it.
    pub fn take(&self) -> Stage<T> {
        let mut state = self.lock();
        match state.stage {
            Stage::Running => Stage::Running,
            Stage::Taken => Stage::Taken,
            Stage::Ended(_) => {
                state.shown.iter().for_each(|event| event.clear());
                state.watchers.iter().for_each(|event| event.notify());
                std::mem::replace(&mut state.stage, Stage::Taken)
            }
        }
    }

    pub fn stage(&self) -> Stage<()> {
        match self.lock().stage {
            Stage::Running => Stage::Running,
            Stage::Ended(_) => Stage::Ended(()),
            Stage::Taken => Stage::Taken,
        }
    }

    /// From now on the event is set in `Ended`, and only then. It may be called again, with the same event.
    pub fn show(&self, event: &Arc<Event>) {
        let mut state = self.lock();
        if matches!(state.stage, Stage::Ended(_)) {
            event.notify();
        }
        state.shown = Some(Arc::clone(event));
    }

    /// Sets the event at each transition from now on, until the watcher is dropped. So look at the stage afterwards, and
    /// only then block.
    pub fn watch<'a>(&'a self, event: &'a Arc<Event>) -> Watcher<'a, T> {
        self.lock().watchers.push(Arc::clone(event));
        Watcher { slot: self, event }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The event of a thread that watches the slot.
pub(super) struct Watcher<'a, T> {
    slot: &'a Slot<T>,
    event: &'a Arc<Event>,
}

impl<T> Drop for Watcher<'_, T> {
    fn drop(&mut self) {
        let watchers = &mut self.slot.lock().watchers;
        if let Some(at) = watchers.iter().position(|event| Arc::ptr_eq(event, self.event)) {
            watchers.swap_remove(at);
        }
    }
}
