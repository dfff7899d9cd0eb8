//! Blocking: until a descriptor is ready, an instant has come, or a call is cancelled or interrupted. What that means for an
//! exchange is decided in `context`.

use crate::sys::{self, Latch, MAX_WATCHED, Watch};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Why a call has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Deadline,
    Cancelled,
    Interrupted,
    /// The system cannot poll: it lacks memory or descriptors.
    Exhausted,
}

/// What cancels a call: the token of its client, and its own.
pub(crate) type Cancels = [Option<Arc<Latch>>; 2];

/// Blocks until `until`, or until the call is cancelled or interrupted.
pub(crate) fn pause_until(until: Instant, cancels: &Cancels, interruptible: bool) -> Result<(), Stop> {
    match block_on(&mut [], cancels, interruptible, Some(until)) {
        Ok((_, Some(stop @ (Stop::Cancelled | Stop::Interrupted)))) => Err(stop),
        _ => Ok(()),
    }
}

/// Blocks until one of `watched` is ready, or there is a reason to stop, or both.
pub(super) fn block_on(
    watched: &mut [Watch],
    cancels: &Cancels,
    interruptible: bool,
    until: Option<Instant>,
) -> io::Result<(bool, Option<Stop>)> {
    let mut all = [Watch::NOTHING; MAX_WATCHED];
    let mut count = watched.len();
    all[..count].copy_from_slice(watched);
    for cancel in cancels.iter().flatten() {
        all[count] = Watch::readable(cancel.event());
        count += 1;
    }
    let wake = match sys::poll(&mut all[..count], interruptible, until) {
        Ok(wake) => wake,
        Err(_) => return block_on_few(watched, cancels, interruptible, until),
    };
    watched.copy_from_slice(&all[..watched.len()]);
    let is_cancelled = all[watched.len()..count].iter().any(Watch::is_ready);
    Ok((watched.iter().any(Watch::is_ready), reason(is_cancelled, wake)))
}

/// The same for a system that cannot poll so many descriptors (a very low RLIMIT_NOFILE): the cancel tokens are checked every
/// few milliseconds instead.
fn block_on_few(
    watched: &mut [Watch],
    cancels: &Cancels,
    interruptible: bool,
    until: Option<Instant>,
) -> io::Result<(bool, Option<Stop>)> {
    const LOOK: Duration = Duration::from_millis(5);
    loop {
        let look = Instant::now() + LOOK;
        let mut wake = sys::poll(watched, interruptible, earlier(until, Some(look)))?;
        wake.expired &= until.is_some_and(|until| until <= look);
        let is_cancelled = cancels.iter().flatten().any(|cancel| cancel.seems_set());
        let stop = reason(is_cancelled, wake);
        if wake.ready || stop.is_some() {
            return Ok((wake.ready, stop));
        }
    }
}

fn reason(is_cancelled: bool, wake: sys::Wake) -> Option<Stop> {
    if is_cancelled {
        Some(Stop::Cancelled)
    } else if wake.interrupted {
        Some(Stop::Interrupted)
    } else {
        wake.expired.then_some(Stop::Deadline)
    }
}

pub(super) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_with_a_cancel() {
        let cancel = Arc::new(Latch::new().unwrap());
        let cancels = [None, Some(Arc::clone(&cancel))];
        cancel.set();
        let long = Instant::now() + Duration::from_secs(60);
        assert_eq!(pause_until(long, &cancels, false), Err(Stop::Cancelled));
        assert_eq!(block_on_few(&mut [], &cancels, false, Some(long)).unwrap(), (false, Some(Stop::Cancelled)));
        cancel.reset();
        assert_eq!(pause_until(Instant::now(), &cancels, false), Ok(()));
        assert_eq!(block_on_few(&mut [], &cancels, false, Some(Instant::now())).unwrap().1, Some(Stop::Deadline));
    }
}
