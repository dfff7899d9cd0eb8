//! A thread-local reference to a value on the stack. It is set for the length of a closure, and everything that the closure calls
//! on the same thread can use it, across code that cannot pass a parameter.

use std::cell::Cell;
use std::ptr;

/// The content of a `thread_local!`.
pub(crate) struct Scoped<T>(Cell<*const T>);

impl<T> Scoped<T> {
    pub const fn new() -> Scoped<T> {
        Scoped(Cell::new(ptr::null()))
    }

    /// Runs `work`, during which [`get`](Self::get) finds `value`. Restores the value before.
    pub fn set<R>(&self, value: &T, work: impl FnOnce() -> R) -> R {
        struct Restore<'a, T>(&'a Cell<*const T>, *const T);
        impl<T> Drop for Restore<'_, T> {
            fn drop(&mut self) {
                self.0.set(self.1);
            }
        }
        let _restore = Restore(&self.0, self.0.replace(value));
        work()
    }

    /// Calls `look` with the value; `None` outside [`set`](Self::set).
    pub fn get<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        // SAFETY: `set` points at a value that outlives the closure it runs, and takes the pointer back before it returns,
        // on a panic too. A `Scoped` is not Sync, so only this thread has the pointer, and nothing takes `&mut` of the value.
        unsafe { self.0.get().as_ref() }.map(look)
    }
}
