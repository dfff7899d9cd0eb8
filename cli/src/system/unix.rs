//! Linux, macOS and FreeBSD.

pub mod signals;
pub mod stdout;

use std::borrow::Cow;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use tokio::net::{TcpSocket, TcpStream, UnixListener};

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

/// A listening Unix socket, whose file goes with it.
pub struct LocalListener {
    socket: UnixListener,
    path: PathBuf,
}

impl LocalListener {
    /// A file that a server left behind which was killed is replaced.
    pub fn bind(path: &Path) -> io::Result<Self> {
        let socket = match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_abandoned(path) => {
                std::fs::remove_file(path)?;
                UnixListener::bind(path)?
            }
            bound => bound?,
        };
        Ok(Self { socket, path: std::path::absolute(path)? })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The type of the stream says TCP, but a stream socket is all that the server needs of it.
    pub async fn accept(&self) -> io::Result<TcpStream> {
        let (socket, _) = self.socket.accept().await?;
        TcpStream::from_std(OwnedFd::from(socket.into_std()?).into())
    }
}

impl Drop for LocalListener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether the file is a socket at which nobody listens. On Linux a connection to any other file is refused in the same way.
fn is_abandoned(path: &Path) -> bool {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    let reached = std::os::unix::net::UnixStream::connect(path);
    is_socket && reached.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}
