//! The threads of `freeze` on systems that do not say whether a thread sleeps: tests that ask, or that stop one, are for Linux.

use std::thread::{self, JoinHandle};

pub struct Freezable<T>(JoinHandle<T>);

impl<T: Send + 'static> Freezable<T> {
    pub fn spawn(work: impl FnOnce() -> T + Send + 'static) -> Freezable<T> {
        Freezable(thread::spawn(work))
    }

    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    pub fn join(self) -> T {
        self.0.join().expect("the thread does not panic")
    }
}
