//! Linux, macOS and FreeBSD.

pub mod signals;
pub mod stdout;

use std::borrow::Cow;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

use tokio::net::{TcpSocket, TcpStream};

use super::ShellSyntax;

pub const SHELL_SYNTAX: ShellSyntax = ShellSyntax::Posix;

pub fn shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]);
    shell
}

pub fn describe_exit(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("killed by {}", signals::name(signal)),
        (None, None) => status.to_string(),
    }
}

pub fn is_in_foreground() -> bool {
    let foreground = rustix::termios::tcgetpgrp(rustix::stdio::stderr());
    foreground.is_ok_and(|group| group == rustix::process::getpgrp())
}

/// If the limit cannot be raised, fewer must do.
pub fn allow_many_sockets() {
    let _ = rlimit::increase_nofile_limit(u64::MAX);
}

pub fn bytes_of_path(path: &Path) -> io::Result<Cow<'_, [u8]>> {
    Ok(Cow::Borrowed(path.as_os_str().as_bytes()))
}

/// A server that is started again can listen while connections of the one before it are still being closed.
pub fn prepare_listener(socket: &TcpSocket) -> io::Result<()> {
    socket.set_reuseaddr(true)
}

pub fn check_for_reset(socket: &TcpStream) -> io::Result<()> {
    socket.take_error()?.map_or(Ok(()), Err)
}
