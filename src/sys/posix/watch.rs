//! What is polled is a descriptor, of the library or of a program.

use crate::sys::{Event, Socket};
use std::ffi::c_void;
use std::os::fd::{AsRawFd, RawFd};
use std::ptr;

/// A descriptor to poll. It does not keep the descriptor open.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Watch(libc::pollfd);

impl Watch {
    /// A watch that is never ready.
    pub const NOTHING: Watch = Watch(libc::pollfd { fd: -1, events: 0, revents: 0 });

    pub fn readable(event: &Event) -> Watch {
        Watch::new(event.as_raw_fd(), libc::POLLIN)
    }

    /// Input, or the end of the stream.
    pub fn input(socket: &Socket) -> Watch {
        Watch::new(socket.inner().as_raw_fd(), libc::POLLIN)
    }

    /// Room for output, or the outcome of a connect.
    pub fn output(socket: &Socket) -> Watch {
        Watch::new(socket.inner().as_raw_fd(), libc::POLLOUT)
    }

    /// Whether the last poll found it ready, or broken; using it then reports the error.
    pub fn is_ready(&self) -> bool {
        self.0.revents != 0
    }

    pub(in crate::sys) fn new(fd: RawFd, events: i16) -> Watch {
        Watch(libc::pollfd { fd, events, revents: 0 })
    }

    /// Before a poll, so that one that fails leaves none ready.
    pub(in crate::sys) fn reset(watched: &mut [Watch]) {
        for watch in watched {
            watch.0.revents = 0;
        }
    }
}

/// What a C program polls. -1 if there is no event.
pub(crate) fn raw_fd<'a>(event: impl FnOnce() -> Option<&'a Event>) -> RawFd {
    event().map_or(-1, Event::as_raw_fd)
}

/// What a C program waits for on Windows: nothing, so the event need not be made.
pub(crate) fn raw_handle<'a>(_: impl FnOnce() -> Option<&'a Event>) -> *mut c_void {
    ptr::null_mut()
}

/// Implements `AsFd` for a type that has an `event`, so that a Rust program can poll it.
macro_rules! impl_pollable {
    ($(#[doc = $doc:literal])+ $type:ty) => {
        impl std::os::fd::AsFd for $type {
            $(#[doc = $doc])+
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                std::os::fd::AsFd::as_fd(self.event())
            }
        }
    };
}
pub(crate) use impl_pollable;

/// The same for a type that has a `try_event`, which can fail.
macro_rules! impl_event_fd {
    ($(#[doc = $doc:literal])+ $type:ty, $error:ty) => {
        impl $type {
            $(#[doc = $doc])+
            pub fn event_fd(&self) -> Result<std::os::fd::BorrowedFd<'_>, $error> {
                self.try_event().map(std::os::fd::AsFd::as_fd)
            }
        }
    };
}
pub(crate) use impl_event_fd;
