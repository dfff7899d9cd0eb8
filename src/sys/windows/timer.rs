//! When a wait ends. A timer of high resolution, which Windows has since version 1803 of Windows 10, is one more handle to wait
//! for. Without it a wait counts in milliseconds, and ends at a tick of the system, up to 16 ms late.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr;
use std::time::Duration;
use windows_sys::Win32::System::Threading::{
    CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, CreateWaitableTimerExW, INFINITE, SetWaitableTimer, TIMER_ALL_ACCESS,
};

/// A timer for one wait at a time.
pub(super) struct Timer(Option<OwnedHandle>);

/// What ends a wait in time: a handle to wait for, or the milliseconds of the wait.
pub(super) struct Alarm {
    pub handle: Option<RawHandle>,
    pub millis: u32,
}

impl Timer {
    pub fn new() -> Timer {
        // SAFETY: no pointers are passed.
        let timer = unsafe {
            CreateWaitableTimerExW(ptr::null(), ptr::null(), CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS)
        };
        // SAFETY: the handle was just opened and belongs to nobody else.
        Timer((!timer.is_null()).then(|| unsafe { OwnedHandle::from_raw_handle(timer) }))
    }

    /// Sets the alarm; `None` is never. It may come a little early, so whoever waits looks at the clock.
    pub fn set(&self, left: Option<Duration>) -> Alarm {
        let Some(left) = left else { return Alarm { handle: None, millis: INFINITE } };
        match self.0.as_ref().map(|timer| arm(timer, left)) {
            Some(Ok(handle)) => Alarm { handle: Some(handle), millis: INFINITE },
            _ => Alarm { handle: None, millis: millis(left) },
        }
    }
}

fn arm(timer: &OwnedHandle, left: Duration) -> io::Result<RawHandle> {
    // Negative: from now on. In units of 100 ns.
    let due = -i64::try_from(left.as_nanos().div_ceil(100)).unwrap_or(i64::MAX);
    // SAFETY: the timer is open, and the time is a local.
    match unsafe { SetWaitableTimer(timer.as_raw_handle(), &raw const due, 0, None, ptr::null(), 0) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(timer.as_raw_handle()),
    }
}

/// A part of a millisecond is a whole one. The longest wait is not endless, and is followed by another one.
fn millis(left: Duration) -> u32 {
    u32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(INFINITE).min(INFINITE - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_rounded_up_and_never_endless() {
        let nanos = |nanos| millis(Duration::from_nanos(nanos));
        assert_eq!([nanos(0), nanos(1), nanos(1_000_000), nanos(1_000_001)], [0, 1, 1, 2]);
        assert_eq!(millis(Duration::MAX), INFINITE - 1);
    }

    #[test]
    fn without_a_timer_the_wait_has_milliseconds() {
        let alarm = Timer(None).set(Some(Duration::from_micros(1500)));
        assert!(alarm.handle.is_none() && alarm.millis == 2);
        let never = Timer::new().set(None);
        assert!(never.handle.is_none() && never.millis == INFINITE);
    }
}
