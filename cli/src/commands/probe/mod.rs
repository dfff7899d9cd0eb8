//! `anchor-events probe`: finds out how the configured service behaves, where its documentation is silent.
//!
//! Every question is asked on names made up for this run, so that nobody else's events are touched, and
//! what is left over is drained.

mod behaviour;
mod hold;

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;

use anchor::{CancelToken, Client};
use anyhow::Context;
use serde_json::{Value, json};

use crate::args::ProbeArgs;
use crate::client::spinner::Spinner;
use crate::client::{self, interrupt};
use crate::exit::Failure;

/// One question and what was found.
pub struct Finding {
    question: String,
    answer: String,
}

/// What a question is asked with.
pub struct Probe<'a> {
    client: &'a Client,
    cancel: &'a CancelToken,
    /// What the names of this run begin with.
    prefix: String,
}

pub fn run(args: &ProbeArgs) -> Result<(), Failure> {
    let cancel = interrupt::token()?;
    let client = client::client(&args.client)?;
    let probe = Probe { client: &client, cancel: &cancel, prefix: prefix()? };
    let spinner = spinner(args);
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        // The holds take longest and disturb nobody.
        let holds = scope.spawn(|| hold::all(&probe, args));
        let result = behaviour::all(&probe, &tell);
        if result.is_err() {
            cancel.cancel();
        }
        let holds = holds.join().expect("the holds do not panic");
        result?;
        drop(tell);
        spinner.suspend(|| print(args, told.into_iter().chain(holds?)))
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

/// Nobody else's names begin with this.
fn prefix() -> anyhow::Result<String> {
    let chance = getrandom::u64().context("no random numbers for the names")?;
    Ok(format!("anchor-probe-{chance:016x}"))
}

fn print(args: &ProbeArgs, findings: impl Iterator<Item = Finding>) -> Result<(), Failure> {
    let findings: Vec<Finding> = findings.collect();
    let mut stdout = io::stdout().lock();
    if args.json {
        let findings = findings.iter().map(|found| json!({ "question": found.question, "answer": found.answer }));
        writeln!(stdout, "{}", Value::from_iter(findings))?;
        return Ok(());
    }
    let width = findings.iter().map(|found| found.question.len()).max().unwrap_or(0);
    for Finding { question, answer } in findings {
        writeln!(stdout, "{question:<width$}  {answer}")?;
    }
    Ok(())
}

fn spinner(args: &ProbeArgs) -> Spinner {
    if args.client.quiet || args.client.verbose {
        return Spinner::none();
    }
    Spinner::start("the service's answers", Some(args.max_hold))
}
