//! `anchor-events wait`: blocks until the events have come, and prints them or runs a command for each.
//!
//! Each name has a wait on a thread of its own. What is enough, and what failed, is in `tally`; an event leaves through
//! `deliver`. An event that came is always delivered: it has been taken from the service.

mod deliver;
mod exec;
mod format;
mod tally;

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use anchor::{CancelToken, Client};
use anyhow::{Context, anyhow};

use crate::args::{Limit, WaitArgs};
use crate::client::spinner::Spinner;
use crate::client::{self, signals, stdout};
use crate::exit::Failure;
use crate::system::signals::keep_child_status;
use deliver::Delivery;
use tally::{Goal, Tally};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The index of the name, and the outcome of its wait.
type Ended = (usize, Result<String, Failure>);

pub fn run(args: &WaitArgs) -> Result<(), Failure> {
    let cancel = signals::token()?;
    if args.exec.is_some() {
        keep_child_status().context("cannot install the signal handlers")?;
    } else {
        stdout::check().context("stdout cannot be written, so no event was taken")?;
        stdout::watch(&cancel).context("cannot watch stdout")?;
    }
    let client = client::new(&args.client)?;
    let limit = limit(args);
    let spinner = spinner(args, limit);
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let (sender, outcomes) = mpsc::channel();
    let result = thread::scope(|scope| {
        let waits = Waits { scope, args, client: &client, cancel: &cancel, limit, deadline, sender };
        collect(&waits, &outcomes, &spinner)
    });
    match result {
        Err(Failure::Event(_)) if stdout::has_ended_the_wait() && signals::received().is_none() => {
            Err(anyhow!("nobody reads stdout any more, so the wait was cancelled").into())
        }
        result => result,
    }
}

fn limit(args: &WaitArgs) -> Option<Duration> {
    match args.timeout {
        Some(Limit(limit)) => limit,
        None => Some(DEFAULT_TIMEOUT).filter(|_| !args.follow),
    }
}

/// What a wait is started with.
struct Waits<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    args: &'env WaitArgs,
    client: &'env Client,
    cancel: &'env CancelToken,
    limit: Option<Duration>,
    deadline: Option<Instant>,
    sender: Sender<Ended>,
}

impl Waits<'_, '_> {
    /// Starts a wait for the event with this index.
    fn start(&self, index: usize, timeout: Option<Duration>) -> Result<(), Failure> {
        let (client, cancel, sender) = (self.client, self.cancel, self.sender.clone());
        let name = &self.args.names[index];
        let wait = move || {
            // Whoever receives counts the waits, so each one sends its outcome, even after a defect in it.
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| client.wait(name, timeout, Some(cancel))));
            let defect = |_| Err(Failure::Other(anyhow!("a defect ended the wait; please report it")));
            let outcome = outcome.map_or_else(defect, |outcome| outcome.map_err(Failure::Event));
            // The receiver exists until every wait has ended.
            let _ = sender.send((index, outcome));
        };
        thread::Builder::new().spawn_scoped(self.scope, wait).context("cannot start a thread for the wait")?;
        Ok(())
    }

    fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

/// Starts the waits, receives the outcome of each, and delivers the events.
///
/// Once it is certain how the command ends, the other waits are cancelled, and all of them end before an event is
/// delivered: otherwise one could take a second event while the command for the first one runs.
fn collect(waits: &Waits<'_, '_>, outcomes: &Receiver<Ended>, spinner: &Spinner) -> Result<(), Failure> {
    let args = waits.args;
    let mut tally = Tally::new(goal(args));
    let mut delivery = Delivery::new(args);
    let mut undelivered = Vec::new();
    let mut to_start: Vec<usize> = (0..args.names.len()).collect();
    let mut timeout = waits.limit;
    let mut running = 0;
    loop {
        for index in to_start.drain(..) {
            match waits.start(index, timeout) {
                Ok(()) => running += 1,
                Err(failure) => tally.count_failure(failure),
            }
        }
        if tally.is_certain() {
            waits.cancel.cancel();
        }
        if running == 0 {
            break;
        }
        let (index, outcome) = outcomes.recv().context("a wait ended without an outcome")?;
        running -= 1;
        match outcome {
            Ok(answer) => {
                tally.count_event();
                undelivered.push((index, answer));
            }
            Err(failure) => tally.count_failure(failure),
        }
        if tally.is_certain() || waits.cancel.is_cancelled() {
            continue;
        }
        for (index, answer) in undelivered.drain(..) {
            spinner.suspend(|| delivery.deliver(&args.names[index], &answer));
            timeout = waits.time_left();
            match delivery.check() {
                Ok(()) if args.follow && timeout != Some(Duration::ZERO) => to_start.push(index),
                Ok(()) => {}
                Err(failure) => tally.count_failure(failure),
            }
        }
    }
    for (index, answer) in undelivered {
        spinner.suspend(|| delivery.deliver(&args.names[index], &answer));
    }
    delivery.result(tally.result())
}

fn goal(args: &WaitArgs) -> Goal {
    match (args.all, args.follow) {
        (true, _) => Goal::All,
        (_, true) => Goal::Follow { count: args.count },
        _ => Goal::Any,
    }
}

fn spinner(args: &WaitArgs, limit: Option<Duration>) -> Spinner {
    if args.client.quiet || args.client.verbose {
        return Spinner::none();
    }
    let separator = if args.all { " and " } else { " or " };
    Spinner::start(&args.names.join(separator), limit)
}
