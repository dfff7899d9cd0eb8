//! [`Client`]: the entry point of the Rust API. The rules of a call are in `calls`; what its calls share is in `session`.

use crate::calls::call::{How, Start};
use crate::calls::{drain, signal, wait};
use crate::cancel::CancelToken;
use crate::config::{Config, check_key};
use crate::error::Error;
use crate::options::Options;
use crate::session::Session;
use crate::started::{self, Queue, QueuedWait, StartedWait};
use crate::stats::Stats;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Settings and a pool of connections to the service. Any number of threads may use a client at once. Clones share the
/// settings, the connections and the counts. A client connects when the first call needs a connection.
#[derive(Clone)]
pub struct Client {
    session: Arc<Session>,
}

impl Client {
    /// Makes a client with a copy of `config`. It reads the certificate authorities, and does not connect to the service.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument) if a setting or an environment variable is missing or
    /// not valid; [`Status::OutOfMemory`](crate::Status::OutOfMemory) if no file descriptor or memory is left to read the
    /// certificate authorities.
    pub fn new(config: &Config) -> Result<Client, Error> {
        Ok(Client { session: Arc::new(Session::new(config)?) })
    }

    /// Blocks until the event is signaled (`POST /v1/events/{event_name}/wait`). If the event was signaled before, the call
    /// takes that signal and returns at once.
    ///
    /// - `event_name`: 1 to 4,096 bytes, not `.` or `..`; events belong to the account.
    /// - `timeout`: any duration; `None` sets no limit; zero asks once, without waiting. The call returns at the latest at
    ///   the timeout plus the [grace](Config::set_grace).
    /// - `cancel`: a token that ends the call from another thread or a signal handler.
    ///
    /// Returns the service's answer, byte for byte: one JSON object, usually `{"data":{...}}`.
    ///
    /// Any number of threads may wait at once, for the same event too; each signal is taken by one of them.
    ///
    /// # Errors
    ///
    /// [`Status::Timeout`](crate::Status::Timeout) if the event was not signaled in time,
    /// [`Status::Cancelled`](crate::Status::Cancelled), or any other [`Status`](crate::Status) except
    /// [`Status::Pending`](crate::Status::Pending).
    pub fn wait(
        &self,
        event_name: &str,
        timeout: Option<Duration>,
        cancel: Option<&CancelToken>,
    ) -> Result<String, Error> {
        self.wait_with(event_name, timeout, &Options::NONE, cancel)
    }

    /// As [`wait`](Self::wait), with options of this call.
    ///
    /// # Errors
    ///
    /// As in [`wait`](Self::wait).
    pub fn wait_with(
        &self,
        event_name: &str,
        timeout: Option<Duration>,
        options: &Options,
        cancel: Option<&CancelToken>,
    ) -> Result<String, Error> {
        let start = Start::new(&self.session, event_name)?;
        wait::wait(&self.session, &start, event_name, timeout, &How { options, cancel })
    }

    /// Signals the event (`POST /v1/events/{event_name}`): the service hands `data` to a call that waits for the event, now
    /// or later. A request that was written is never sent again.
    ///
    /// - `event_name`: 1 to 4,096 bytes, not `.` or `..`; events belong to the account.
    /// - `data`: the text of a JSON object; `None` is an empty object.
    /// - `timeout`: how long the call may take. Zero is refused.
    /// - `cancel`: a token that ends the call from another thread or a signal handler.
    ///
    /// Returns the service's answer, byte for byte.
    ///
    /// # Errors
    ///
    /// [`Status::NotSent`](crate::Status::NotSent) if the signal was certainly not delivered,
    /// [`Status::ConnectionLost`](crate::Status::ConnectionLost) if it may have been, or any other
    /// [`Status`](crate::Status) except [`Status::Timeout`](crate::Status::Timeout) and
    /// [`Status::Pending`](crate::Status::Pending).
    pub fn signal(
        &self,
        event_name: &str,
        data: Option<&str>,
        timeout: Timeout,
        cancel: Option<&CancelToken>,
    ) -> Result<String, Error> {
        self.signal_with(event_name, data, timeout, &Options::NONE, cancel)
    }

    /// As [`signal`](Self::signal), with options of this call.
    ///
    /// # Errors
    ///
    /// As in [`signal`](Self::signal).
    pub fn signal_with(
        &self,
        event_name: &str,
        data: Option<&str>,
        timeout: Timeout,
        options: &Options,
        cancel: Option<&CancelToken>,
    ) -> Result<String, Error> {
        signal::signal(&self.session, event_name, data, self.resolve(timeout), &How { options, cancel })
    }

    /// Takes and drops the signals of the event that no call has waited for, until none is left. A program can call it to
    /// begin without old signals.
    ///
    /// - `event_name`: 1 to 4,096 bytes, not `.` or `..`; events belong to the account.
    /// - `timeout`: how long the call may take. Zero asks once.
    /// - `cancel`: a token that ends the call from another thread or a signal handler.
    ///
    /// Returns how many signals it dropped.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait), with the number of signals that were dropped before the failure.
    /// [`Status::Timeout`](crate::Status::Timeout) means that signals may be left at the end of the time.
    pub fn drain(&self, event_name: &str, timeout: Timeout, cancel: Option<&CancelToken>) -> Result<u32, DrainError> {
        self.drain_with(event_name, timeout, &Options::NONE, cancel)
    }

