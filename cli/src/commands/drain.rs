//! `anchor-events drain`: discards the queued signals of an event.

use std::io::{self, Write};

use crate::args::DrainArgs;
use crate::client;
use crate::exit::Failure;

pub fn run(args: &DrainArgs) -> Result<(), Failure> {
    let (drained, outcome) = match client::new(&args.client)?.drain(&args.name) {
        Ok(drained) => (drained, Ok(())),
        Err(error) => (error.drained, Err(Failure::Event(error.source))),
    };
    // The signals that were discarded are gone even if the drain failed later.
    writeln!(io::stdout(), "{drained}")?;
    outcome
}
