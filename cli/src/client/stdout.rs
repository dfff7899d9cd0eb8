//! Standard output, written so that no failure is missed: an event that came must not disappear.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anchor::CancelToken;

use super::escape::escape_except;
use crate::system;

/// Whether [`watch`] has found that nobody reads stdout any more.
static HAS_NO_READER: AtomicBool = AtomicBool::new(false);

/// Prints a line, at once. On a terminal, what could take control of it is escaped.
pub fn print_line(text: &str) -> io::Result<()> {
    if io::stdout().is_terminal() {
        return print(&format!("{}\n", escape_except(text, &['\n', '\t'])));
    }
    print(&format!("{text}\n"))
}

/// Prints the text as it is, at once.
pub fn print(text: &str) -> io::Result<()> {
    system::stdout::write_all(text.as_bytes())
}

/// The reason why nothing can be printed, as far as it can be known without printing.
pub fn check() -> io::Result<()> {
    system::stdout::check()
}

/// Cancels the token as soon as nobody reads stdout any more: an event that is taken then would be lost.
pub fn watch(cancel: &CancelToken) -> io::Result<()> {
    let cancel = cancel.clone();
    let watch = move || {
        if system::stdout::wait_until_unread() {
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
