//! Blocks until a descriptor is ready, or exactly until an instant. `http` decides what a wake-up means for a call.

use super::{Watch, system};
use std::io;
use std::time::{Duration, Instant};

/// The largest number of descriptors that one call polls: the addresses of a connect, and cancel tokens.
pub(crate) const MAX_WATCHED: usize = 36;

/// How a poll ended. Several may be true at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wake {
    /// At least one watch is ready.
    pub ready: bool,
    /// The instant had come when the poll last looked.
    pub expired: bool,
    /// A signal handler ran on this thread, and the poll is interruptible.
    pub interrupted: bool,
}

/// What a poller reports: a socket or event became ready, or broken; using it then reports the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Readiness {
    pub token: u64,
    pub input: bool,
    pub output: bool,
}

/// Blocks until a watch is ready, `until` has come (`None`: never), or, if `interruptible`, a signal handler ran.
///
/// # Errors
///
/// The system cannot poll so many descriptors (EINVAL under a low RLIMIT_NOFILE, or ENOMEM).
pub(crate) fn poll(watched: &mut [Watch], interruptible: bool, until: Option<Instant>) -> io::Result<Wake> {
    let mut interrupted = false;
    loop {
        match poll_in_steps(watched, if interrupted { Some(Instant::now()) } else { until }) {
            Ok((ready, expired)) => return Ok(Wake { ready, expired: expired && !interrupted, interrupted }),
            // An interrupted poll did not check the descriptors, so they are checked once more.
            Err(e) if e.kind() == io::ErrorKind::Interrupted => interrupted |= interruptible,
            Err(e) => return Err(e),
        }
    }
}

fn poll_in_steps(watched: &mut [Watch], until: Option<Instant>) -> io::Result<(bool, bool)> {
    loop {
        let remaining = until.map(|until| until.saturating_duration_since(Instant::now()));
        let (nap, is_last) = step(remaining);
        let ready = system::poll_once(watched, nap)?;
        if ready || is_last {
            return Ok((ready, remaining == Some(Duration::ZERO) || (!ready && is_last)));
        }
    }
}

/// How long the next of several polls may take, if together they should end after `remaining`; and whether it is the last. The
/// system may end a poll late by a part of its length. So a long poll ends a little before the instant, and shorter ones follow.
/// Not all systems can count the longest durations, so no step is longer than a day.
pub(super) fn step(remaining: Option<Duration>) -> (Option<Duration>, bool) {
    const SHORT: Duration = Duration::from_millis(20);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    match remaining {
        Some(left) if left > SHORT => {
            let nap = left - left / system::MARGIN - Duration::from_millis(5);
            (Some(nap.min(DAY)), false)
        }
        other => (other, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Event;

    #[test]
    fn a_poll_says_all_that_happened() {
        let (set, unset) = (Event::new().unwrap(), Event::new().unwrap());
        set.notify();
        let mut watched = [Watch::readable(&set), Watch::readable(&unset)];
        let past = Some(Instant::now());
        assert_eq!(poll(&mut watched, true, past).unwrap(), Wake { ready: true, expired: true, interrupted: false });
        assert_eq!([watched[0].is_ready(), watched[1].is_ready()], [true, false]);
        assert_eq!(poll(&mut watched[1..], true, past).unwrap(), Wake { expired: true, ..Wake::default() });
        assert_eq!(poll(&mut watched, true, None).unwrap(), Wake { ready: true, ..Wake::default() });
    }

    #[test]
    fn a_poll_is_never_early() {
        for millis in [0, 1, 3, 25, 60] {
            let until = Instant::now() + Duration::from_millis(millis);
            assert!(poll(&mut [], false, Some(until)).unwrap().expired);
            assert!(Instant::now() >= until, "{millis}");
        }
    }

    #[test]
    fn a_system_that_adds_what_it_may_does_not_end_late() {
        for millis in [0, 1, 20, 21, 100, 47_000, 86_400_000] {
            let mut left = Duration::from_millis(millis);
            for _ in 0..12 {
                let (Some(nap), is_last) = step(Some(left)) else { panic!("a step of a limited poll is limited") };
                assert!(nap <= left && (is_last || nap + nap / (2 * system::MARGIN) < left), "{left:?}: {nap:?}");
                left -= nap;
            }
            assert_eq!(left, Duration::ZERO, "{millis}");
        }
        assert_eq!(step(None), (None, true));
        assert_eq!(step(Some(Duration::MAX)), (Some(Duration::from_secs(86_400)), false));
    }

    #[test]
    fn the_longest_durations_do_not_overflow() {
        let ready = Event::new().unwrap();
        ready.notify();
        assert!(system::poll_once(&mut [Watch::readable(&ready)], Some(Duration::MAX)).unwrap());
    }
}
