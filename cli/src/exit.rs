//! How a command ends: an exit code for each kind of outcome, and one line on stderr.

use std::io;
use std::process::ExitCode;

use anchor::Status;
use console::style;

/// The exit codes and what they mean, for the help and the manual.
pub const CODES: [(u8, &str); 7] = [
    (0, "The event came, or the command did what was asked."),
    (1, "Wrong usage, or a failure that has no exit code of its own."),
    (2, "The event was not signaled within the time."),
    (3, "The API key is missing, not valid, or not allowed to do this."),
    (4, "The request never reached the service; it is safe to repeat."),
    (5, "The connection broke: the event may have been taken, or the signal delivered."),
    (130, "Interrupted."),
];

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// The library returned this error.
    Event(anchor::Error),
    /// No API key is set.
    NoKey,
    /// Anything else, such as a file that cannot be read.
    Other(anyhow::Error),
}

impl Failure {
    /// Prints what happened on stderr, unless `quiet`, and returns the exit code.
    pub fn report(&self, quiet: bool) -> ExitCode {
        if !quiet {
            print_message(&self.to_string());
        }
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            Self::Event(error) => code(error.status()),
            Self::NoKey => 3,
            Self::Other(_) => 1,
        }
    }
}

/// Prints one line on stderr, marked as from this command. A control character in it cannot forge a second line.
pub fn print_message(message: &str) {
    let shown: String = message.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    eprintln!("{} {shown}", style("anchor-events:").for_stderr().red().bold());
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Event(error) if error.status() == Status::Cancelled => f.write_str("interrupted"),
            Self::Event(error) => {
                f.write_str(error.message())?;
                match error.last_error() {
                    Some(last) if last != error.message() => write!(f, " (last: {last})"),
                    _ => Ok(()),
                }
            }
            Self::NoKey => {
                f.write_str("no API key: set ANCHORBROWSER_API_KEY; for `anchor-events serve`, any value works")
            }
            Self::Other(error) => write!(f, "{error:#}"),
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

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Other(error.into())
    }
}

/// The exit code of a status.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_documented_code() {
        for status in Status::all() {
            assert!(CODES.iter().any(|(documented, _)| *documented == code(status)), "{}", status.name());
        }
    }
}
