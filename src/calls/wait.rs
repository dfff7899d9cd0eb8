//! One wait: a deadline, slices, re-arm, retry. It reads like the rules:
//!
//! - One deadline on the monotonic clock, taken on entry. Everything happens inside it.
//! - The wait is made of slices. Each asks the service to hold it for what remains, or for the configured slice.
//! - A slice has a grace beyond what it asked for, so that an answer sent at the last moment is still taken. A slice
//!   that ends without an answer counts as a broken connection.
//! - The service's 408 re-arms, and surfaces only at the deadline. A gateway's 408 is a failure like its 502.
//! - A failure pauses and tries again, up to a number of failures in a row; a sign of life of the service resets it.
//! - A timeout of zero asks once, and its failures are told as what they are.

use crate::address::endpoint::check_event_name;
use crate::calls::call::{Attempt, Call};
use crate::calls::retry::{Backoff, Decision, Operation, decide};
use crate::cancel::CancelToken;
use crate::config::LogLevel;
use crate::error::{Error, Origin};
use crate::http::Limits;
use crate::session::Session;
use crate::status::Status;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A service that holds a request for so long is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// What a wait takes hold of as it begins, though it may run on a thread that comes later: the time, and the token that
/// the next `cancel_all` cancels.
pub(crate) struct Entry {
    at: Instant,
    all: CancelToken,
}

impl Entry {
    pub fn new(client: &Session, event_name: &str) -> Result<Entry, Error> {
        check_event_name(event_name).map_err(Error::invalid)?;
        Ok(Entry { at: Instant::now(), all: client.engine()?.cancel_all_token()? })
    }
}

/// Waits for the event. `timeout`: `None` for no limit, zero to ask once without waiting.
pub(crate) fn wait(
    client: &Session,
    entry: &Entry,
    event_name: &str,
    timeout: Option<Duration>,
    cancel: Option<&CancelToken>,
) -> Result<String, Error> {
    let engine = client.engine()?;
    let cancels = [Some(&entry.all), cancel].map(|token| token.map(|token| Arc::clone(token.latch())));
    let is_cancelled = cancels.iter().flatten().any(|cancel| cancel.seems_set());
    let mut call = Call::new(client, engine, cancels, Operation::Wait, event_name);
    call.started = entry.at;
    client.counters.waits.add(1);
    let wait = Wait {
        deadline: timeout.and_then(|timeout| call.started.checked_add(timeout)),
        once: timeout == Some(Duration::ZERO),
        client,
        backoff: Backoff::new(client.config.retries.limit()),
        throttle: Backoff::new(0),
        call,
    };
    let outcome =
        if is_cancelled { Err(wait.call.fail(Status::Cancelled, Status::Cancelled.message())) } else { wait.run() };
    client.count_outcome(&outcome);
    outcome
}

struct Wait<'a> {
    client: &'a Session,
    call: Call<'a>,
    deadline: Option<Instant>,
    once: bool,
    backoff: Backoff,
    throttle: Backoff,
}

impl Wait<'_> {
    fn run(mut self) -> Result<String, Error> {
        let mut max_idle = Duration::MAX;
        loop {
            let slice = Slice::new(self.client, self.deadline, self.once);
            let attempt = self.call.post(slice.body().as_bytes(), slice.limits, max_idle);
            max_idle = Duration::MAX;
            match decide(Operation::Wait, attempt.outcome, self.client.config.rearm) {
                Decision::Take => return self.call.take(attempt),
                Decision::Rearm => self.rearm(&slice, &attempt)?,
                Decision::Reconnect => max_idle = Duration::ZERO,
                Decision::Retry(status) => self.retry(status, &attempt)?,
                Decision::Fail(status) => return Err(self.call.fail_with(status, &attempt)),
            }
        }
    }

    /// The event is not signaled yet. A service that says so without having waited is not asked in a tight loop.
    fn rearm(&mut self, slice: &Slice, attempt: &Attempt) -> Result<(), Error> {
        self.backoff.reset();
        if self.once || self.is_over() {
            return Err(self.not_signaled());
        }
        self.client.counters.rearms.add(1);
        self.call.log(LogLevel::Info, || "not signaled yet, asking again".to_owned());
        if attempt.held() >= (slice.asked / 2).min(SIGN_OF_LIFE) {
            self.throttle.reset();
            return Ok(());
        }
        let pause = self.throttle.throttle();
        self.pause(pause)?;
        if self.is_over() { Err(self.not_signaled()) } else { Ok(()) }
    }

    fn retry(&mut self, status: Status, attempt: &Attempt) -> Result<(), Error> {
        if attempt.held() >= SIGN_OF_LIFE {
            self.backoff.reset();
        }
        if self.once {
            return Err(self.call.fail_with(status, attempt));
        }
        if self.is_over() {
            return Err(self.timeout());
        }
        let pause = match (self.backoff.next(), attempt.retry_after()) {
            (Some(_), Some(asked)) if self.remaining().is_none_or(|remaining| asked < remaining) => asked,
            (Some(pause), None) => pause,
            // Too many failures, or a service that asks for more patience than there is.
            _ => return Err(self.call.fail_with(status, attempt)),
        };
        self.client.counters.retries.add(1);
        self.call.log(LogLevel::Warning, || format!("{}, trying again in {} ms", status.name(), pause.as_millis()));
        self.pause(pause)?;
        if self.is_over() { Err(self.timeout()) } else { Ok(()) }
    }

    /// Ends with the deadline if that comes first.
    fn pause(&self, pause: Duration) -> Result<(), Error> {
        self.call.pause(self.remaining().map_or(pause, |remaining| pause.min(remaining)))
    }

    fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    fn is_over(&self) -> bool {
        self.remaining() == Some(Duration::ZERO)
    }

    /// The timeout that the service itself told.
    fn not_signaled(&self) -> Error {
        let mut error = self.timeout();
        error.detail.http_status = Some(408);
        error.detail.origin = Origin::Service;
        error
    }

    fn timeout(&self) -> Error {
        let waited = self.deadline.map_or(0, |deadline| (deadline - self.call.started).as_millis());
        self.call.fail(Status::Timeout, &format!("the event was not signaled within {waited} ms"))
    }
}

/// One request of a wait.
struct Slice {
    asked: Duration,
    limits: Limits,
}

impl Slice {
    fn new(client: &Session, deadline: Option<Instant>, once: bool) -> Slice {
        let config = &client.config;
        let now = Instant::now();
        let remaining = deadline.map_or(config.slice, |deadline| deadline.saturating_duration_since(now));
        let asked = whole_millis(remaining.min(config.slice));
        let end = now + asked + config.grace;
        let reach = match deadline {
            Some(deadline) if !once => end.min(deadline),
            _ => end,
        };
        let connect = reach.min(now + config.connect_timeout);
        Slice { asked, limits: Limits { connect: Some(connect), send: Some(reach), answer: Some(end) } }
    }

    fn body(&self) -> String {
        let millis = u64::try_from(self.asked.as_millis()).unwrap_or(u64::MAX);
        let mut body = String::with_capacity(40);
        body.push_str("{\"timeoutMs\":");
        body.push_str(&millis.to_string());
        body.push('}');
        body
    }
}

/// Rounded up, and at least 1: a service may read 0 as absent.
fn whole_millis(duration: Duration) -> Duration {
    let millis = duration.as_nanos().div_ceil(1_000_000).max(1);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}
