//! The stack with the library's own atomics. Its own file, since the model checker includes that of the stack.

use super::stack::{Node, Push, Stack, Taken};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Numbered<'a>(u32, &'a AtomicUsize);

impl Drop for Numbered<'_> {
    fn drop(&mut self) {
        self.1.fetch_add(1, Ordering::SeqCst);
    }
}

fn node(number: u32, dropped: &AtomicUsize) -> Arc<Node<Numbered<'_>>> {
    Arc::new(Node::new(Numbered(number, dropped)))
}

fn numbers(taken: Taken<Numbered<'_>>) -> Vec<u32> {
    taken.map(|node| node.0).collect()
}

#[test]
fn a_node_is_taken_once_however_often_it_is_pushed() {
    let dropped = AtomicUsize::new(0);
    let (stack, one, two) = (Stack::new(), node(1, &dropped), node(2, &dropped));
    assert!(!one.is_pushed());
    assert_eq!(
        [&one, &one, &two, &one].map(|node| stack.push(node)),
        [Push::First, Push::Again, Push::Another, Push::Again]
    );
    assert!(one.is_pushed());
    assert_eq!(numbers(stack.take_all()), [2, 1]);
    assert_eq!(stack.push(&one), Push::Again, "once in its life");
    assert!(stack.take_all().next().is_none());
    drop((one, two));
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
}

#[test]
fn what_is_left_is_dropped() {
    let dropped = AtomicUsize::new(0);
    let stack = Stack::new();
    for number in 0..5 {
        stack.push(&node(number, &dropped));
    }
    assert_eq!(dropped.load(Ordering::SeqCst), 0, "the stack keeps them");
    let mut taken = stack.take_all();
    assert_eq!(taken.next().map(|node| node.0), Some(4));
    drop(taken);
    assert_eq!(dropped.load(Ordering::SeqCst), 5);
    stack.push(&node(5, &dropped));
    drop(stack);
    assert_eq!(dropped.load(Ordering::SeqCst), 6);
}

#[test]
fn many_threads_push_while_one_takes() {
    const EACH: u32 = 2_000;
    let dropped = AtomicUsize::new(0);
    let stack = Stack::new();
    let push = &|first: u32| {
        for number in first..first + EACH {
            stack.push(&node(number, &dropped));
        }
    };
    let mut got = Vec::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || push(thread * EACH));
        }
        while got.len() < 4 * EACH as usize {
            got.extend(numbers(stack.take_all()));
        }
    });
    got.sort_unstable();
    assert!(got.iter().copied().eq(0..4 * EACH));
    assert_eq!(dropped.load(Ordering::SeqCst), 4 * EACH as usize);
}
