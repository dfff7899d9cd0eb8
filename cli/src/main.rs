//! The `anchor` command: wait for an event, signal one, serve them locally.
//!
//! Each command is a module; this is only the way to them.

mod args;
mod exit;
mod serve;
mod signal;
mod wait;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::Failure;

fn main() -> ExitCode {
    match run(&Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Wait(args) => wait::run(args),
        Command::Signal(args) => signal::run(args),
        Command::Serve(args) => serve::run(args).map_err(Failure::Other),
    }
}
