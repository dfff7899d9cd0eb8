//! Standard output, written so that no failure is missed: an event that came must not disappear.
//!
//! std's own handle does not serve here. It takes a descriptor that is not open for writing for one that was written, and
//! it opens /dev/null in place of one that was closed.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anchor::CancelToken;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::Errno;
use rustix::stdio;

use super::escape::escape_except;

/// Whether stdout was closed when the process started, as by `>&-`.
static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether [`watch`] has found that nobody reads stdout any more.
static HAS_NO_READER: AtomicBool = AtomicBool::new(false);

/// Runs before std opens /dev/null in place of a closed descriptor: afterwards, nothing tells the two apart.
#[ctor::ctor(unsafe)]
fn look_before_std() {
    WAS_CLOSED.store(rustix::io::fcntl_getfd(stdio::stdout()).is_err(), Ordering::Relaxed);
}

/// Prints a line, at once. On a terminal, what could take control of it is escaped.
pub fn print_line(text: &str) -> io::Result<()> {
    if io::stdout().is_terminal() {
        return print(&format!("{}\n", escape_except(text, &['\n', '\t'])));
    }
    print(&format!("{text}\n"))
}

/// Prints the text as it is, at once.
pub fn print(text: &str) -> io::Result<()> {
    if WAS_CLOSED.load(Ordering::Relaxed) {
        return Err(Errno::BADF.into());
    }
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match rustix::io::write(stdio::stdout(), rest) {
            Ok(written) => rest = &rest[written..],
            Err(Errno::INTR) => {}
            // Whoever shares it has made it non-blocking.
            Err(Errno::AGAIN) => drop(poll(&mut [PollFd::new(&stdio::stdout(), PollFlags::OUT)], None)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The reason why nothing can be printed, as far as it can be known without printing.
pub fn check() -> io::Result<()> {
    if WAS_CLOSED.load(Ordering::Relaxed) {
        return Err(Errno::BADF.into());
    }
    let mode = fcntl_getfl(stdio::stdout())? & OFlags::ACCMODE;
    if mode == OFlags::RDONLY {
        return Err(Errno::BADF.into());
    }
    if has_no_reader(Some(&Timespec::default())) {
        return Err(Errno::PIPE.into());
    }
    Ok(())
}

/// Cancels the token as soon as nobody reads stdout any more: an event that is taken then would be lost.
pub fn watch(cancel: &CancelToken) -> io::Result<()> {
    let cancel = cancel.clone();
    let watch = move || {
        if has_no_reader(None) {
            HAS_NO_READER.store(true, Ordering::SeqCst);
            cancel.cancel();
        }
    };
    thread::Builder::new().name("stdout".into()).spawn(watch).map(drop)
}

/// Whether [`watch`] has cancelled its token.
pub fn has_ended_the_wait() -> bool {
    HAS_NO_READER.load(Ordering::SeqCst)
}

/// Blocks until a pipe's reader has closed it or a terminal is gone, at most for `timeout`.
fn has_no_reader(timeout: Option<&Timespec>) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(stdio::stdout(), PollFlags::empty())];
    loop {
        match poll(&mut fds, timeout) {
            Err(Errno::INTR) => {}
            Err(_) => return false,
            Ok(_) => return fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL),
        }
    }
}
