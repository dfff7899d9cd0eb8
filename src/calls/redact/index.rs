//! Where in a text any other text stands, at a cost that does not grow with the number of the places: its suffixes in order.

use std::ops::Range;

/// It is made for one text, and asked about many.
pub(super) struct Index {
    /// The beginnings of the suffixes, in the order of those.
    order: Vec<u32>,
    /// For each place in `order`, the length of the last text whose occurrences begin there.
    answered: Vec<u32>,
    /// A bit for each two bytes that follow each other in the text: most of what is asked for is not there.
    pairs: Vec<u32>,
}

impl Index {
    /// `None` if memory ran out, or `keep_on` said no.
    pub fn new(text: &str, keep_on: &mut dyn FnMut() -> bool) -> Option<Index> {
        let text = text.as_bytes();
        let mut order = filled(text.len())?;
        order.iter_mut().zip(0..).for_each(|(entry, at)| *entry = at);
        let (mut ranks, mut next_ranks) = (filled(text.len())?, filled(text.len())?);
        // Sorted by their first bytes, then by twice as many as long as some are equal in those (Manber and Myers).
        let mut length = 16;
        let head = |at: &u32| &text[*at as usize..text.len().min(*at as usize + length)];
        sort(&mut order, &|a, b| head(&a) < head(&b));
        let mut highest = rank(&order, &mut ranks, |a, b| head(&a) == head(&b));
        while highest as usize != text.len() {
            if !keep_on() {
                return None;
            }
            let key = |at: u32| (ranks[at as usize], ranks.get(at as usize + length).copied().unwrap_or(0));
            sort(&mut order, &|a, b| key(a) < key(b));
            highest = rank(&order, &mut next_ranks, |a, b| key(a) == key(b));
            std::mem::swap(&mut ranks, &mut next_ranks);
            length *= 2;
        }
        let mut pairs = filled(1 << 11)?;
        for pair in text.windows(2) {
            let (word, bit) = pair_bit(pair[0], pair[1]);
            pairs[word] |= bit;
        }
        next_ranks.fill(0);
        Some(Index { order, answered: next_ranks, pairs })
    }

    /// Whether these two bytes follow each other in the text.
    pub fn has_pair(&self, first: u8, second: u8) -> bool {
        let (word, bit) = pair_bit(first, second);
        self.pairs[word] & bit != 0
    }

    /// Where `wanted` stands in the text.
    pub fn occurrences(&self, text: &str, wanted: &str) -> &[u32] {
        &self.order[self.range(text, wanted)]
    }

    /// The same. `None` if the last question about these places was the same.
    pub fn new_occurrences(&mut self, text: &str, wanted: &str) -> Option<&[u32]> {
        let range = self.range(text, wanted);
        if !range.is_empty() {
            let answered = &mut self.answered[range.start];
            if *answered == wanted.len() as u32 {
                return None;
            }
            *answered = wanted.len() as u32;
        }
        Some(&self.order[range])
    }

    fn range(&self, text: &str, wanted: &str) -> Range<usize> {
        let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
        let begin = self.order.partition_point(|at| &text[*at as usize..] < wanted);
        let count = self.order[begin..].partition_point(|at| text[*at as usize..].starts_with(wanted));
        begin..begin + count
    }
}

fn filled(length: usize) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(length).ok()?;
    numbers.resize(length, 0);
    Some(numbers)
}

fn pair_bit(first: u8, second: u8) -> (usize, u32) {
    let pair = u32::from(first) << 8 | u32::from(second);
    (pair as usize >> 5, 1 << (pair & 31))
}

/// A heap sort: std's sorts would make up 20 KB of the library, each time anew.
fn sort(entries: &mut [u32], is_less: &dyn Fn(u32, u32) -> bool) {
    for root in (0..entries.len() / 2).rev() {
        sift_down(entries, root, is_less);
    }
    for end in (1..entries.len()).rev() {
        entries.swap(0, end);
        sift_down(&mut entries[..end], 0, is_less);
    }
}

/// Moves the entry at `root` down until none of its children is greater.
fn sift_down(heap: &mut [u32], mut root: usize, is_less: &dyn Fn(u32, u32) -> bool) {
    loop {
        let (left, right) = (2 * root + 1, 2 * root + 2);
        if left >= heap.len() {
            return;
        }
        let greater = if right < heap.len() && is_less(heap[left], heap[right]) { right } else { left };
        if !is_less(heap[root], heap[greater]) {
            return;
        }
        heap.swap(root, greater);
        root = greater;
    }
}

/// Numbers the suffixes from 1 on, equal ones alike. The highest number.
fn rank(order: &[u32], ranks: &mut [u32], is_equal: impl Fn(u32, u32) -> bool) -> u32 {
    let (mut rank, mut before) = (0, None);
    for at in order.iter().copied() {
        if before.is_none_or(|before| !is_equal(before, at)) {
            rank += 1;
        }
        ranks[at as usize] = rank;
        before = Some(at);
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(index: &Index, text: &str, wanted: &str) -> Vec<usize> {
        let mut found: Vec<usize> = index.occurrences(text, wanted).iter().map(|at| *at as usize).collect();
        found.sort_unstable();
        found
    }

    proptest! {
        #[test]
        fn all_occurrences_are_found(text in "[ab]{0,80}", wanted in "[ab]{1,40}") {
            let index = Index::new(&text, &mut || true).unwrap();
            let expected = (0..text.len()).filter(|at| text[*at..].starts_with(&wanted)).collect::<Vec<_>>();
            prop_assert_eq!(found(&index, &text, &wanted), expected);
            if let [first, second, ..] = wanted.as_bytes() {
                prop_assert_eq!(index.has_pair(*first, *second), text.contains(&wanted[..2]));
            }
        }
    }

    #[test]
    fn texts_that_repeat_themselves_take_no_longer() {
        let text = "a ".repeat(32 * 1024);
        let index = Index::new(&text, &mut || true).unwrap();
        assert_eq!(found(&index, &text, &text[1..]), [1]);
        assert_eq!(found(&index, &text, "a a").len(), 32 * 1024 - 1);
        assert!(found(&index, &text, "b").is_empty());
    }

    #[test]
    fn the_same_question_is_answered_once() {
        let text = "one two one";
        let mut index = Index::new(text, &mut || true).unwrap();
        assert_eq!(index.new_occurrences(text, "one").map(<[u32]>::len), Some(2));
        assert_eq!(index.new_occurrences(text, "one"), None);
        assert_eq!(index.new_occurrences(text, "two").map(<[u32]>::len), Some(1));
        assert_eq!(index.new_occurrences(text, "three").map(<[u32]>::len), Some(0));
    }

    #[test]
    fn it_can_be_stopped() {
        assert!(Index::new(&"a".repeat(100), &mut || false).is_none());
    }
}
