//! The `anchor-events` command: wait for an event, signal one, run a local server for them.
//!
//! It parses the command line and runs one command; each command is a module of its own.

// A message that cannot be written must not panic: messages go through `client::message`, all else through `client::stdout`.
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)]
// `system` has the two exceptions: a function that runs before `main`, by a crate that vouches for it, and a call on Windows.
#![deny(unsafe_code)]

mod args;
mod client;
mod commands;
mod exit;
mod serve;
mod system;

use std::borrow::Cow;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use args::{Cli, Command};
use client::escape::escape;
use client::{message, stdout};
use commands::{completions, drain, man, probe, signal, wait};
use exit::Failure;

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => {
            return print_help_or_usage_error(&error);
        }
    };
    match run(&command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(is_quiet(&command)).end(),
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

/// clap returns the help and the version as errors too. Its exit code for a usage error would be that of a time-out.
fn print_help_or_usage_error(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        print_usage_error(error);
        return ExitCode::FAILURE;
    }
    let printed = stdout::check().and_then(|()| error.print()).and_then(|()| io::stdout().flush());
    match printed.context("cannot print the help") {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => Failure::Other(error).report(false).end(),
    }
}

/// clap quotes arguments as they are, so it is given escaped ones for the error that is printed.
fn print_usage_error(error: &clap::Error) {
    let arguments: Vec<String> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let escaped: Vec<_> = arguments.iter().map(|argument| escape(argument)).collect();
    let is_harmless = escaped.iter().all(|argument| matches!(argument, Cow::Borrowed(_)));
    let _ = match Cli::try_parse_from(escaped.iter().map(AsRef::as_ref)) {
        _ if is_harmless => error.print(),
        Err(same) if same.kind() == error.kind() => same.print(),
        _ => return message::print("wrong usage: an argument has a control character"),
    };
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
