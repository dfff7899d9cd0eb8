//! Whether a call tries again after a failure, and how long it pauses before. Pure: nothing here sends or sleeps.

use crate::config::Retries;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

/// How a failure counts if the settings do not set a number of retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// An outage: no request was written, or a gateway could not reach the service.
    Outage { unknown_host: bool },
    /// A failure that may have taken an event, or that reports a limit: a call gives up after a number in a row.
    Counted,
}

/// What is known of the client when a failure is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// The time since the call began.
    pub elapsed: Duration,
    /// The client has had an answer before, by the service or a gateway.
    pub reached: bool,
}

/// Counts failures in a row, and says how long the pause after each is.
#[derive(Debug)]
pub(crate) struct Backoff {
    retries: Retries,
    failures: u32,
    counted: u32,
}

/// How long a wait tries to reach a service that its client has never reached: a wrong host is reported soon, but a short
/// outage does not end the wait.
const FIRST_REACH: Duration = Duration::from_secs(5);

impl Backoff {
    pub fn new(retries: Retries) -> Backoff {
        Backoff { retries, failures: 0, counted: 0 }
    }

    /// Starts the count again, because the service is alive.
    pub fn reset(&mut self) {
        (self.failures, self.counted) = (0, 0);
    }

    /// Counts a failure. Returns the pause before the next attempt, or `None` to give up.
    pub fn next(&mut self, patience: Patience, facts: Facts) -> Option<Duration> {
        if self.is_spent(patience, facts) {
            return None;
        }
        self.failures = self.failures.saturating_add(1);
        self.counted = self.counted.saturating_add(u32::from(patience == Patience::Counted));
        Some(pause(self.failures, random()))
    }

    fn is_spent(&self, patience: Patience, facts: Facts) -> bool {
        match (self.retries, patience) {
            (Retries::Always, _) => false,
            (Retries::AtMost(limit), _) => self.failures >= limit,
            (Retries::Default, Patience::Counted) => self.counted >= Retries::IN_A_ROW,
            (Retries::Default, Patience::Outage { .. }) if facts.reached => false,
            (Retries::Default, Patience::Outage { unknown_host }) => {
                self.failures >= Retries::IN_A_ROW && (unknown_host || facts.elapsed >= FIRST_REACH)
            }
        }
    }
}

/// Pauses between requests to a service that answers 'not signaled yet' without holding the request. They grow as those of
/// [`Backoff`] do, without an end.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    early: u32,
}

impl Throttle {
    pub fn reset(&mut self) {
        self.early = 0;
    }

    pub fn next(&mut self) -> Duration {
        self.early = self.early.saturating_add(1);
        pause(self.early, random())
    }
}

