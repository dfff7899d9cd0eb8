//! How late a call may return, on a machine that may be busy with something else.

use std::time::Duration;

/// On an idle machine a call is a millisecond late.
pub const LATE: Duration = Duration::from_millis(250);

/// A busy machine delays some trials, or most; a defect of the library delays all of them.
const TRIALS: usize = 50;

/// Repeats the trial, which returns how late a call was, until one was less late than the bound. A trial in which the
/// machine was too busy to show anything returns `Duration::MAX`.
#[track_caller]
pub fn in_time(what: &str, bound: Duration, mut trial: impl FnMut() -> Duration) {
    let late: Vec<Duration> = (0..TRIALS).map(|_| trial()).take_while(|late| *late >= bound).collect();
    assert!(late.len() < TRIALS, "{what}: always late, by {late:?}");
}
