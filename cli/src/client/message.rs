//! Messages on stderr, one line each.

use std::io::{self, Write};

use console::style;

use super::escape::escape;

/// Prints a message, marked as from this command.
///
/// A stderr that cannot be written is no reason to fail: the exit code and stdout say what happened too.
pub fn print(message: &str) {
    let mark = style("anchor-events:").for_stderr().red().bold();
    let line = format!("{mark} {}\n", escape(message));
    let _ = io::stderr().write_all(line.as_bytes());
}
