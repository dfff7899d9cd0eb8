//! Values that a forked child must not share with its parent, such as a pool of connections, or a lock that a thread of the
//! parent may hold.

use super::Process;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A value of which each process has its own. A child makes its own when it first asks. It never touches or frees the parent's,
/// which threads that the child does not have may be using.
pub(crate) struct PerProcess<T>(
    /// Null until the first value is made.
    AtomicPtr<Tagged<T>>,
);

struct Tagged<T> {
    process: Process,
    value: T,
    /// The parent's value that this one replaced, or null. It is never used: it only tells a leak checker that the parent's value
    /// is not lost.
    _inherited: *mut Tagged<T>,
}

impl<T> PerProcess<T> {
    pub fn new(value: T) -> PerProcess<T> {
        PerProcess(AtomicPtr::new(Tagged::leak(value, ptr::null_mut())))
    }

    /// Without a value: the first `get` makes it. So a static can hold one.
    pub const fn empty() -> PerProcess<T> {
        PerProcess(AtomicPtr::new(ptr::null_mut()))
    }

    pub fn get<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        let found = self.0.load(Ordering::Acquire);
        // SAFETY: null, or the pointer came from `leak`. Its target is freed only when `self` is dropped, and never if it was
        // replaced.
        let of_this_process = unsafe { found.as_ref() }.filter(|tagged| tagged.process == Process::current());
        if let Some(tagged) = of_this_process {
            return Ok(&tagged.value);
        }
        let own = Tagged::leak(make()?, found);
        // Only null or the parent's is replaced, so threads that come here at once all get the same value.
        if let Err(first) = self.0.compare_exchange(found, own, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: another thread of this process was first, so `own` was never shared; `first` is as `found`.
            return unsafe {
                drop(Box::from_raw(own));
                Ok(&(*first).value)
            };
        }
        // SAFETY: as above.
        Ok(unsafe { &(*own).value })
    }
}

impl<T> Tagged<T> {
    fn leak(value: T, inherited: *mut Tagged<T>) -> *mut Tagged<T> {
        Box::into_raw(Box::new(Tagged { process: Process::current(), value, _inherited: inherited }))
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        let tagged = *self.0.get_mut();
        // SAFETY: null, or the pointer came from `leak`, and nobody else uses `self`. The parent's value is not freed.
        unsafe {
            if tagged.as_ref().is_some_and(|tagged| tagged.process == Process::current()) {
                drop(Box::from_raw(tagged));
            }
        }
    }
}

// SAFETY: any thread may get `&T`, and one thread drops T, as with Arc<T>.
unsafe impl<T: Send + Sync> Send for PerProcess<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for PerProcess<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::sync::Barrier;
    use std::sync::atomic::AtomicUsize;

    /// Counts drops.
    struct Value<'a>(&'a AtomicUsize);

    impl Drop for Value<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A value as a child has it that has not asked yet.
    fn inherited<T>(value: T) -> PerProcess<T> {
        PerProcess(AtomicPtr::new(Box::into_raw(Box::new(Tagged {
            process: Process::another(),
            value,
            _inherited: ptr::null_mut(),
        }))))
    }

    #[test]
    fn threads_that_ask_first_at_once_get_the_same_value() {
        let (parents_dropped, dropped) = (AtomicUsize::new(0), AtomicUsize::new(0));
        ask_at_once(inherited(Value(&parents_dropped)), &dropped);
        assert_eq!(parents_dropped.load(Ordering::SeqCst), 0);
        ask_at_once(PerProcess::empty(), &AtomicUsize::new(0));
    }

    fn ask_at_once<'a>(value: PerProcess<Value<'a>>, dropped: &'a AtomicUsize) {
        const THREADS: usize = 8;
        let all_make = Barrier::new(THREADS);
        let make = || {
            all_make.wait();
            Ok::<_, Infallible>(Value(dropped))
        };
        let address = |value: &Value<'_>| ptr::from_ref(value).addr();
        let got: Vec<usize> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| value.get(make).map(address).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let again = value.get(|| -> Result<Value<'a>, Infallible> { panic!("it is made already") });
        assert!(got.iter().all(|one| *one == address(again.unwrap())), "{got:?}");
        assert_eq!(dropped.load(Ordering::SeqCst), THREADS - 1, "the values that lost the race");
        drop(value);
        assert_eq!(dropped.load(Ordering::SeqCst), THREADS);
    }

    #[test]
    fn what_cannot_be_made_is_tried_again() {
        let dropped = AtomicUsize::new(0);
        let value = inherited(Value(&dropped));
        assert_eq!(value.get(|| Err("no")).err(), Some("no"));
        assert!(value.get(|| Ok::<_, Infallible>(Value(&dropped))).is_ok());
    }

    #[test]
    fn a_static_makes_its_value_at_the_first_call() {
        static NUMBER: PerProcess<u32> = PerProcess::empty();
        assert_eq!(NUMBER.get(|| Err("no")).err(), Some("no"));
        assert_eq!([5, 6].map(|number| *NUMBER.get(|| Ok::<_, Infallible>(number)).unwrap()), [5, 5]);
        drop(PerProcess::<u32>::empty());
    }

    #[test]
    fn an_inherited_value_is_left_alone() {
        let dropped = AtomicUsize::new(0);
        drop(inherited(Value(&dropped)));
        assert_eq!(dropped.load(Ordering::SeqCst), 0);
        drop(PerProcess::new(Value(&dropped)));
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
    }
}
