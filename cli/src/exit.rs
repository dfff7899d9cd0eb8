//! How a command ends: an exit code for each kind of outcome, and one line on stderr.

use std::io;
use std::process::ExitCode;

use anchor::Status;

use crate::client::{message, signals};

/// The exit codes and what they mean, for the help and the manual. On Unix, the last three are what a
/// shell reports for a command that a signal has ended; on Windows they are its exit codes.
pub const CODES: [(u8, &str); 10] = [
    (0, "The event came, or the command did what was asked."),
    (1, "Wrong usage, or a failure that has no exit code of its own."),
    (2, "The event was not signaled within the time; with --count, not that many times."),
    (3, "The API key is missing, not valid, or not allowed to do this."),
    (4, "The service could not be reached; nothing was taken or delivered, so it is safe to repeat."),
    (5, "The connection broke: the event may have been taken, or the signal delivered."),
    (6, "The event came, but its --exec command failed or could not run; the event is on stdout."),
    (129, "Ended by SIGHUP; on Windows, since the console was closed or the user logged off."),
    (130, "Ended by SIGINT (Ctrl-C); on Windows, by Ctrl-C or Ctrl-Break."),
    (143, "Ended by SIGTERM; on Windows, since the system shuts down."),
];

/// Why a command did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// The library returned this error.
    Event(anchor::Error),
    /// No API key is set.
    NoKey,
    /// Fewer events came than were asked for.
    TooFew { came: u64, count: u64 },
    /// An event came, and its command failed or could not run.
    Exec(String),
    /// Anything else, such as a file that cannot be read.
    Other(anyhow::Error),
    /// A failure whose message is printed already, and its exit code.
    Reported(u8),
}

impl Failure {
    /// Prints what happened on stderr, unless `quiet`, and only once.
    pub fn report(self, quiet: bool) -> Self {
        if !quiet && !matches!(self, Self::Reported(_)) {
            message::print(&self.to_string());
        }
        Self::Reported(self.code())
    }

    /// Ends the command: by the signal that interrupted it, or with the exit code.
    pub fn end(&self) -> ExitCode {
        match signals::received() {
            Some(signal) => signal.end(),
            None => ExitCode::from(self.code()),
        }
    }

    fn code(&self) -> u8 {
        match self {
            Self::Event(error) => code(error.status(), error.maybe_consumed()),
            Self::NoKey => 3,
            Self::TooFew { .. } => 2,
            Self::Exec(_) => 6,
            Self::Other(_) => 1,
            Self::Reported(code) => *code,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Event(error) => describe(error, f),
            Self::NoKey => {
                f.write_str("no API key: set ANCHORBROWSER_API_KEY; for `anchor-events serve`, any value works")
            }
            Self::TooFew { came, count } => write!(f, "{came} of {count} events came within the time"),
            Self::Exec(reason) => f.write_str(reason),
            Self::Other(error) => write!(f, "{error:#}"),
            Self::Reported(code) => write!(f, "exit code {code}"),
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

fn describe(error: &anchor::Error, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    if error.status() == Status::Cancelled {
        return f.write_str("interrupted");
    }
    f.write_str(error.message())?;
    if let Some(last) = error.last_error().filter(|last| *last != error.message()) {
        write!(f, " (last: {last})")?;
    }
    if error.maybe_consumed() {
        f.write_str("; the event may have been taken, or the signal delivered")?;
    }
    Ok(())
}

/// The exit code of a status. Only one whose requests were all answered, or never sent, is safe to repeat.
fn code(status: Status, maybe_consumed: bool) -> u8 {
    match status {
        Status::Ok => 0,
        Status::Timeout => 2,
        Status::Unauthorized | Status::Forbidden => 3,
        Status::NotSent | Status::Tls if !maybe_consumed => 4,
        Status::NotSent | Status::Tls | Status::ConnectionLost => 5,
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
            for maybe_consumed in [false, true] {
                let code = code(status, maybe_consumed);
                assert!(CODES.iter().any(|(documented, _)| *documented == code), "{}", status.name());
            }
        }
    }

    #[test]
    fn nothing_that_may_have_happened_is_called_safe_to_repeat() {
        for status in Status::all() {
            assert_ne!(code(status, true), 4, "{}", status.name());
        }
        assert_eq!((code(Status::NotSent, false), code(Status::Tls, false)), (4, 4));
        assert_eq!((code(Status::NotSent, true), code(Status::Tls, true)), (5, 5));
    }
}
