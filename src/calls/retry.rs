//! What to do after a request: one pure decision, and how long to pause before the next. Nothing here sends or sleeps.

use crate::http::FailureKind;
use crate::status::Status;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is asked of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Wait,
    Signal,
}

/// What a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A complete answer.
    Answered {
        status: u16,
        /// It comes from a gateway, which had none of the service to pass on.
        by_gateway: bool,
    },
    Failed {
        kind: FailureKind,
        /// All of the request was sent.
        written: bool,
        /// Over a connection from the pool, and not a byte of the answer came.
        stale: bool,
    },
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Success: the answer is the caller's, if it is the API's.
    Take,
    /// Not signaled yet: ask again while there is time.
    Rearm,
    /// The pooled connection was dead: at once, over a fresh one.
    Reconnect,
    /// Count a failure, pause, and ask again; when there were too many, this is the status.
    Retry(Status),
    Fail(Status),
}

/// The decision. `rearm`: whether a wait goes on after a connection broke that its request was written to.
pub(crate) fn decide(operation: Operation, outcome: Outcome, rearm: bool) -> Decision {
    use Decision::{Fail, Rearm, Reconnect, Retry, Take};
    use FailureKind::{Broken, Cancelled, Exhausted, Interrupted, Malformed, TimedOut, TlsRefused, TooLarge};
    let is_wait = operation == Operation::Wait;
    match outcome {
        Outcome::Answered { status, by_gateway } => match status {
            200..=299 => Take,
            // Not a word of the service about the event.
            408 if is_wait && by_gateway => Retry(Status::from_http(408)),
            408 if is_wait => Rearm,
            429 | 502 | 503 | 504 if is_wait => Retry(Status::from_http(status)),
            _ => Fail(Status::from_http(status)),
        },
        Outcome::Failed { kind, written, stale } => match kind {
            Cancelled => Fail(Status::Cancelled),
            Interrupted => Fail(Status::Interrupted),
            TlsRefused => Fail(Status::Tls),
            Malformed => Fail(Status::Protocol),
            TooLarge => Fail(Status::ResponseTooLarge),
            Exhausted if !written => Retry(Status::OutOfMemory),
            Exhausted => Fail(Status::OutOfMemory),
            Broken | TimedOut if !written => Retry(Status::NotSent),
            // A signal that was written may have been delivered: it is not for us to send it twice.
            Broken | TimedOut if !is_wait => Fail(Status::ConnectionLost),
            Broken if stale => Reconnect,
            Broken | TimedOut if rearm => Retry(Status::ConnectionLost),
            Broken | TimedOut => Fail(Status::ConnectionLost),
        },
    }
}

/// Failures in a row, and the pauses between them.
pub(crate) struct Backoff {
    failures: u32,
    limit: u32,
}

impl Backoff {
    pub fn new(limit: u32) -> Backoff {
        Backoff { failures: 0, limit }
    }

    /// Something went well: the count starts again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Counts a failure. The pause before the next try, or `None` if there were too many.
    pub fn next(&mut self) -> Option<Duration> {
        if self.failures >= self.limit {
            return None;
        }
        self.failures += 1;
        Some(pause(self.failures, random()))
    }

