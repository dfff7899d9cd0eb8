//! Every interleaving of what threads share, by the model checker loom: src/started/slot.rs, src/started/fifo.rs,
//! src/sys/stack.rs and src/sys/latest.rs themselves, with loom's mutex and atomics and an event made of them. A thread that
//! nothing wakes is found as a deadlock, and memory that nothing frees as a leak.

mod cancels;
#[path = "../../src/started/fifo.rs"]
mod fifo;
#[path = "../../src/sys/latest.rs"]
mod latest;
mod queue;
mod replaced;
#[path = "../../src/started/slot.rs"]
mod slot;
#[path = "../../src/sys/stack.rs"]
mod stack;
mod started;

mod platform {
    use loom::sync::Condvar;
    pub use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
    pub use loom::sync::{Arc, Mutex, MutexGuard};

    /// What an eventfd is to a poll: a level, looked at anew after each wake-up.
    pub struct Event {
        state: Mutex<State>,
        changed: Condvar,
    }

    struct State {
        is_set: bool,
        changes: u32,
    }

    impl Event {
        pub fn new() -> Event {
            Event { state: Mutex::new(State { is_set: false, changes: 0 }), changed: Condvar::new() }
        }

        pub fn notify(&self) {
            let mut state = self.state.lock().unwrap();
            state.changes += u32::from(!state.is_set);
            state.is_set = true;
            self.changed.notify_all();
        }

        pub fn clear(&self) {
            self.state.lock().unwrap().is_set = false;
        }

        pub fn is_set(&self) -> bool {
            self.state.lock().unwrap().is_set
        }

        /// How often it was set while it was not.
        pub fn changes(&self) -> u32 {
            self.state.lock().unwrap().changes
        }

        pub fn poll(&self) {
            let mut state = self.state.lock().unwrap();
            while !state.is_set {
                state = self.changed.wait(state).unwrap();
            }
        }
    }
}

/// With up to three preemptions, which takes seconds and finds nearly all defects of this kind.
fn model(check: impl Fn() + Sync + Send + 'static) {
    model_with(3, check);
}

/// Two are enough for four threads.
fn model_with(preemptions: usize, check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(check);
}
