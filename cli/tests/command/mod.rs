//! The command as a script runs it, and what it printed.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use testkit::process::{with_every_signal, without_settings};

use crate::server::{Server, program, until};

/// The command, with this server as the service; without one, with an address where nothing listens.
pub fn anchor(server: Option<&Server>, arguments: &[&str]) -> Command {
    configured(Command::new(program()), server, arguments)
}

/// The same, started by a shell after this line of its own, such as `trap '' INT` or `exec >&-`.
pub fn after(line: &str, server: &Server, arguments: &[&str]) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{line}; exec \"$0\" \"$@\"")]).arg(program());
    configured(shell, Some(server), arguments)
}

fn configured(mut command: Command, server: Option<&Server>, arguments: &[&str]) -> Command {
    let url = server.map_or("http://127.0.0.1:1", |server| &server.url);
    without_settings(&mut command);
    with_every_signal(&mut command);
    command.args(arguments).env("ANCHORBROWSER_BASE_URL", url).env("ANCHORBROWSER_API_KEY", "test-key");
    command.stdin(Stdio::null());
    command
}

/// The next connection; without one in time, the test fails.
pub fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let mut accepted = None;
    until("a connection", || {
        accepted = listener.accept().ok();
        accepted.is_some()
    });
    let (socket, _) = accepted.unwrap();
    socket.set_nonblocking(false).unwrap();
    socket
}

/// A command for `--exec` that shows that it runs, and runs until it is told to end.
pub struct Held {
    folder: TempDir,
}

impl Held {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// It ends with the test too, since the folder is gone then.
    pub fn command(&self) -> String {
        let folder = self.folder.path().display();
        format!("cat; echo >{folder}/running; while [ -e {folder}/running ]; do sleep 0.01; done")
    }

    pub fn until_running(&self) {
        until("the command runs", || self.folder.path().join("running").exists());
    }

    pub fn end(&self) {
        std::fs::remove_file(self.folder.path().join("running")).unwrap();
    }
}

pub fn run(server: &Server, arguments: &[&str]) -> Output {
    anchor(Some(server), arguments).output().unwrap()
}

pub fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// The stdout of a command that succeeded and wrote nothing to stderr.
pub fn printed(server: &Server, arguments: &[&str]) -> String {
    let output = run(server, arguments);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""), "{arguments:?}");
    stdout(&output).to_owned()
}
