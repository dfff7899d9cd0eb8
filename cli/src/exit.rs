//! How a command ends: one exit code for each class of outcome, and one line on stderr.

use std::process::ExitCode;

use anchor::Status;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// The library's answer.
    Event(anchor::Error),
    /// Everything else: a file that cannot be read, a pipe that was closed.
    Other(anyhow::Error),
}

impl Failure {
    /// Says on stderr what happened, and gives the exit code.
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Event(error) => eprintln!("anchor: {}", error.message()),
            Self::Other(error) => eprintln!("anchor: {error:#}"),
        }
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            Self::Event(error) => code(error.status()),
            Self::Other(_) => 1,
        }
    }
}

impl From<anchor::Error> for Failure {
    fn from(error: anchor::Error) -> Self {
        Self::Event(error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.into())
    }
}

/// The exit code of a status, as the manual lists them.
fn code(status: Status) -> u8 {
    match status {
        Status::Ok => 0,
        Status::Timeout => 2,
        Status::Unauthorized | Status::Forbidden => 3,
        Status::NotSent | Status::Tls => 4,
        Status::ConnectionLost => 5,
        Status::Cancelled | Status::Interrupted => 130,
        _ => 1,
    }
}
