//! A value that a program can replace while other threads read it, without a lock: a forked child could inherit a lock that
//! a thread of its parent holds.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The value, and those before it, which live as long as it: a reader may still use them.
pub(crate) struct Latest<T>(AtomicPtr<Node<T>>);

struct Node<T> {
    value: T,
    before: *const Node<T>,
}

impl<T> Latest<T> {
    pub fn new(value: T) -> Latest<T> {
        Latest(AtomicPtr::new(Box::into_raw(Box::new(Node { value, before: ptr::null() }))))
    }

    pub fn get(&self) -> &T {
        &self.node().value
    }

    /// The value, and those before it.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        // SAFETY: null, or a node of this list, none of which is freed or changed while `self` is borrowed.
        let next = |node: &&Node<T>| unsafe { node.before.as_ref() };
        std::iter::successors(Some(self.node()), next).map(|node| &node.value)
    }

    /// Makes a new value from the one before it.
    pub fn replace(&self, make: impl Fn(&T) -> T) {
        let mut head = self.0.load(Ordering::Acquire);
        loop {
            // SAFETY: a node of this list, none of which is freed while `self` is borrowed.
            let value = make(unsafe { &(*head).value });
            let new = Box::into_raw(Box::new(Node { value, before: head }));
            match self.0.compare_exchange(head, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return,
                Err(other) => {
                    // SAFETY: the node was never shared.
                    drop(unsafe { Box::from_raw(new) });
                    head = other;
                }
            }
        }
    }

    fn node(&self) -> &Node<T> {
        // SAFETY: never null, and no node is freed while `self` is borrowed.
        unsafe { &*self.0.load(Ordering::Acquire) }
    }
}

impl<T> Drop for Latest<T> {
    fn drop(&mut self) {
        let mut node: *const Node<T> = *self.0.get_mut();
        while !node.is_null() {
            // SAFETY: it came from a box, and is taken once: nobody else uses `self`.
            node = unsafe { Box::from_raw(node.cast_mut()) }.before;
        }
    }
}

// SAFETY: any thread may get `&T` or replace it, and one thread drops all, as with Arc<T>.
unsafe impl<T: Send + Sync> Send for Latest<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Latest<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_reader_keeps_what_it_has_read() {
        let latest = Latest::new("first".to_owned());
        let first = latest.get();
        latest.replace(|before| format!("after {before}"));
        assert_eq!((first.as_str(), latest.get().as_str()), ("first", "after first"));
        assert_eq!(latest.all().collect::<Vec<_>>(), ["after first", "first"]);
    }

    #[test]
    fn no_replacement_is_lost_and_every_value_is_dropped() {
        const THREADS: usize = 4;
        const EACH: usize = 100;
        let (value, latest) = (Arc::new(()), Latest::new((0, Arc::new(()))));
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| (0..EACH).for_each(|_| latest.replace(|(count, _)| (count + 1, Arc::clone(&value)))));
            }
        });
        assert_eq!((latest.get().0, latest.all().count()), (THREADS * EACH, THREADS * EACH + 1));
        drop(latest);
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
