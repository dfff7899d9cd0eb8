//! The interface to the operating system. Everything that uses `libc`, a descriptor, a thread or a socket option is here, and
//! nothing here knows about HTTP, TLS or the service.
//!
//! **The contract**, which each system fulfils in a file of its own (today `linux.rs`):
//!
//! - [`Event`]: is set from `notify` to `clear`, and can be polled. `notify` is async-signal-safe and leaves errno alone.
//! - [`poll`]: blocks until a [`Watch`] is ready, exactly until an instant, or until a signal handler ran. It reports all of
//!   these that happened. It is never early, and late by no more than the system's timer.
//! - [`Poller`]: watches many sockets for one thread, each known by a token, and blocks as exactly as [`poll`].
//! - [`Socket`]: a TCP socket that never blocks, is closed by exec, never raises SIGPIPE, and notices a dead peer within 30 s.
//! - [`Thread`]: runs with all signals blocked, has a name and a stack of a given size, and catches panics. Its code stays
//!   mapped even if a host unloads the plugin that contains it.
//! - [`CancellationDisabled`]: `pthread_cancel` of a program's thread waits until it has left the library.
//! - [`PerProcess`]: a value that a forked child does not share with its parent. Where there is no fork, it is only the value.
//! - [`Latch`]: an [`Event`] with a flag that is read without a system call.
//! - [`Stack`]: a lock-free list, onto which any thread and any signal handler may push.
//! - [`look_up`]: the addresses of a name. It blocks, so it runs on a [`Thread`].
//! - [`wipe`]: overwrites a secret in a way that no compiler removes.
//! - [`Scoped`]: a thread-local reference to a value on the stack, set for the length of a closure.
//! - [`is_exhausted`]: whether an error reports that this process or the system has no descriptor, thread or memory left.
//!
//! A port to Windows needs a wait handle for an event and a socket that an event of its thread watches; it has no fork and no
//! interruption. A port to macOS or FreeBSD needs a pipe or eventfd, a poll in milliseconds that is rounded up, and the process
//! id to detect a fork.

mod fork;
mod latch;
mod lookup;
mod pin;
mod poll;
mod scoped;
mod socket;
mod stack;
#[cfg(test)]
mod stack_tests;
mod thread;

/// What `stack` imports; the model checker has its own.
mod platform {
    pub use std::sync::Arc;
    pub use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
}

#[cfg(target_os = "linux")]
mod epoll;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;

#[cfg(not(target_os = "linux"))]
compile_error!("libanchor supports Linux; docs/platforms.md says what was run where");

pub(crate) use fork::{PerProcess, Process};
pub(crate) use latch::Latch;
pub(crate) use lookup::{LookupError, look_up};
pub(crate) use poll::{MAX_WATCHED, Wake, poll};
pub(crate) use scoped::Scoped;
pub(crate) use socket::Socket;
pub(crate) use stack::{Node, Push, Stack};
pub(crate) use system::{Event, Poller, Readiness, Watch, impl_event_fd, impl_pollable, is_exhausted, wipe};
pub(crate) use thread::{CancellationDisabled, Thread};
