//! One signal. It is sent at most once: only what never reached the service is tried again.

use crate::address::endpoint::check_event_name;
use crate::calls::call::Call;
use crate::calls::retry::{Backoff, Decision, Operation, decide};
use crate::error::Error;
use crate::http::Limits;
use crate::json::{self, Refusal};
use crate::session::Session;
use crate::status::Status;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A connection that was idle for longer may just have been closed by the other side, and then nobody could say whether
/// the signal was delivered. Shorter than any idle limit in use; Node's default of 5 s is the shortest known.
const MAX_IDLE: Duration = Duration::from_secs(4);

/// Signals the event. `data`: a JSON object; `None` for an empty one.
pub(crate) fn signal(client: &Session, event_name: &str, data: Option<&str>) -> Result<String, Error> {
    let started = Instant::now();
    check_event_name(event_name).map_err(Error::invalid)?;
    let data = data.unwrap_or("{}");
    json::check_one_object(data, &mut || true).map_err(|refusal| match refusal {
        Refusal::OutOfMemory => Error::new(Status::OutOfMemory, "no memory is left for the data"),
        Refusal::Malformed(why) => Error::invalid(format!("data_json is {why}")),
        Refusal::Stopped => Error::new(Status::NotSent, "the data could not be checked in time"),
    })?;
    let engine = client.engine()?;
    let cancels = [Some(Arc::clone(engine.cancel_all_token()?.latch())), None];
    let mut call = Call::new(client, engine, cancels, Operation::Signal, event_name);
    call.started = started;
    call.data = Some(data);
    client.counters.signals.add(1);
    let outcome = body(data).and_then(|body| send(client, call, &body));
    client.count_outcome(&outcome);
    outcome
}

/// Data may be of any size, so that there is no memory for it is no reason to abort.
fn body(data: &str) -> Result<String, Error> {
    let (before, after) = ("{\"data\":", "}");
    let mut body = String::new();
    body.try_reserve_exact(before.len() + data.len() + after.len())
        .map_err(|_| Error::new(Status::OutOfMemory, "no memory is left for the data"))?;
    for part in [before, data, after] {
        body.push_str(part);
    }
    Ok(body)
}

fn send(client: &Session, mut call: Call<'_>, body: &str) -> Result<String, Error> {
    let deadline = call.started + client.config.request_timeout;
    let mut backoff = Backoff::new(client.config.retries);
    loop {
        let connect = deadline.min(Instant::now() + client.config.connect_timeout);
        let limits = Limits { connect: Some(connect), send: Some(deadline), answer: Some(deadline) };
        let attempt = call.post(body.as_bytes(), limits, MAX_IDLE);
        let status = match decide(Operation::Signal, attempt.outcome, false) {
            Decision::Take => return call.take(attempt),
            Decision::Retry(status) => status,
            Decision::Fail(status) => return Err(call.fail_with(status, &attempt)),
            Decision::Rearm | Decision::Reconnect => Status::Internal,
        };
        let remaining = deadline.saturating_duration_since(Instant::now());
        match backoff.next().filter(|pause| *pause < remaining) {
            Some(pause) => call.pause(pause)?,
            None => return Err(call.fail_with(status, &attempt)),
        }
        client.counters.retries.add(1);
    }
}
