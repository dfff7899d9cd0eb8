//! `anchor-events drain`: discards the queued signals of an event.

use anyhow::Context;

use crate::args::{DrainArgs, Limit};
use crate::client::{self, signals, stdout};
use crate::exit::Failure;

pub fn run(args: &DrainArgs) -> Result<(), Failure> {
    let client = client::new(&args.client)?;
    signals::cancel_calls(&client)?;
    let (drained, outcome) = match client.drain(&args.name, Limit::of_call(args.timeout), None) {
        Ok(drained) => (drained, Ok(())),
        Err(error) => (error.drained, Err(Failure::Event(error.source))),
    };
    // The signals that were discarded are gone even if the drain failed later.
    let printed = stdout::print_line(&drained.to_string());
    printed.with_context(|| format!("{drained} signals were discarded, and stdout failed"))?;
    outcome
}
