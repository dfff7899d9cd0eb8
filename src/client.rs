//! [`Client`]: what a caller holds. It ties settings, connections and counts together; the rules of a call are in
//! `wait` and `signal`.

use crate::calls::call::Start;
use crate::calls::{drain, signal, wait};
use crate::cancel::CancelToken;
use crate::config::Config;
use crate::error::Error;
use crate::session::Session;
use crate::started::StartedWait;
use crate::stats::Stats;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A connection pool and settings, for any number of threads. Clones share them. Nothing is sent before the first call.
#[derive(Clone)]
pub struct Client {
    session: Arc<Session>,
}

impl Client {
    /// A client with a copy of the settings.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument) if a setting, or a variable of the environment, is not
    /// valid or missing; [`Status::OutOfMemory`](crate::Status::OutOfMemory) if no descriptor or memory is left to read
    /// certificate authorities.
    pub fn new(config: &Config) -> Result<Client, Error> {
        Ok(Client { session: Arc::new(Session::new(config)?) })
    }

    /// Blocks until the event is signaled. Returns the service's answer, byte for byte: one JSON object, usually
    /// `{"data":{...}}`. A signal that was sent before the wait is taken at once.
    ///
    /// - `event_name`: 1 to 4,096 bytes, not `.` or `..`; events belong to the account.
    /// - `timeout`: `None` for no limit; zero asks once, without waiting. The call returns at the latest at the timeout
    ///   plus [grace](Config::set_grace).
    /// - `cancel`: ends the call from another thread or a signal handler.
    ///
    /// # Errors
    ///
    /// [`Status::Timeout`](crate::Status::Timeout), [`Status::Cancelled`](crate::Status::Cancelled), and what else the [`Status`](crate::Status) of the error says.
    pub fn wait(
        &self,
        event_name: &str,
        timeout: Option<Duration>,
        cancel: Option<&CancelToken>,
    ) -> Result<String, Error> {
        let start = Start::new(&self.session, event_name)?;
        wait::wait(&self.session, &start, event_name, timeout, cancel)
    }

    /// Signals the event: hands `data`, a JSON object, to whoever waits for it, now or later. `None` is an empty object.
    /// Returns the service's answer, byte for byte. It takes at most the [request timeout](Config::set_request_timeout),
    /// and a signal is never sent twice.
    ///
    /// # Errors
    ///
    /// [`Status::NotSent`](crate::Status::NotSent) if it is certain that nothing was delivered, [`Status::ConnectionLost`](crate::Status::ConnectionLost) if it is not, and
    /// what else the [`Status`](crate::Status) of the error says.
    pub fn signal(&self, event_name: &str, data: Option<&str>) -> Result<String, Error> {
        signal::signal(&self.session, event_name, data)
    }

    /// Takes and drops signals of the event that nobody has waited for, until none is left. Returns how many.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait); [`Status::Timeout`](crate::Status::Timeout) if there were still signals after the
    /// [request timeout](Config::set_request_timeout).
    pub fn drain(&self, event_name: &str) -> Result<u32, DrainError> {
        let mut drained = 0;
        match drain::drain(&self.session, event_name, &mut drained) {
            Ok(()) => Ok(drained),
            Err(source) => Err(DrainError { drained, source }),
        }
    }

    /// Starts a wait on a thread of its own, to be collected with [`StartedWait::finish`]. The arguments are those of
    /// [`wait`](Self::wait), whose rules hold.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument), and [`Status::OutOfMemory`](crate::Status::OutOfMemory) if the process has no memory, thread or file descriptor
    /// left.
    pub fn start(&self, event_name: &str, timeout: Option<Duration>) -> Result<StartedWait, Error> {
        StartedWait::start(&self.session, event_name, timeout)
    }

    /// Ends every call that is running on the client with [`Status::Cancelled`](crate::Status::Cancelled), from any thread. Later calls are not
    /// affected.
    pub fn cancel_all(&self) {
        self.session.cancel_all();
    }

    /// What the client has done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.session.counters.read()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.session.config).finish_non_exhaustive()
    }
}

/// A drain that did not come to its end, and how many signals it had taken by then.
#[derive(Clone, Debug)]
pub struct DrainError {
    /// Signals that were taken and dropped.
    pub drained: u32,
    /// Why it ended.
    pub source: Error,
}

impl fmt::Display for DrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (after {} drained)", self.source, self.drained)
    }
}

impl std::error::Error for DrainError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
