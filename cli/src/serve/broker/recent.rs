//! The data of the last signals, which the page shows on request: limited in number and in bytes.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

const AT_MOST: usize = 200;
const AT_MOST_BYTES: usize = 4 << 20;

/// The data of the last signals, oldest first.
#[derive(Default)]
pub struct RecentPayloads(Mutex<VecDeque<(u64, Bytes)>>);

impl RecentPayloads {
    pub fn keep(&self, id: u64, data: Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((id, data));
        while kept.len() > AT_MOST || kept.iter().map(|(_, data)| data.len()).sum::<usize>() > AT_MOST_BYTES {
            kept.pop_front();
        }
    }

    pub fn data(&self, id: u64) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(other, _)| *other == id).map(|(_, data)| data.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_kept() {
        let recent = RecentPayloads::default();
        (0..=AT_MOST as u64).for_each(|id| recent.keep(id, Bytes::from("x")));
        assert_eq!(recent.data(0), None);
        assert_eq!(recent.data(1), Some(Bytes::from("x")));
    }

    #[test]
    fn large_ones_push_others_out() {
        let recent = RecentPayloads::default();
        recent.keep(1, Bytes::from("small"));
        recent.keep(2, vec![b' '; AT_MOST_BYTES].into());
        assert_eq!(recent.data(1), None);
        assert!(recent.data(2).is_some());
    }
}
