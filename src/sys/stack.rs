//! A lock-free stack, onto which any thread and any signal handler may push. The nodes have room for the link, so a push
//! neither allocates nor blocks. One thread takes all nodes at once. Atomics and `Arc` come from `platform`, so that a model
//! checker can try every interleaving with its own: tests/model/main.rs.

use super::platform::{Arc, AtomicBool, AtomicPtr, Ordering};
use std::ops::Deref;
use std::ptr;

/// Nodes that were pushed and not taken. It owns a reference to each.
pub(crate) struct Stack<T>(AtomicPtr<Node<T>>);

/// A value that can be pushed, once in its life and onto one stack.
pub(crate) struct Node<T> {
    value: T,
    is_pushed: AtomicBool,
    next: AtomicPtr<Node<T>>,
}

/// What a push did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    /// The stack was empty, so the thread that takes may have to be woken.
    First,
    Another,
    /// The node was pushed before, and nothing was done.
    Again,
}

impl<T> Stack<T> {
    pub fn new() -> Stack<T> {
        Stack(AtomicPtr::new(ptr::null_mut()))
    }

    /// Async-signal-safe.
    pub fn push(&self, node: &Arc<Node<T>>) -> Push {
        if node.is_pushed.swap(true, Ordering::AcqRel) {
            return Push::Again;
        }
        let new = Arc::into_raw(Arc::clone(node)).cast_mut();
        let mut head = self.0.load(Ordering::Relaxed);
        loop {
            node.next.store(head, Ordering::Relaxed);
            // Once it is released, another thread may take the node and drop the stack's reference. The caller keeps its own.
            match self.0.compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) if head.is_null() => return Push::First,
                Ok(_) => return Push::Another,
                Err(other) => head = other,
            }
        }
    }

    /// Takes all nodes, the last one first.
    pub fn take_all(&self) -> Taken<T> {
        Taken(self.0.swap(ptr::null_mut(), Ordering::Acquire))
    }
}

impl<T> Drop for Stack<T> {
    fn drop(&mut self) {
        drop(self.take_all());
    }
}

impl<T> Node<T> {
    pub fn new(value: T) -> Node<T> {
        Node { value, is_pushed: AtomicBool::new(false), next: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Whether it was pushed, whether or not it was taken since.
    pub fn is_pushed(&self) -> bool {
        self.is_pushed.load(Ordering::Acquire)
    }
}

impl<T> Deref for Node<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Nodes that were taken. Those that are not read are dropped with it.
pub(crate) struct Taken<T>(*mut Node<T>);

impl<T> Iterator for Taken<T> {
    type Item = Arc<Node<T>>;

    fn next(&mut self) -> Option<Arc<Node<T>>> {
        if self.0.is_null() {
            return None;
        }
        // SAFETY: `push` made the pointer from an Arc. Only the swap of `take_all` reads it from the stack, so it is turned
        // back once.
        let node = unsafe { Arc::from_raw(self.0.cast_const()) };
        self.0 = node.next.load(Ordering::Relaxed);
        Some(node)
    }
}

impl<T> Drop for Taken<T> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

// SAFETY: an Arc<Node<T>> goes from the thread that pushes to the one that takes.
unsafe impl<T: Send + Sync> Send for Stack<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Stack<T> {}
