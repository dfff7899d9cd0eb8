//! Where an event goes: to stdout, or to the command of `--exec`. If that fails, it goes to stdout all the same.

use std::io;

use anyhow::anyhow;

use super::{exec, format};
use crate::args::WaitArgs;
use crate::client::escape::escape;
use crate::client::{signals, stdout};
use crate::exit::Failure;

pub struct Delivery<'a> {
    args: &'a WaitArgs,
    /// The first failure. Each one is reported as it happens.
    failure: Option<Failure>,
    has_stdout_failed: bool,
}

impl<'a> Delivery<'a> {
    pub fn new(args: &'a WaitArgs) -> Self {
        Self { args, failure: None, has_stdout_failed: false }
    }

    /// Prints the event in the answer, or runs the command for it.
    pub fn deliver(&mut self, name: &str, answer: &str) {
        let rendered = format::render(&self.args.format, name, answer);
        let outcome = match &self.args.exec {
            Some(command) => self.exec(command, name, &rendered.text),
            None => self.print(name, &rendered.text).map_err(|error| {
                Failure::Other(anyhow!(
                    "the event came and could not be printed: it is taken, and stdout failed: {error}"
                ))
            }),
        };
        let missing = rendered.missing.map_or(Ok(()), |missing| Err(Failure::Other(anyhow!(missing))));
        for failure in [outcome, missing].into_iter().filter_map(Result::err) {
            let reported = failure.report(self.args.client.quiet);
            self.failure.get_or_insert(reported);
        }
    }

    /// Whether another event could be delivered.
    pub fn check(&self) -> Result<(), Failure> {
        if self.has_stdout_failed {
            return Err(Failure::Reported(1));
        }
        if self.args.exec.is_none() {
            stdout::check()
                .map_err(|error| anyhow!("stdout cannot be written any more, so the wait has ended: {error}"))?;
        }
        Ok(())
    }

    /// The result of the command, of which this is the result apart from deliveries.
    pub fn result(self, result: Result<(), Failure>) -> Result<(), Failure> {
        match (self.failure, result) {
            (None, result) => result,
            (Some(failure), Ok(())) => Err(failure),
            (Some(failure), Err(also)) => {
                also.report(self.args.client.quiet);
                Err(failure)
            }
        }
    }

    fn exec(&mut self, command: &str, name: &str, text: &str) -> Result<(), Failure> {
        let outcome = match signals::received() {
            None => exec::run(command, name, text),
            Some(signal) => Err(format!("the command was not run after {}", signal.name())),
        };
        let Err(reason) = outcome else { return Ok(()) };
        Err(Failure::Exec(match self.print(name, text) {
            Ok(()) => format!("the event came, and {reason}; the event is on stdout"),
            Err(error) => format!("the event came, and {reason}; it could not be printed either: {error}"),
        }))
    }

    fn print(&mut self, name: &str, text: &str) -> io::Result<()> {
        let is_named = self.args.names.len() > 1 && !self.args.format.json && !self.args.format.raw;
        let printed = match is_named {
            // A tab or a line end in the name would be taken for the end of it.
            true => stdout::print_line(&format!("{}\t{text}", escape(name))),
            false => stdout::print_line(text),
        };
        self.has_stdout_failed |= printed.is_err();
        printed
    }
}
