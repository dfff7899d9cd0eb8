//! What the command needs of the operating system and std does not offer: the signals that end it, a stdout that reports every
//! failure, the shell of `--exec`. No other module names a system. The library's own `sys` is not for the command.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as chosen;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as chosen;

/// `Signal`, what asks the command to end; `on_first`, `received_by_server` and `keep_child_status`.
pub use chosen::signals;
/// `is_open`, `write_all`, `check` and `wait_until_unread`.
pub use chosen::stdout;

/// A Unix socket that listens.
pub use chosen::LocalListener;
/// The syntax of the shell that people use most on this system.
pub use chosen::SHELL_SYNTAX;
/// Raises the number of files and sockets that the process may open, if the system limits it.
pub use chosen::allow_many_sockets;
/// The bytes that stand for a path in the output.
pub use chosen::bytes_of_path;
/// Whether the peer has reset the connection, as far as the system knows.
pub use chosen::check_for_reset;
/// How a process ended that did not succeed.
pub use chosen::describe_exit;
/// Whether this process may draw on the terminal.
pub use chosen::is_in_foreground;
/// What a listening socket is told before it is bound.
pub use chosen::prepare_listener;
/// The command line, run by the system's shell.
pub use chosen::shell;

/// How a shell sets a variable.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(test), allow(dead_code, reason = "each system has one of them"))]
pub enum ShellSyntax {
    Posix,
    PowerShell,
}
