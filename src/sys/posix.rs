//! What Linux, macOS and FreeBSD share. Each of them chooses from it, and adds what only it has.

mod lookup;
mod pin;
pub(super) mod socket;
mod thread;
mod watch;

use std::io;
use std::time::Duration;

pub(crate) use lookup::look_up;
pub(crate) use thread::{CancellationDisabled, Thread};
pub(crate) use watch::{Watch, impl_event_fd, impl_pollable, raw_fd, raw_handle};

pub(crate) fn is_exhausted(e: &io::Error) -> bool {
    e.kind() == io::ErrorKind::OutOfMemory
        || matches!(e.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS | libc::EAGAIN))
}

/// The certificates of the system's store, as DER. These systems have files instead; the keychains of macOS are not read.
pub(crate) fn certificate_store() -> Option<io::Result<Vec<Vec<u8>>>> {
    None
}

/// As the system counts a duration. One that it cannot count is 68 years.
#[cfg_attr(target_os = "linux", allow(dead_code, reason = "the feature `unix-on-linux` polls in milliseconds"))]
pub(super) fn timespec(duration: Duration) -> libc::timespec {
    // SAFETY: all fields are numbers. With a time of 64 bits on a machine of 32 there is one more, which is private.
    let mut time: libc::timespec = unsafe { std::mem::zeroed() };
    // Its type has a name that is deprecated for musl.
    time.tv_sec = duration.as_secs().try_into().unwrap_or(i32::MAX.into());
    time.tv_nsec = duration.subsec_nanos() as libc::c_long;
    time
}
