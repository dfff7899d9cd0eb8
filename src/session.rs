//! What the calls of a client share: settings, connections, counts, and the token that `cancel_all` cancels.

use crate::address::endpoint::Endpoint;
use crate::cancel::CancelToken;
use crate::config::Config;
use crate::error::Error;
use crate::http::{Agent, AgentOptions, Trace};
use crate::secret::Secret;
use crate::stats::Counters;
use crate::status::Status;
use crate::sys::PerProcess;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// What the calls of a client share.
pub(crate) struct Session {
    pub config: Config,
    pub endpoint: Endpoint,
    engine: PerProcess<Engine>,
    pub counters: Counters,
    key: Secret,
    /// Somebody has answered, be it a gateway: the host is not wrong.
    reached: AtomicBool,
}

impl Session {
    pub fn new(config: &Config) -> Result<Session, Error> {
        let endpoint = config.endpoint()?;
        let engine = Engine::new(config, &endpoint)?;
        Ok(Session {
            config: config.clone(),
            endpoint,
            engine: PerProcess::new(engine),
            counters: Counters::default(),
            key: config.key()?.clone(),
            reached: AtomicBool::new(false),
        })
    }

    pub fn engine(&self) -> Result<&Engine, Error> {
        self.engine.get(|| Engine::new(&self.config, &self.endpoint))
    }

    pub fn key(&self) -> &str {
        self.key.as_str()
    }

    pub fn cancel_all(&self) {
        if let Ok(engine) = self.engine() {
            engine.cancel_all();
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

/// What a client has per process.
pub(crate) struct Engine {
    pub agent: Agent,
    /// Given to every call; `cancel_all` cancels it and puts it away.
    running: Mutex<Option<CancelToken>>,
}

impl Engine {
    fn new(config: &Config, endpoint: &Endpoint) -> Result<Engine, Error> {
        let agent = Agent::new(&AgentOptions {
            https: endpoint.https,
            allow_http: config.allow_http,
            authority: &endpoint.authority(),
            key: config.key()?,
            user_agent: config.user_agent(),
            proxy: config.proxy_for(endpoint)?.as_ref(),
            trust: config.trust,
            ca_file: config.ca_file.as_deref(),
            max_response_bytes: config.max_response_bytes,
        })?;
        Ok(Engine { agent, running: Mutex::new(None) })
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