/// No pause is shorter, so that a call never sends requests in a tight loop.
pub(crate) const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Random between 100 ms and a cap that doubles from 200 ms to 5 s.
fn pause(failures: u32, random: u64) -> Duration {
    let doublings = failures.min(16);
    let cap = (SHORTEST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
    let spread = (cap - SHORTEST_PAUSE).as_micros() as u64;
    SHORTEST_PAUSE + Duration::from_micros(random % (spread + 1))
}

/// Random enough to spread what many clients do at the same time.
pub(super) fn random() -> u64 {
    RandomState::new().hash_one(())
}

/// The longest pause of a call without a deadline that the service can ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(5 * 60);

/// The pause to make when the service asked for `asked`; `None` if less time than that remains.
pub(crate) fn honored(asked: Duration, remaining: Option<Duration>) -> Option<Duration> {
    let asked = asked.max(SHORTEST_PAUSE);
    match remaining {
        Some(remaining) => (asked < remaining).then_some(asked),
        None => Some(asked.min(LONGEST_RETRY_AFTER)),
    }
}

/// Parses a Retry-After header: seconds, or a date.
pub(crate) fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(header).ok()?;
    Some(at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::UNIX_EPOCH;

    const OUTAGE: Patience = Patience::Outage { unknown_host: false };
    const UNKNOWN: Patience = Patience::Outage { unknown_host: true };

    fn facts(seconds: u64, reached: bool) -> Facts {
        Facts { elapsed: Duration::from_secs(seconds), reached }
    }

    /// How many of 1,000 failures in a row are tried again.
    fn tried_again(retries: Retries, patience: Patience, facts: Facts) -> usize {
        let mut backoff = Backoff::new(retries);
        std::iter::from_fn(|| backoff.next(patience, facts)).take(1_000).count()
    }

    #[test]
    fn patience_by_default() {
        for (patience, elapsed, reached, expected) in [
            (OUTAGE, 0, true, 1_000),
            (OUTAGE, 86_400, true, 1_000),
            (UNKNOWN, 0, true, 1_000),
            (OUTAGE, 0, false, 1_000),
            (OUTAGE, 5, false, 5),
            (UNKNOWN, 0, false, 5),
            (Patience::Counted, 0, true, 5),
            (Patience::Counted, 0, false, 5),
        ] {
            let found = tried_again(Retries::Default, patience, facts(elapsed, reached));
            assert_eq!(found, expected, "{patience:?} {elapsed} {reached}");
        }
    }

    #[test]
    fn retries_that_were_set_hold_everywhere() {
        for patience in [OUTAGE, UNKNOWN, Patience::Counted] {
            for reached in [false, true] {
                assert_eq!(tried_again(Retries::AtMost(0), patience, facts(0, reached)), 0);
                assert_eq!(tried_again(Retries::AtMost(7), patience, facts(0, reached)), 7);
                assert_eq!(tried_again(Retries::Always, patience, facts(9_999, reached)), 1_000);
            }
        }
    }

    #[test]
    fn an_outage_does_not_use_up_what_is_counted() {
        let mut backoff = Backoff::new(Retries::Default);
        for _ in 0..5 {
            assert!(backoff.next(OUTAGE, facts(0, true)).is_some());
            assert!(backoff.next(Patience::Counted, facts(0, true)).is_some());
        }
        assert!(backoff.next(OUTAGE, facts(0, true)).is_some());
        assert!(backoff.next(Patience::Counted, facts(0, true)).is_none());
        backoff.reset();
        assert!(backoff.next(Patience::Counted, facts(0, true)).is_some());
    }

    #[test]
    fn caps_double_from_200_ms_to_5_seconds() {
        for (failures, cap) in (1..).zip([200, 400, 800, 1_600, 3_200, 5_000, 5_000]) {
            let spread = (cap - 100) * 1_000;
            assert_eq!(pause(failures, spread), Duration::from_millis(cap), "{failures}");
            assert_eq!(pause(failures, spread + 1), SHORTEST_PAUSE, "{failures}");
        }
    }

    #[test]
    fn a_services_wish_has_a_floor_and_a_cap() {
        let (millis, minutes) = (Duration::from_millis, |n: u64| Duration::from_secs(60 * n));
        for (asked, remaining, expected) in [
            (millis(0), None, Some(millis(100))),
            (millis(0), Some(millis(50)), None),
            (minutes(60), None, Some(minutes(5))),
            (minutes(60), Some(minutes(61)), Some(minutes(60))),
            (minutes(60), Some(minutes(60)), None),
            (minutes(1), Some(minutes(2)), Some(minutes(1))),
        ] {
            assert_eq!(honored(asked, remaining), expected, "{asked:?} {remaining:?}");
        }
    }

    #[test]
    fn retry_after_forms() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777 - 20);
        for (header, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(20)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("1.5", None),
            ("Sun, 06 Nov", None),
            ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(retry_after(header, now), seconds.map(Duration::from_secs), "{header}");
        }
    }

    proptest! {
        #[test]
        fn pauses_keep_their_bounds(failures in any::<u32>(), random in any::<u64>()) {
            let cap = 100u64.saturating_mul(2u64.saturating_pow(failures)).clamp(100, 5_000);
            let pause = pause(failures, random);
            prop_assert!((SHORTEST_PAUSE..=Duration::from_millis(cap)).contains(&pause), "{pause:?}");
        }

        #[test]
        fn no_header_is_too_strange(header in "([A-Z][a-z]{2}, )?[0-9+]{1,3} ?(Jan|Mar|Dec|aug|éé)? ?[0-9:]{0,12}( GMT)?|.*") {
            let _ = retry_after(&header, UNIX_EPOCH + Duration::from_secs(1 << 39));
        }
    }
}
