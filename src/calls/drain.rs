//! A drain: waits that ask once, one after the other, until no signal is left. The request timeout applies to all of them
//! together.

use super::call::{Call, Start};
use super::outcome::Operation;
use super::wait::Wait;
use crate::error::Error;
use crate::session::Session;
use crate::status::Status;
use std::time::Instant;

/// Takes and drops signals, and counts them in `drained`, on failure too.
pub(crate) fn drain(session: &Session, event_name: &str, drained: &mut u32) -> Result<(), Error> {
    let start = Start::new(session, event_name)?;
    let end = start.at + session.config.request_timeout;
    loop {
        session.counters.waits.add(1);
        let (mut rules, first) = Wait::once(&session.config, end, Instant::now());
        let call = Call::new(session, &start, None, Operation::Wait, event_name, None)?;
        let outcome = call.run(&mut rules, first);
        session.count_outcome(&outcome);
        match outcome {
            Ok(_) => *drained += 1,
            Err(e) if e.status() == Status::Timeout => return Ok(()),
            Err(e) => return Err(e),
        }
        if Instant::now() >= end {
            let mut error = Error::new(Status::Timeout, "signals are left after the request timeout");
            error.detail.timed_out = true;
            error.detail.elapsed = start.at.elapsed();
            return Err(error);
        }
    }
}
