//! Blocks a thread until it finds what it looks for. Whatever it finds wins over a cancel, an interruption and the end of its
//! time.

use crate::cancel::CancelToken;
use crate::error::Error;
use crate::status::Status;
use crate::sys::{self, Event, Wake, Watch};
use std::time::{Duration, Instant};

/// Looks until there is something. Between two looks it blocks until the event is set.
///
/// - `event`: `None` if no descriptor was left for one.
/// - `is_interruptible`: whether the handler of a signal ends the call; asked when one has run.
///
/// # Errors
///
/// [`Status::Pending`], [`Status::Cancelled`] or [`Status::Interrupted`].
pub(super) fn until_found<T>(
    event: Option<&Event>,
    cancel: Option<&CancelToken>,
    until: Option<Instant>,
    is_interruptible: impl Fn() -> bool,
    mut look: impl FnMut() -> Option<T>,
) -> Result<T, Error> {
    let mut reason = None;
    loop {
        match (look(), reason) {
            (Some(found), _) => return Ok(found),
            (None, Some(reason)) => return Err(pending(reason)),
            (None, None) => {}
        }
        let (wake, is_cancelled) = block(event, cancel, until);
        reason = match wake {
            _ if is_cancelled => Some(Status::Cancelled),
            wake if wake.interrupted && is_interruptible() => Some(Status::Interrupted),
            wake => wake.expired.then_some(Status::Pending),
        };
    }
}

/// Why nothing was found.
pub(super) fn pending(reason: Status) -> Error {
    Error::new(reason, reason.message())
}

/// The instant at which a call with this timeout ends; `None` is never.
pub(super) fn end_of(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

/// Returns why it woke up, and whether the call is cancelled.
fn block(event: Option<&Event>, cancel: Option<&CancelToken>, until: Option<Instant>) -> (Wake, bool) {
    if let Some(event) = event {
        let token = cancel.map_or(Watch::NOTHING, |cancel| Watch::readable(cancel.latch().event()));
        let mut watched = [Watch::readable(event), token];
        if let Ok(wake) = sys::poll(&mut watched, true, until) {
            return (wake, watched[1].is_ready());
        }
    }
    (nap(until), cancel.is_some_and(CancelToken::is_cancelled))
}

/// Without an event, or on a system that cannot poll two descriptors (a very low RLIMIT_NOFILE), the thread looks every few
/// milliseconds.
fn nap(until: Option<Instant>) -> Wake {
    const LOOK: Duration = Duration::from_millis(5);
    let look = Instant::now() + LOOK;
    let mut wake = sys::poll(&mut [], true, Some(until.map_or(look, |until| until.min(look)))).unwrap_or_default();
    wake.expired &= until.is_some_and(|until| until <= look);
    wake
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn until_third_look(event: Option<&Event>) -> Result<u32, Error> {
        let mut looks = 0;
        let look = || {
            looks += 1;
            (looks == 3).then_some(looks)
        };
        until_found(event, None, end_of(Some(LONG)), || false, look)
    }

    #[test]
    fn it_looks_again_without_an_event_and_when_the_event_is_set() {
        assert_eq!(until_third_look(None).unwrap(), 3);
        let event = Event::new().unwrap();
        event.notify();
        assert_eq!(until_third_look(Some(&event)).unwrap(), 3);
    }

    #[test]
    fn it_ends_with_its_time_or_a_cancel() {
        let (event, token) = (Event::new().unwrap(), CancelToken::new().unwrap());
        let status = |event, timeout| {
            until_found(event, Some(&token), end_of(timeout), || false, || None::<()>).unwrap_err().status()
        };
        for event in [Some(&event), None] {
            let began = Instant::now();
            assert_eq!(status(event, Some(Duration::from_millis(12))), Status::Pending);
            assert!(began.elapsed() >= Duration::from_millis(12));
            token.cancel();
            assert_eq!(status(event, Some(LONG)), Status::Cancelled);
            token.reset();
        }
    }

    #[test]
    fn what_is_found_wins() {
        let (event, token) = (Event::new().unwrap(), CancelToken::new().unwrap());
        token.cancel();
        for event in [Some(&event), None] {
            assert!(until_found(event, Some(&token), end_of(Some(Duration::ZERO)), || true, || Some(())).is_ok());
        }
    }
}
