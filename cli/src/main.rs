//! The `anchor-events` command: wait for an event, signal one, serve them locally.
//!
//! Each command is a module; this is only the way to them.

mod args;
mod client;
mod commands;
mod exit;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use commands::{drain, manual, probe, signal, wait};
use exit::Failure;

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(told) => {
            // Help and version are told this way too, and are no failure. clap's own code for one is our "timeout".
            let _ = told.print();
            return ExitCode::from(u8::from(told.use_stderr()));
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
        Command::Completions { shell } => Ok(manual::write_completions(*shell, &mut std::io::stdout())?),
        Command::Man { folder } => Ok(manual::write_pages(folder)?),
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
