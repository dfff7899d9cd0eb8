//! What Linux, macOS and FreeBSD share. Each of them chooses from it, and adds what only it has.

pub(super) mod eventfd;
mod lookup;
mod pin;
pub(super) mod ppoll;
pub(super) mod roots;
pub(super) mod socket;
mod thread;
mod watch;

use std::io;

pub(crate) use lookup::look_up;
pub(crate) use thread::{CancellationDisabled, Thread};
pub(crate) use watch::{Watch, impl_event_fd, impl_pollable, raw_fd, raw_handle};

pub(crate) fn is_exhausted(e: &io::Error) -> bool {
    e.kind() == io::ErrorKind::OutOfMemory
        || matches!(e.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS | libc::EAGAIN))
}
