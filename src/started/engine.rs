//! Runs started waits, each on a thread of its own.

use super::sink::Sink;
use super::ticket::Ticket;
use crate::calls::call::Start;
use crate::calls::wait::wait;
use crate::error::Error;
use crate::panic::catch;
use crate::status::Status;
use crate::sys::Thread;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A wait over TLS was measured to need 43 KiB in an optimised build (29 without TLS) and 112 KiB in a debug build. The rest is
/// a margin for longer certificate chains and the program's log callback. Only pages that are touched cost memory.
const WAIT_STACK_SIZE: usize = 256 * 1024;

/// Starts a wait whose outcome goes to `sink`. If it cannot start, the sink is withdrawn.
pub(super) fn start(
    start: Start,
    event_name: &str,
    timeout: Option<Duration>,
    ticket: &Arc<Ticket>,
    sink: Sink,
) -> Result<Thread, Error> {
    let (event_name, ticket) = (event_name.to_owned(), Arc::clone(ticket));
    // A thread that cannot start drops its work, and the sink with it.
    let handed = Arc::new(Mutex::new(Some(sink)));
    let theirs = Arc::clone(&handed);
    let take = |handed: &Mutex<Option<Sink>>| handed.lock().unwrap_or_else(PoisonError::into_inner).take();
    let work = move || {
        if let Some(sink) = take(&theirs) {
            let outcome = catch(|| wait(sink.session(), &start, &event_name, timeout, Some(ticket.token())));
            sink.end(outcome);
        }
    };
    Thread::start(c"anchor-wait", WAIT_STACK_SIZE, work).map_err(|e| {
        if let Some(sink) = take(&handed) {
            sink.withdraw();
        }
        Error::new(Status::OutOfMemory, format!("cannot start a wait: {e}"))
    })
}
