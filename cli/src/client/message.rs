//! Messages on stderr, one line each.

use std::io::{self, Write};

use console::style;

use super::escape::escape;

/// Prints a message, marked as from this command.
///
/// The command goes on if stderr cannot be written: the exit code and stdout also say what happened.
pub fn print(message: &str) {
    let mark = style("anchor-events:").for_stderr().red().bold();
    let line = format!("{mark} {}\n", escape(message));
    let _ = io::stderr().write_all(line.as_bytes());
}
