//! Windows.

pub mod signals;
pub mod stdout;

use std::borrow::Cow;
use std::env;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::os::windows::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream};

use super::ShellSyntax;

pub const SHELL_SYNTAX: ShellSyntax = ShellSyntax::PowerShell;

/// cmd.exe takes what is between the first and the last quote as it is, and runs nothing that the user registered for every
/// start of it.
pub fn shell(command: &str) -> Command {
    let mut shell = Command::new(env::var_os("ComSpec").unwrap_or_else(|| "cmd.exe".into()));
    shell.args(["/D", "/S", "/C"]).raw_arg(format!("\"{command}\""));
    shell
}

/// A process that the system ended has a code with the highest bit set, which is known in hexadecimal.
pub fn describe_exit(status: ExitStatus) -> String {
    match status.code() {
        Some(code @ 0..) => format!("exit code {code}"),
        Some(code) => format!("exit code {code:#x}"),
        None => status.to_string(),
    }
}

/// There are no jobs in the background of a console.
pub fn is_in_foreground() -> bool {
    true
}

/// The system has no limit for one process that is worth raising.
pub fn allow_many_sockets() {}

/// The output is UTF-8, so a path that is not Unicode has none.
pub fn bytes_of_path(path: &Path) -> io::Result<Cow<'_, [u8]>> {
    let text = path.to_str().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the path is not Unicode"))?;
    Ok(Cow::Borrowed(text.as_bytes()))
}

/// A port is free again at once. SO_REUSEADDR would let another program take its connections.
pub fn prepare_listener(_: &TcpSocket) -> io::Result<()> {
    Ok(())
}

/// A reset need not be in SO_ERROR; the next look at the data reports it.
pub fn check_for_reset(socket: &TcpStream) -> io::Result<()> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match SockRef::from(socket).peek(&mut [MaybeUninit::uninit()]) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// There is none: the library does not use Unix sockets on Windows either.
pub enum LocalListener {}

impl LocalListener {
    pub fn bind(_: &Path) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "there are no Unix sockets for it on Windows"))
    }

    pub fn path(&self) -> &Path {
        match *self {}
    }

    pub async fn accept(&self) -> io::Result<TcpStream> {
        match *self {}
    }
}
