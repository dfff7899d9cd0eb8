//! A poll with a timeout in milliseconds, for a system without ppoll.

use crate::sys::Watch;
use std::io;
use std::time::Duration;

/// Polls for at most `nap` (`None`: no limit). Returns whether a watch is ready. EINTR is an error.
pub(in crate::sys) fn poll_once(watched: &mut [Watch], nap: Option<Duration>) -> io::Result<bool> {
    Watch::reset(watched);
    // SAFETY: a Watch is laid out as the pollfd it holds, and the slice is live.
    let ready = unsafe { libc::poll(watched.as_mut_ptr().cast(), watched.len() as libc::nfds_t, millis_of(nap)) };
    if ready < 0 { Err(io::Error::last_os_error()) } else { Ok(ready > 0) }
}

/// As poll counts: -1 is never, and a part of a millisecond is a whole one, so that no poll is early.
fn millis_of(nap: Option<Duration>) -> libc::c_int {
    nap.map_or(-1, |nap| nap.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(libc::c_int::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_millisecond_is_a_whole_one() {
        let millis = |nanos| millis_of(Some(Duration::from_nanos(nanos)));
        assert_eq!([0, 1, 999_999, 1_000_000, 1_000_001].map(millis), [0, 1, 1, 1, 2]);
        assert_eq!([None, Some(Duration::MAX)].map(millis_of), [-1, libc::c_int::MAX]);
    }
}
