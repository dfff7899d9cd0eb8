//! When which wait has to act. Pure. A heap with the earliest timer first. A timer that was changed stays in the heap until it is
//! due or the heap is swept, since most are changed long before.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// The timers of all waits, of which each has at most one.
#[derive(Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u32)>>,
    /// By wait: its timer, if it has one.
    set: Vec<Option<Instant>>,
    count: usize,
}

impl Timers {
    /// Sets the timer of the wait `id`.
    pub fn set(&mut self, id: u32, timer: Option<Instant>) {
        let at = id as usize;
        if at >= self.set.len() {
            self.set.resize(at + 1, None);
        }
        let before = std::mem::replace(&mut self.set[at], timer);
        if before == timer {
            return;
        }
        self.count = self.count + usize::from(timer.is_some()) - usize::from(before.is_some());
        if let Some(timer) = timer {
            self.heap.push(Reverse((timer, id)));
        }
        if self.heap.len() > 2 * self.count + SLACK {
            let set = &self.set;
            self.heap.retain(|Reverse((at, id))| set[*id as usize] == Some(*at));
        }
    }

    /// The earliest timer. Those before it that were changed are dropped, so that nobody wakes up for them.
    pub fn next(&mut self) -> Option<Instant> {
        while let Some(Reverse((at, id))) = self.heap.peek().copied() {
            if self.set[id as usize] == Some(at) {
                return Some(at);
            }
            self.heap.pop();
        }
        None
    }

    /// Takes a wait whose timer is due.
    pub fn take_due(&mut self, now: Instant) -> Option<u32> {
        while let Some(Reverse((at, id))) = self.heap.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.heap.pop();
            let timer = &mut self.set[id as usize];
            if *timer == Some(at) {
                *timer = None;
                self.count -= 1;
                return Some(id);
            }
        }
        None
    }
}

/// How many changed timers a small heap keeps.
const SLACK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    proptest! {
        /// As a list of timers would do it.
        #[test]
        fn each_timer_is_due_once_and_in_order(changes in prop::collection::vec((0u32..20, prop::option::of(0u64..100)), 0..400)) {
            let start = Instant::now();
            let mut timers = Timers::default();
            let mut expected = [None; 20];
            for (id, at) in changes {
                let at = at.map(|millis| start + Duration::from_millis(millis));
                timers.set(id, at);
                expected[id as usize] = at;
                prop_assert!(timers.heap.len() <= 2 * 20 + SLACK + 1);
            }
            for now in (0..100).step_by(7).map(|millis| start + Duration::from_millis(millis)) {
                let mut due: Vec<u32> = std::iter::from_fn(|| timers.take_due(now)).collect();
                due.sort_unstable();
                let mut wanted = Vec::new();
                for (id, at) in expected.iter_mut().enumerate() {
                    if at.take_if(|at| *at <= now).is_some() {
                        wanted.push(id as u32);
                    }
                }
                prop_assert_eq!(due, wanted);
            }
        }
    }

    /// A connect ends long before its time, and the thread sleeps until the answer is late.
    #[test]
    fn nobody_wakes_up_for_a_timer_that_was_changed() {
        let mut timers = Timers::default();
        let start = Instant::now();
        let late = Some(start + Duration::from_secs(60));
        for id in 0..10 {
            timers.set(id, Some(start + Duration::from_secs(id.into())));
            timers.set(id, late);
        }
        assert_eq!(timers.next(), late);
        (0..10).for_each(|id| timers.set(id, None));
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn a_timer_that_is_changed_all_the_time_takes_no_memory() {
        let mut timers = Timers::default();
        let start = Instant::now();
        for millis in 0..100_000 {
            timers.set(3, Some(start + Duration::from_millis(millis)));
        }
        assert!(timers.heap.len() <= SLACK + 3);
        timers.set(3, None);
        assert_eq!(timers.take_due(start + Duration::from_secs(1_000)), None);
    }
}
