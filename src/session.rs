//! What the calls of a client share: settings, certificate authorities, counts, connections and the token of `cancel_all`. A
//! forked child uses the same settings and authorities, but makes connections and a token of its own.

use crate::address::destination::Destination;
use crate::cancel::CancelToken;
use crate::census::Census;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::Error;
use crate::http::{Agent, AgentOptions, TlsSettings, Trace};
use crate::log::{LogLevel, Record};
use crate::stats::{Counters, Stats};
use crate::status::Status;
use crate::sys::{Latest, PerProcess};
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The credentials that are sent, and the last ones before the key was replaced: the service may quote these too.
pub(crate) type SentCredentials = Latest<Credentials>;

/// What the calls of a client share.
pub(crate) struct Session {
    pub config: Config,
    pub destination: Destination,
    /// `None` if neither the service nor a proxy is reached over TLS.
    tls: Option<TlsSettings>,
    process_state: PerProcess<ProcessState>,
    pub counters: Counters,
    /// Those of this process: a child inherits no wait, and the lock may be held by a thread that it does not have.
    census: PerProcess<Arc<Census>>,
    /// Those of the settings, until the key is replaced.
    pub credentials: Arc<SentCredentials>,
    /// The service or a gateway has answered before, so the host is not a wrong one.
    reached: AtomicBool,
}

impl Session {
    pub fn new(config: &Config) -> Result<Session, Error> {
        let destination = config.destination()?;
        let credentials = Arc::new(SentCredentials::new(config.credentials(&destination)?));
        let tls = tls_settings(config, &destination)?;
        let process_state = ProcessState::new(config, &credentials, &destination, tls.as_ref())?;
        Ok(Session {
            config: config.clone(),
            destination,
            tls,
            process_state: PerProcess::new(process_state),
            counters: Counters::default(),
            census: PerProcess::new(Arc::default()),
            credentials,
            reached: AtomicBool::new(false),
        })
    }

    /// The state of this process. A forked child makes its own, from what its parent has read.
    pub fn process_state(&self) -> Result<&ProcessState, Error> {
        let tls = self.tls.as_ref();
        self.process_state.get(|| ProcessState::new(&self.config, &self.credentials, &self.destination, tls))
    }

    /// The started waits that run.
    pub fn census(&self) -> &Arc<Census> {
        let Ok(census) = self.census.get(|| Ok::<_, Infallible>(Arc::default()));
        census
    }

    /// Another key for what is sent from now on. The last ones before it stay in memory, so the same one must not push them out.
    pub fn set_key(&self, key: &str) {
        if self.credentials.get().key() != key {
            self.credentials.replace(|credentials| credentials.with_key(key));
        }
    }

    /// The connections and the started waits are those of this process.
    pub fn stats(&self) -> Stats {
        let connections = self.process_state().map(|state| state.agent.connections()).unwrap_or_default();
        self.counters.read(connections, self.census().read())
    }

    pub fn cancel_all(&self) {
        if let Ok(state) = self.process_state() {
            state.cancel_all();
        }
    }

    pub fn count(&self, trace: &Trace) {
        if trace.connected {
            self.counters.connections_made.add(1);
        } else if !trace.dialled && trace.sent > 0 {
            self.counters.connections_reused.add(1);
        }
        self.counters.bytes_sent.add(trace.sent);
        self.counters.bytes_received.add(trace.received);
    }

    pub fn count_unanswered(&self, is_unanswered: bool) {
        self.counters.unanswered.add(u64::from(is_unanswered));
    }

    pub fn is_reached(&self) -> bool {
        self.reached.load(Ordering::Relaxed)
    }

    pub fn note_reached(&self) {
        if !self.is_reached() {
            self.reached.store(true, Ordering::Relaxed);
        }
    }

    pub fn count_outcome(&self, outcome: &Result<String, Error>) {
        let counter = match outcome.as_ref().map_err(Error::status) {
            Ok(_) => &self.counters.answers,
            Err(Status::Timeout) => &self.counters.timeouts,
            Err(Status::Cancelled) => &self.counters.cancels,
            Err(_) => &self.counters.failures,
        };
        counter.add(1);
    }
}

/// Reads the certificate authorities only if TLS is used: it takes some milliseconds.
fn tls_settings(config: &Config, destination: &Destination) -> Result<Option<TlsSettings>, Error> {
    let is_needed = destination.uses_tls() || config.tls.has_texts();
    let warn = |line: &str| {
        config.log.write(LogLevel::Warning, || Record { message: line.to_owned(), ..Record::default() });
    };
    let read = || TlsSettings::read(&config.tls, warn);
    is_needed.then(read).transpose()
}

/// The part of a client that a forked child must not share with its parent.
pub(crate) struct ProcessState {
    pub agent: Agent,
    /// Every call gets this token. `cancel_all` cancels it; the next call makes another one.
    running: Mutex<Option<CancelToken>>,
}

impl ProcessState {
    fn new(
        config: &Config,
        credentials: &Arc<SentCredentials>,
        destination: &Destination,
        tls: Option<&TlsSettings>,
    ) -> Result<ProcessState, Error> {
        let agent = Agent::new(&AgentOptions {
            destination,
            allow_http: config.allow_http,
            credentials,
            user_agent: config.user_agent(),
            tls,
            max_response_bytes: config.max_response_bytes,
        })?;
        Ok(ProcessState { agent, running: Mutex::new(None) })
    }

    /// The token that the next `cancel_all` cancels.
    pub fn cancel_all_token(&self) -> Result<CancelToken, Error> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = &*running {
            return Ok(token.clone());
        }
        let token = CancelToken::new()?;
        *running = Some(token.clone());
        Ok(token)
    }

    fn cancel_all(&self) {
        let token = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(token) = token {
            token.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program may read its key from a file every minute, and set it each time.
    #[test]
    fn the_same_key_takes_no_more_memory() {
        let mut config = Config::bare();
        config.set_api_key("first").unwrap().set_base_url("http://127.0.0.1:1").unwrap();
        let session = Session::new(config.add_header("x-gate", "open").unwrap()).unwrap();
        for key in ["first", "second", "second", "first", "first"] {
            session.set_key(key);
        }
        let credentials = session.credentials.get();
        let keys: Vec<&str> = credentials.all().map(Credentials::key).collect();
        assert!(keys == ["first", "second", "first"], "{} keys", keys.len());
    }
}
