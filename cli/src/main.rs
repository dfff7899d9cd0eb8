//! The `anchor-events` command: wait for an event, signal one, run a local server for them.
//!
//! It parses the command line and runs one command; each command is a module of its own.

mod args;
mod client;
mod commands;
mod exit;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use commands::{completions, drain, man, probe, signal, wait};
use exit::Failure;

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => {
            // Help and version come this way too and are not failures. clap's code for a usage error is our time-out.
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    match run(&command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(is_quiet(&command)),
    }
}

fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Wait(args) => wait::run(args),
        Command::Signal(args) => signal::run(args),
        Command::Drain(args) => drain::run(args),
        Command::Probe(args) => probe::run(args),
        Command::Serve(args) => serve::run(args).map_err(Failure::Other),
        Command::Completions { shell } => Ok(completions::run(*shell)?),
        Command::Man { folder } => Ok(man::run(folder)?),
    }
}

fn is_quiet(command: &Command) -> bool {
    match command {
        Command::Wait(args) => args.client.quiet,
        Command::Signal(args) => args.client.quiet,
        Command::Drain(args) => args.client.quiet,
        Command::Probe(args) => args.client.quiet,
        Command::Serve(_) | Command::Completions { .. } | Command::Man { .. } => false,
    }
}
