//! The state machine of a completion queue: what runs, what has ended and was not taken, an event that is set while something
//! can be taken, and a callback. Mutex and event come from `platform`, so that a model checker can try every interleaving with
//! its own: tests/model/main.rs.
//!
//! ```text
//! begin ---> running --- end ---> ended --- take ---> gone
//! ```
//!
//! The callback has a lock of its own, which `end` holds from before the item is there until the callback has returned. So each
//! change from empty to not empty calls it once, removing it waits for a call that runs, and `take` never waits for it.

use super::platform::{Event, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::sync::PoisonError;

pub(super) type Callback = Box<dyn FnMut() + Send>;

/// Items of type T, in the order of their end. R is what the queue keeps of something that runs.
pub(super) struct Fifo<T, R> {
    state: Mutex<State<T, R>>,
    event: Event,
    callback: Mutex<Option<Callback>>,
}

struct State<T, R> {
    ended: VecDeque<T>,
    running: Running<R>,
    interruptible: usize,
    is_closed: bool,
}

/// Where the queue keeps something that runs. Each is passed to `end` or to `withdraw`, once.
pub(super) struct Place {
    index: u32,
    is_interruptible: bool,
}

impl<T, R> Fifo<T, R> {
    pub fn new(event: Event) -> Fifo<T, R> {
        let state = State { ended: VecDeque::new(), running: Running::new(), interruptible: 0, is_closed: false };
        Fifo { state: Mutex::new(state), event, callback: Mutex::new(None) }
    }

    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Something runs from now on.
    pub fn begin(&self, running: R, is_interruptible: bool) -> Place {
        let mut state = self.lock();
        state.interruptible += usize::from(is_interruptible);
        Place { index: state.running.insert(running), is_interruptible }
    }

    /// It has ended with this item. If the queue is closed, the item is dropped.
    pub fn end(&self, place: Place, item: T) {
        let mut callback = lock(&self.callback);
        if self.push(place, item) {
            call(&mut callback);
        }
    }

    /// It did not begin after all.
    pub fn withdraw(&self, place: Place) {
        let mut state = self.lock();
        let removed = state.remove(place);
        self.note_over(&state);
        drop(state);
        drop(removed);
    }

    /// The item that ended first.
    pub fn take(&self) -> Option<T> {
        let mut state = self.lock();
        let item = state.ended.pop_front()?;
        if state.ended.is_empty() {
            state.ended.shrink_to(KEPT);
            self.event.clear();
        }
        Some(item)
    }

    /// How many began and were not taken yet.
    pub fn untaken(&self) -> usize {
        let state = self.lock();
        state.running.count() + state.ended.len()
    }

    /// Whether something interruptible runs.
    pub fn is_interruptible(&self) -> bool {
        self.lock().interruptible > 0
    }

    pub fn each_running(&self, visit: impl FnMut(&R)) {
        self.lock().running.iter().for_each(visit);
    }

    /// Replaces the callback, after a call that runs has returned. The new one is called at once if the queue is not empty.
    pub fn set_callback(&self, new: Option<Callback>) {
        let mut callback = lock(&self.callback);
        *callback = new;
        let is_empty = self.lock().ended.is_empty();
        if !is_empty {
            call(&mut callback);
        }
    }

    /// Removes the callback, and drops what has ended and what ends from now on. The event is set once nothing runs.
    pub fn close(&self) {
        self.set_callback(None);
        let mut state = self.lock();
        state.is_closed = true;
        let ended = std::mem::take(&mut state.ended);
        self.event.clear();
        self.note_over(&state);
        drop(state);
        drop(ended);
    }

    /// Whether the queue is closed and nothing runs.
    pub fn is_over(&self) -> bool {
        self.lock().is_over()
    }

    fn note_over(&self, state: &State<T, R>) {
        if state.is_over() {
            self.event.notify();
        }
    }

    /// Returns whether the queue was empty and is not any more.
    fn push(&self, place: Place, item: T) -> bool {
        let mut state = self.lock();
        if state.is_closed {
            drop(state);
            // Before the queue is over, so that whoever freed it finds the item counted.
            drop(item);
            self.withdraw(place);
            return false;
        }
        let removed = state.remove(place);
        state.ended.push_back(item);
        let is_first = state.ended.len() == 1;
        if is_first {
            self.event.notify();
        }
        drop(state);
        drop(removed);
        is_first
    }

    fn lock(&self) -> MutexGuard<'_, State<T, R>> {
        lock(&self.state)
    }
}

/// Items that the queue keeps room for when it becomes empty.
const KEPT: usize = 256;

impl<T, R> State<T, R> {
    fn is_over(&self) -> bool {
        self.is_closed && self.running.count() == 0
    }

    fn remove(&mut self, place: Place) -> Option<R> {
        self.interruptible -= usize::from(place.is_interruptible);
        self.running.remove(place.index)
    }
}

/// What runs. An index stays the same while it runs, and is used again afterwards.
struct Running<R> {
    entries: Vec<Option<R>>,
    vacant: Vec<u32>,
}

impl<R> Running<R> {
    fn new() -> Running<R> {
        Running { entries: Vec::new(), vacant: Vec::new() }
    }

    fn insert(&mut self, running: R) -> u32 {
        if let Some(index) = self.vacant.pop() {
            self.entries[index as usize] = Some(running);
            return index;
        }
        let index = u32::try_from(self.entries.len()).expect("memory ends before 2^32 waits");
        self.entries.push(Some(running));
        index
    }

    fn remove(&mut self, index: u32) -> Option<R> {
        self.vacant.push(index);
        self.entries[index as usize].take()
    }

    fn count(&self) -> usize {
        self.entries.len() - self.vacant.len()
    }

    fn iter(&self) -> impl Iterator<Item = &R> {
        self.entries.iter().flatten()
    }
}

fn call(callback: &mut Option<Callback>) {
    if let Some(callback) = callback {
        callback();
    }
}

fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
