//! Windows 10 and later: events that are handles, waits for several handles, and no fork.

mod afd;
mod lookup;
mod roots;
mod socket;
mod thread;
mod timer;
mod watch;

use std::ffi::c_int;
use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr;
use windows_sys::Win32::Foundation as error;
use windows_sys::Win32::Foundation::WAIT_OBJECT_0;
use windows_sys::Win32::Networking::WinSock::{WSAEMFILE, WSAENOBUFS};
use windows_sys::Win32::System::Threading::{CreateEventW, ResetEvent, SetEvent, WaitForSingleObject};

pub(crate) use afd::Poller;
pub(super) use afd::Watched;
pub(crate) use lookup::look_up;
pub(crate) use roots::certificate_store;
pub(super) use socket::{
    PEEK, RECEIVE, SEND, available, give_up_dead_peer, interface_index, is_in_progress, keep_alive, open_socket,
    unix_address,
};
pub(crate) use thread::{CancellationDisabled, Thread};
pub(super) use watch::poll_once;
pub(crate) use watch::{Watch, impl_event_fd, impl_pollable};

/// A long poll ends before its instant by this part of its length. A timer of high resolution needs none.
pub(super) const MARGIN: u32 = 500;

/// A manual-reset event, which is set from `notify` to `clear`.
#[derive(Debug)]
pub(crate) struct Event(OwnedHandle);

impl Event {
    pub fn new() -> io::Result<Event> {
        // SAFETY: no pointers are passed.
        let handle = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle was just opened and belongs to nobody else.
        Ok(Event(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    /// A success leaves the thread's last error alone, and an open event cannot fail.
    pub fn notify(&self) {
        // SAFETY: the handle is open.
        unsafe { SetEvent(self.as_raw_handle()) };
    }

    pub fn clear(&self) {
        // SAFETY: the handle is open.
        unsafe { ResetEvent(self.as_raw_handle()) };
    }

    pub fn is_set(&self) -> bool {
        is_signaled(self.as_raw_handle())
    }

    /// For WaitForMultipleObjects and similar calls only.
    pub fn as_raw_handle(&self) -> RawHandle {
        self.0.as_raw_handle()
    }
}

impl AsHandle for Event {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

/// What a C program polls: nothing, so the event need not be made.
pub(crate) fn raw_fd<'a>(_: impl FnOnce() -> Option<&'a Event>) -> c_int {
    -1
}

/// What a C program waits for. NULL if there is no event.
pub(crate) fn raw_handle<'a>(event: impl FnOnce() -> Option<&'a Event>) -> RawHandle {
    event().map_or(ptr::null_mut(), Event::as_raw_handle)
}

/// Whether the object of an open handle is signaled now.
fn is_signaled(handle: RawHandle) -> bool {
    // SAFETY: the caller's handle is open. An auto-reset object is not passed.
    unsafe { WaitForSingleObject(handle, 0) == WAIT_OBJECT_0 }
}

/// There is no fork, so every value is of this process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process(u8);

impl Process {
    pub fn current() -> Process {
        Process(0)
    }

    /// What a value has that a forked child inherited, which is tested on every system.
    #[cfg(test)]
    pub fn another() -> Process {
        Process(1)
    }
}

pub(crate) fn is_exhausted(e: &io::Error) -> bool {
    const CODES: [u32; 9] = [
        error::ERROR_TOO_MANY_OPEN_FILES,
        error::ERROR_NOT_ENOUGH_MEMORY,
        error::ERROR_OUTOFMEMORY,
        error::ERROR_NO_SYSTEM_RESOURCES,
        error::ERROR_WORKING_SET_QUOTA,
        error::ERROR_COMMITMENT_LIMIT,
        error::ERROR_NOT_ENOUGH_QUOTA,
        WSAEMFILE as u32,
        WSAENOBUFS as u32,
    ];
    e.kind() == io::ErrorKind::OutOfMemory || e.raw_os_error().is_some_and(|code| CODES.contains(&(code as u32)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exhaustion_is_told_from_a_refusal() {
        let is_exhausted = |code: i32| is_exhausted(&io::Error::from_raw_os_error(code));
        assert!(is_exhausted(WSAENOBUFS) && is_exhausted(error::ERROR_NO_SYSTEM_RESOURCES as i32));
        assert!(!is_exhausted(error::ERROR_ACCESS_DENIED as i32));
    }

    #[test]
    fn an_event_is_a_handle_and_no_descriptor() {
        let event = Event::new().unwrap();
        assert_eq!(raw_fd(|| panic!("it is not needed")), -1);
        assert_eq!(raw_handle(|| Some(&event)), event.as_raw_handle());
        assert!(raw_handle(|| None).is_null());
        event.notify();
        assert!(event.is_set() && is_signaled(event.as_raw_handle()), "it stays set when it is looked at");
        event.clear();
        assert!(!event.is_set() && !is_signaled(event.as_raw_handle()));
    }
}
