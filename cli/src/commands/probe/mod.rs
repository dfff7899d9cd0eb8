//! `anchor-events probe`: measures how the configured service behaves where its documentation does not say.
//!
//! The event names are made for this run, so that no other program's events are touched. Signals that remain are drained.

mod behaviour;
mod hold;

use std::sync::mpsc;
use std::thread;

use anchor::{CancelToken, Client};
use anyhow::Context;
use serde_json::{Value, json};

use crate::args::ProbeArgs;
use crate::client::spinner::Spinner;
use crate::client::{self, signals, stdout};
use crate::exit::Failure;

/// One question and its answer.
pub struct Finding {
    question: String,
    answer: String,
}

/// What the measurements share.
pub struct Probe<'a> {
    client: &'a Client,
    cancel: &'a CancelToken,
    /// The beginning of all event names of this run.
    prefix: String,
}

pub fn run(args: &ProbeArgs) -> Result<(), Failure> {
    let cancel = signals::token()?;
    let client = client::new(&args.client)?;
    let probe = Probe { client: &client, cancel: &cancel, prefix: prefix()? };
    let spinner = spinner(args);
    let (findings, found) = mpsc::channel();
    thread::scope(|scope| {
        // The longest part. It does not influence the other measurements.
        let holds = scope.spawn(|| hold::measure(&probe, args));
        let result = behaviour::measure(&probe, &findings);
        if result.is_err() {
            cancel.cancel();
        }
        let holds = holds.join().expect("the holds do not panic");
        result?;
        drop(findings);
        spinner.suspend(|| print(args, found.into_iter().chain(holds?)))
    })
}

impl Finding {
    pub fn new(question: impl Into<String>, answer: impl Into<String>) -> Self {
        Self { question: question.into(), answer: answer.into() }
    }
}

impl Probe<'_> {
    fn name(&self, purpose: &str) -> String {
        format!("{}-{purpose}", self.prefix)
    }
}

/// No other program's event names begin with this.
fn prefix() -> anyhow::Result<String> {
    let random = getrandom::u64().context("no random numbers for the names")?;
    Ok(format!("anchor-probe-{random:016x}"))
}

fn print(args: &ProbeArgs, findings: impl Iterator<Item = Finding>) -> Result<(), Failure> {
    let findings: Vec<Finding> = findings.collect();
    if args.json {
        let findings = findings.iter().map(|found| json!({ "question": found.question, "answer": found.answer }));
        return Ok(stdout::print_line(&Value::from_iter(findings).to_string())?);
    }
    let width = findings.iter().map(|found| found.question.len()).max().unwrap_or(0);
    for Finding { question, answer } in findings {
        stdout::print_line(&format!("{question:<width$}  {answer}"))?;
    }
    Ok(())
}

fn spinner(args: &ProbeArgs) -> Spinner {
    if args.client.quiet || args.client.verbose {
        return Spinner::none();
    }
    Spinner::start("the service's answers", Some(args.max_hold))
}