    /// As [`drain`](Self::drain), with options of this call.
    ///
    /// # Errors
    ///
    /// As in [`drain`](Self::drain).
    pub fn drain_with(
        &self,
        event_name: &str,
        timeout: Timeout,
        options: &Options,
        cancel: Option<&CancelToken>,
    ) -> Result<u32, DrainError> {
        let mut drained = 0;
        let how = How { options, cancel };
        match drain::drain(&self.session, event_name, self.resolve(timeout), &how, &mut drained) {
            Ok(()) => Ok(drained),
            Err(source) => Err(DrainError { drained, source }),
        }
    }

    /// Starts a wait that runs in the background. [`StartedWait::finish`] takes its outcome.
    /// `event_name` and `timeout` are as in [`wait`](Self::wait); the time counts from this call.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument), or
    /// [`Status::OutOfMemory`](crate::Status::OutOfMemory) if the process has no memory, thread or file descriptor left.
    pub fn start(&self, event_name: &str, timeout: Option<Duration>) -> Result<StartedWait, Error> {
        self.start_with(event_name, timeout, &Options::NONE)
    }

    /// As [`start`](Self::start), with options of this wait.
    ///
    /// # Errors
    ///
    /// As in [`start`](Self::start).
    pub fn start_with(
        &self,
        event_name: &str,
        timeout: Option<Duration>,
        options: &Options,
    ) -> Result<StartedWait, Error> {
        StartedWait::start(&self.session, event_name, timeout, options)
    }

    /// Starts a wait that runs in the background and whose outcome goes to `queue`. `event_name` and `timeout` are as in
    /// [`wait`](Self::wait); the time counts from this call.
    ///
    /// - `tag`: comes back with the [`Completion`](crate::Completion); the library does not look at it.
    ///
    /// The result is only needed to cancel this wait alone.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument), or
    /// [`Status::OutOfMemory`](crate::Status::OutOfMemory) if the process has no memory, thread or file descriptor left. There
    /// is no completion then.
    pub fn start_on(
        &self,
        queue: &Queue,
        event_name: &str,
        timeout: Option<Duration>,
        tag: u64,
    ) -> Result<QueuedWait, Error> {
        self.start_on_with(queue, event_name, timeout, tag, &Options::NONE)
    }

    /// As [`start_on`](Self::start_on), with options of this wait.
    ///
    /// # Errors
    ///
    /// As in [`start_on`](Self::start_on).
    pub fn start_on_with(
        &self,
        queue: &Queue,
        event_name: &str,
        timeout: Option<Duration>,
        tag: u64,
        options: &Options,
    ) -> Result<QueuedWait, Error> {
        QueuedWait::start(&self.session, queue, event_name, timeout, tag, options)
    }

    /// Replaces the API key for what is sent from now on. Calls and started waits that run send their next request with it.
    /// Any thread may call it. The client keeps the last seven keys before it, to hide them where the service quotes them. They
    /// are wiped from memory when the client and its started waits are dropped.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument) as in [`Config::set_api_key`]; the key stays as it was.
    pub fn set_api_key(&self, key: &str) -> Result<(), Error> {
        let key = check_key(key).map_err(|why| Error::invalid(format!("api_key {why}")))?;
        self.session.set_key(key.as_str());
        Ok(())
    }

    /// Ends every call that is running on the client, and every started wait, with
    /// [`Status::Cancelled`](crate::Status::Cancelled). Later calls are not affected. Any thread may call it; it is not
    /// async-signal-safe.
    pub fn cancel_all(&self) {
        self.session.cancel_all();
        started::note_cancel_all();
    }

    /// Returns counts of what the client and its clones have done since the client was made, and of what they do now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.session.stats()
    }

    /// `None` is no limit.
    fn resolve(&self, timeout: Timeout) -> Option<Duration> {
        match timeout {
            Timeout::Request => Some(self.session.config.request_timeout),
            Timeout::Never => None,
            Timeout::After(time) => Some(time),
        }
    }
}

/// How long a [signal](Client::signal) or a [drain](Client::drain) may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timeout {
    /// The [request timeout](Config::set_request_timeout) of the settings.
    #[default]
    Request,
    /// No limit: until the call succeeds, fails or is cancelled.
    Never,
    /// So long from the beginning of the call.
    After(Duration),
}

impl From<Duration> for Timeout {
    fn from(time: Duration) -> Timeout {
        Timeout::After(time)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.session.config).finish_non_exhaustive()
    }
}

/// Why a drain failed, and how many signals it dropped before.
#[derive(Clone, Debug)]
pub struct DrainError {
    /// Signals that were taken and dropped.
    pub drained: u32,
    /// Why the drain ended.
    pub source: Error,
}

impl fmt::Display for DrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (after {} signals were dropped)", self.source, self.drained)
    }
}

impl std::error::Error for DrainError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
