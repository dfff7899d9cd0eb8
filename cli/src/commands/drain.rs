//! `anchor-events drain`: takes and drops what was signaled and nobody waited for.

use std::io::{self, Write};

use crate::args::DrainArgs;
use crate::client;
use crate::exit::Failure;

pub fn run(args: &DrainArgs) -> Result<(), Failure> {
    let (drained, end) = match client::client(&args.client)?.drain(&args.name) {
        Ok(drained) => (drained, Ok(())),
        Err(error) => (error.drained, Err(Failure::Event(error.source))),
    };
    // What was dropped is dropped, however it ended.
    writeln!(io::stdout(), "{drained}")?;
    end
}
