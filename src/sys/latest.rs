//! A value that a program can replace while other threads read it, without a lock: a forked child could inherit a lock that
//! a thread of its parent holds. The last few values are kept. Atomics come from `platform`, so that a model checker can try
//! every interleaving with its own: tests/model/main.rs.

use super::platform::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::ops::Deref;
use std::ptr;

/// The value, and those before it; so many are kept.
pub(crate) struct Latest<T, const KEPT: usize = 8> {
    newest: AtomicPtr<Node<T>>,
    /// How many read at this moment. In a forked child it may count threads of its parent, and then nothing is freed early.
    readers: AtomicUsize,
    is_trimming: AtomicBool,
    /// Values that no reader finds any more, and that one may still use. Only the thread that trims touches them.
    cut_off: AtomicPtr<Node<T>>,
}

struct Node<T> {
    value: T,
    before: AtomicPtr<Node<T>>,
}

/// The value as it was when it was read. What it borrows is not freed meanwhile.
pub(crate) struct Reading<'l, T> {
    readers: &'l AtomicUsize,
    node: &'l Node<T>,
}

impl<T, const KEPT: usize> Latest<T, KEPT> {
    pub fn new(value: T) -> Latest<T, KEPT> {
        let first = Box::into_raw(Box::new(Node { value, before: AtomicPtr::new(ptr::null_mut()) }));
        Latest {
            newest: AtomicPtr::new(first),
            readers: AtomicUsize::new(0),
            is_trimming: AtomicBool::new(false),
            cut_off: AtomicPtr::new(ptr::null_mut()),
        }
    }

    pub fn get(&self) -> Reading<'_, T> {
        // Whoever counts the readers later than this sees this one. Whoever did so earlier has cut off his values before, and
        // this reader does not find them.
        self.readers.fetch_add(1, Ordering::AcqRel);
        // SAFETY: never null, and as long as this reader is counted, no node is freed that it can find.
        let node = unsafe { &*self.newest.load(Ordering::Acquire) };
        Reading { readers: &self.readers, node }
    }

    /// Makes a new value from the one before it.
    pub fn replace(&self, make: impl Fn(&T) -> T) {
        loop {
            let before = self.get();
            let old = ptr::from_ref(before.node).cast_mut();
            let new = Box::into_raw(Box::new(Node { value: make(&before), before: AtomicPtr::new(old) }));
            if self.newest.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                break;
            }
            // SAFETY: the node was never shared.
            drop(unsafe { Box::from_raw(new) });
        }
        self.trim();
    }

    /// Cuts off what is too old, and frees it if nobody reads. Otherwise the next one to trim does.
    fn trim(&self) {
        if self.is_trimming.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return;
        }
        let mut cut_off = self.cut_off.load(Ordering::Relaxed);
        if cut_off.is_null() {
            cut_off = self.get().cut(KEPT);
        }
        // This counts the readers by a change, so that it is before or after the change of each of them.
        if self.readers.fetch_add(0, Ordering::AcqRel) == 0 {
            free(cut_off);
            cut_off = ptr::null_mut();
        }
        self.cut_off.store(cut_off, Ordering::Relaxed);
        self.is_trimming.store(false, Ordering::Release);
    }
}

impl<T> Reading<'_, T> {
    /// The value, and those before it.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        self.nodes().map(|node| &node.value)
    }

    fn nodes(&self) -> impl Iterator<Item = &Node<T>> {
        // SAFETY: null, or a node that is not freed while this reader is counted.
        let next = |node: &&Node<T>| unsafe { node.before.load(Ordering::Acquire).as_ref() };
        std::iter::successors(Some(self.node), next)
    }

    /// Returns what is beyond the first ones, where no other reader finds it any more.
    fn cut(&self, kept: usize) -> *mut Node<T> {
        self.nodes().nth(kept - 1).map_or(ptr::null_mut(), |last| last.before.swap(ptr::null_mut(), Ordering::AcqRel))
    }
}

impl<T> Deref for Reading<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.node.value
    }
}

impl<T> Drop for Reading<'_, T> {
    fn drop(&mut self) {
        self.readers.fetch_sub(1, Ordering::Release);
    }
}

impl<T, const KEPT: usize> Drop for Latest<T, KEPT> {
    fn drop(&mut self) {
        free(self.newest.load(Ordering::Acquire));
        free(self.cut_off.load(Ordering::Acquire));
    }
}

/// Frees a node that nobody can use any more, and those before it.
fn free<T>(mut node: *mut Node<T>) {
    while !node.is_null() {
        // SAFETY: it came from a box, and is freed once: nobody else has it.
        node = unsafe { Box::from_raw(node) }.before.load(Ordering::Relaxed);
    }
}

// SAFETY: any thread may get `&T` or replace it, and one thread drops all, as with Arc<T>.
unsafe impl<T: Send + Sync, const KEPT: usize> Send for Latest<T, KEPT> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync, const KEPT: usize> Sync for Latest<T, KEPT> {}
