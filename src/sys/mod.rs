//! The interface to the operating system. Everything that uses `libc`, a descriptor, a handle, a thread or a socket option is
//! here, and nothing here knows about HTTP, TLS or the service.
//!
//! **The contract**, which each system fulfils:
//!
//! - [`Event`]: is set from `notify` to `clear`, and can be polled. `notify` is async-signal-safe and leaves errno alone.
//! - [`raw_fd`] and [`raw_handle`]: an event as an event loop in C takes it. A system has one of the two.
//! - [`poll`]: blocks until a [`Watch`] is ready, exactly until an instant, or until a signal handler ran. It reports all of
//!   these that happened. It is never early, and late by no more than the system's timer.
//! - [`Poller`]: watches many sockets for one thread, each known by a token, and blocks as exactly as [`poll`]. It reports a
//!   change once; whoever waits for the next one has read until nothing is left, and watches the socket again. A forked child
//!   does not use its parent's: it may not exist there.
//! - [`Socket`]: a TCP or Unix socket that never blocks, is closed by exec and never raises SIGPIPE. One of TCP notices a dead
//!   peer within 30 s.
//! - [`scope_id`]: the number of an IPv6 zone.
//! - [`Thread`]: runs with all signals blocked, has a name and a stack of a given size, and catches panics. Its code stays
//!   mapped even if a host unloads the plugin that contains it.
//! - [`CancellationDisabled`]: `pthread_cancel` of a program's thread waits until it has left the library.
//! - [`PerProcess`]: a value that a forked child does not share with its parent. Where there is no fork, it is only the value.
//! - [`Process`]: what identifies a process among its parents and children.
//! - [`Latch`]: an [`Event`] with a flag that is read without a system call.
//! - [`Latest`]: a value that can be replaced while it is read, without a lock; the last few are kept.
//! - [`Stack`]: a lock-free list, onto which any thread and any signal handler may push.
//! - [`look_up`]: the addresses of a name. It blocks, so it runs on a [`Thread`].
//! - [`certificate_store`]: the certificate authorities of a system that has a store for them instead of files.
//! - [`wipe`]: overwrites a secret in a way that no compiler removes.
//! - [`Scoped`]: a thread-local reference to a value on the stack, set for the length of a closure.
//! - [`is_exhausted`]: whether an error reports that this process or the system has no descriptor, thread or memory left.
//!
//! **The systems**:
//!
//! | | Linux | FreeBSD | macOS | Windows |
//! | --- | --- | --- | --- | --- |
//! | event | eventfd | eventfd | a pipe | an event object |
//! | poll | ppoll | ppoll | poll, whose milliseconds are rounded up | WaitForMultipleObjects and a timer object |
//! | many sockets | epoll | kqueue | kqueue | polls by AFD, the driver of the sockets |
//! | SIGPIPE | MSG_NOSIGNAL | MSG_NOSIGNAL | SO_NOSIGPIPE | does not exist |
//! | dead peer while sending | TCP_USER_TIMEOUT | TCP_MAXUNACKTIME | TCP_RXT_CONNDROPTIME | TCP_MAXRT |
//! | process | a fork handler and a wiped page | the process id | the process id | there is no fork |
//! | an executable is found by | its program headers | its program headers | dyld's first image | is never unloaded |
//! | the end of a poll by a signal | yes | yes | yes | does not exist |
//!
//! Each system has a module (`linux`; `unix` for macOS and FreeBSD; `windows`), and `posix` holds what the first two share. All
//! other modules here are the same on every system. Nowhere else in the library is a system named.

mod fork;
mod latch;
mod latest;
#[cfg(test)]
mod latest_tests;
mod lookup;
mod poll;
#[cfg(test)]
mod poller_tests;
mod scoped;
mod socket;
mod stack;
#[cfg(test)]
mod stack_tests;
mod wipe;

/// What `stack` and `latest` import; the model checker has its own.
mod platform {
    pub use std::sync::Arc;
    pub use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
}

#[cfg(all(target_os = "linux", not(feature = "unix-on-linux")))]
mod linux;
#[cfg(all(target_os = "linux", not(feature = "unix-on-linux")))]
use linux as system;

#[cfg(any(target_os = "macos", target_os = "freebsd", all(target_os = "linux", feature = "unix-on-linux")))]
mod unix;
#[cfg(any(target_os = "macos", target_os = "freebsd", all(target_os = "linux", feature = "unix-on-linux")))]
use unix as system;

#[cfg(unix)]
mod posix;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as system;

#[cfg(all(feature = "unix-on-linux", not(debug_assertions)))]
compile_error!("the feature `unix-on-linux` is for tests only");

#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "freebsd", windows)))]
compile_error!("libanchor supports Linux, macOS, FreeBSD and Windows; docs/platforms.md says what was run where");

pub(crate) use fork::PerProcess;
pub(crate) use latch::Latch;
pub(crate) use latest::Latest;
pub(crate) use lookup::LookupError;
pub(crate) use poll::{MAX_WATCHED, Readiness, Wake, poll};
pub(crate) use scoped::Scoped;
pub(crate) use socket::{Socket, UnixAddress, scope_id};
pub(crate) use stack::{Node, Push, Stack};
pub(crate) use system::{
    CancellationDisabled, Event, Poller, Process, Thread, Watch, certificate_store, impl_event_fd, impl_pollable,
    is_exhausted, look_up, raw_fd, raw_handle,
};
pub(crate) use wipe::wipe;