    /// A pause that grows in the same way, but never gives up: for a service that says 'not yet' without waiting.
    pub fn throttle(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        pause(self.failures, random())
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Full jitter: anything up to 100 ms after the first failure, doubling to 5 s.
fn pause(failures: u32, random: u64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let most = (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE).as_micros() as u64;
    Duration::from_micros(random % (most + 1))
}

/// Random enough to spread clients that failed together.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

/// Reads a Retry-After header: seconds, or a date.
pub(crate) fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = UNIX_EPOCH + Duration::from_secs(parse_http_date(header)?);
    Some(at.duration_since(now).unwrap_or_default())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` as seconds since 1970.
fn parse_http_date(date: &str) -> Option<u64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let fields: Vec<&str> = date.split_once(", ")?.1.split([' ', ':']).collect();
    let [day, month, year, hour, minute, second, "GMT"] = fields[..] else { return None };
    let month = MONTHS.find(month).filter(|at| month.len() == 3 && at % 3 == 0)? as u64 / 3 + 1;
    let number = |text: &str, range: std::ops::RangeInclusive<u64>| text.parse().ok().filter(|n| range.contains(n));
    let (day, year) = (number(day, 1..=31)?, number(year, 1970..=9999)?);
    let (hour, minute, second) = (number(hour, 0..=23)?, number(minute, 0..=59)?, number(second, 0..=60)?);
    // Years counted from March, so that the leap day is the last of its year.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Decision::{Fail, Rearm, Reconnect, Retry, Take};
    use Operation::{Signal, Wait};
    use proptest::prelude::*;

    #[test]
    fn every_http_status_of_a_wait() {
        for code in 100..=999 {
            let expected = match code {
                200..=299 => Take,
                408 => Rearm,
                429 => Retry(Status::RateLimited),
                502..=504 => Retry(Status::ServerError),
                400 | 413 | 422 => Fail(Status::BadRequest),
                401 => Fail(Status::Unauthorized),
                403 => Fail(Status::Forbidden),
                404 => Fail(Status::NotFound),
                500..=599 => Fail(Status::ServerError),
                _ => Fail(Status::HttpError),
            };
            let answered = |by_gateway| Outcome::Answered { status: code, by_gateway };
            assert_eq!(decide(Wait, answered(false), true), expected, "{code}");
            let of_gateway = if code == 408 { Retry(Status::HttpError) } else { expected };
            assert_eq!(decide(Wait, answered(true), true), of_gateway, "{code}");
            let of_signal = match expected {
                Retry(status) => Fail(status),
                Rearm => Fail(Status::HttpError),
                other => other,
            };
            for by_gateway in [false, true] {
                assert_eq!(decide(Signal, answered(by_gateway), true), of_signal, "{code}");
            }
        }
    }

    #[test]
    fn every_failure() {
        use FailureKind::{Broken, Cancelled, Exhausted, Interrupted, Malformed, TimedOut, TlsRefused, TooLarge};
        let kinds = [Broken, Cancelled, Exhausted, Interrupted, Malformed, TimedOut, TlsRefused, TooLarge];
        let flags = [false, true];
        for (kind, operation, written) in
            kinds.into_iter().flat_map(|k| [Wait, Signal].into_iter().flat_map(move |o| flags.map(move |w| (k, o, w))))
        {
            for (stale, rearm) in flags.into_iter().flat_map(|s| flags.map(move |r| (s, r))) {
                let expected = match (kind, operation, written, stale, rearm) {
                    (Cancelled, ..) => Fail(Status::Cancelled),
                    (Interrupted, ..) => Fail(Status::Interrupted),
                    (TlsRefused, ..) => Fail(Status::Tls),
                    (Malformed, ..) => Fail(Status::Protocol),
                    (TooLarge, ..) => Fail(Status::ResponseTooLarge),
                    (Exhausted, _, false, ..) => Retry(Status::OutOfMemory),
                    (Exhausted, ..) => Fail(Status::OutOfMemory),
                    (Broken | TimedOut, _, false, ..) => Retry(Status::NotSent),
                    (Broken | TimedOut, Signal, true, ..) => Fail(Status::ConnectionLost),
                    (Broken, Wait, true, true, _) => Reconnect,
                    (Broken | TimedOut, Wait, true, _, true) => Retry(Status::ConnectionLost),
                    (Broken | TimedOut, Wait, true, _, false) => Fail(Status::ConnectionLost),
                };
                let outcome = Outcome::Failed { kind, written, stale };
                assert_eq!(decide(operation, outcome, rearm), expected, "{operation:?} {outcome:?} {rearm}");
            }
        }
    }

    #[test]
    fn pauses_double_to_five_seconds() {
        let most = [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000];
        for (failures, most) in (1..).zip(most) {
            let most = Duration::from_millis(most);
            assert_eq!(pause(failures, most.as_micros() as u64), most);
            assert_eq!(pause(failures, most.as_micros() as u64 + 1), Duration::ZERO);
        }
        for random in [0, 1, u64::MAX, 12345] {
            assert!(pause(u32::MAX, random) <= LONGEST_PAUSE);
        }
    }

    #[test]
    fn backoff_gives_up_after_its_limit_in_a_row() {
        let mut backoff = Backoff::new(2);
        assert!(backoff.next().is_some() && backoff.next().is_some() && backoff.next().is_none());
        backoff.reset();
        assert!(backoff.next().is_some());
        assert!(Backoff::new(0).next().is_none());
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
        let leap = parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT");
        assert_eq!(leap, Some(1_709_164_800));
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, by counting years and months one after the other.
    fn http_date(seconds: u64) -> String {
        let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let (mut days, mut year, mut month) = (seconds / 86_400, 1970, 0);
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days as usize % 7];
        while days >= 365 + u64::from(is_leap(year)) {
            days -= 365 + u64::from(is_leap(year));
            year += 1;
        }
        let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        while days >= lengths[month] {
            days -= lengths[month];
            month += 1;
        }
        let name = &"JanFebMarAprMayJunJulAugSepOctNovDec"[month * 3..][..3];
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        format!("{weekday}, {:02} {name} {year} {hour:02}:{minute:02}:{second:02} GMT", days + 1)
    }

    #[test]
    fn the_date_of_the_rfc_is_written_here() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    proptest! {
        #[test]
        fn pauses_keep_their_bounds(failures in any::<u32>(), random in any::<u64>()) {
            let doubled = 100u64.saturating_mul(2u64.saturating_pow(failures.saturating_sub(1)));
            prop_assert!(pause(failures, random) <= Duration::from_millis(doubled.min(5_000)));
        }

        #[test]
        fn a_backoff_allows_its_limit_and_no_more(limit in 0u32..200, resets in 0usize..3) {
            let mut backoff = Backoff::new(limit);
            for _ in 0..=resets {
                let pauses = std::iter::from_fn(|| backoff.next()).take(1_000).inspect(|p| assert!(*p <= LONGEST_PAUSE));
                prop_assert_eq!(pauses.count(), limit as usize);
                backoff.reset();
            }
            prop_assert!((0..500).all(|_| backoff.throttle() <= LONGEST_PAUSE));
        }

        /// To the end of the year 9999.
        #[test]
        fn dates_are_read_as_they_are_written(seconds in 0u64..253_402_300_800) {
            prop_assert_eq!(parse_http_date(&http_date(seconds)), Some(seconds));
        }

        #[test]
        fn seconds_are_taken_whole_or_not_at_all(seconds in any::<u64>(), tail in "[ .,a-z+-]{0,3}") {
            let read = retry_after(&format!("{seconds}{tail}"), UNIX_EPOCH);
            prop_assert_eq!(read, tail.trim().is_empty().then_some(Duration::from_secs(seconds)));
        }

        #[test]
        fn no_header_is_too_strange(header in "([A-Z][a-z]{2}, )?[0-9+]{1,3} ?(Jan|Mar|Dec|aug|éé)? ?[0-9:]{0,12}( GMT)?|.*") {
            let _ = retry_after(&header, UNIX_EPOCH + Duration::from_secs(1 << 40));
        }
    }
}
