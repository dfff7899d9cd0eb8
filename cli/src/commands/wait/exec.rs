//! The command of `--exec`: run by the shell, with the event on its standard input.

use std::io::Write;
use std::process::Stdio;

use crate::system;

/// Runs the command and waits until it has ended. An error says how it failed.
pub fn run(command: &str, name: &str, text: &str) -> Result<(), String> {
    let mut child = system::shell(command)
        .env("ANCHOR_EVENT_NAME", name)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the command could not be started: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command need not read its input.
        let _ = writeln!(stdin, "{text}");
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the command failed: {}", system::describe_exit(status))),
        Err(error) => Err(format!("it is not known whether the command failed: {error}")),
    }
}
