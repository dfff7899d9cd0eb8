//! `anchor-events wait`: blocks until the events have come, and prints them.
//!
//! Each name has a wait on a thread of its own. Every event that came is printed: one that comes at the same moment as
//! another has been taken from the service too.

mod format;

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use anchor::{CancelToken, Client, Status};
use anyhow::{Context, bail};

use crate::args::WaitArgs;
use crate::client::spinner::Spinner;
use crate::client::{self, interrupt};
use crate::exit::Failure;

/// The index of the name, and the outcome of its wait.
type Ended = (usize, Result<String, anchor::Error>);

pub fn run(args: &WaitArgs) -> Result<(), Failure> {
    let cancel = interrupt::token()?;
    let client = client::new(&args.client)?;
    let spinner = spinner(args);
    let (sender, outcomes) = mpsc::channel();
    thread::scope(|scope| {
        for (index, name) in args.names.iter().enumerate() {
            let (client, cancel, sender) = (&client, &cancel, sender.clone());
            scope.spawn(move || wait(client, name, index, args, cancel, &sender));
        }
        drop(sender);
        collect(args, &outcomes, &cancel, &spinner)
    })
}

fn wait(
    client: &Client,
    name: &str,
    index: usize,
    args: &WaitArgs,
    cancel: &CancelToken,
    sender: &mpsc::Sender<Ended>,
) {
    let outcome = client.wait(name, args.timeout.0, Some(cancel));
    // The receiver exists until every wait has ended.
    let _ = sender.send((index, outcome));
}

/// Receives the outcome of each wait, prints the events, and cancels the other waits once the command's outcome is certain.
fn collect(
    args: &WaitArgs,
    outcomes: &mpsc::Receiver<Ended>,
    cancel: &CancelToken,
    spinner: &Spinner,
) -> Result<(), Failure> {
    let mut came = 0;
    let mut worst: Option<anchor::Error> = None;
    let mut delivered = Ok(());
    for (index, outcome) in outcomes {
        match outcome {
            Ok(answer) => {
                came += 1;
                delivered = delivered.and(spinner.suspend(|| deliver(args, &args.names[index], &answer)));
            }
            Err(error) => worst = Some(worse(worst, error)),
        }
        let is_certain = if args.all { worst.is_some() } else { came > 0 };
        if is_certain {
            cancel.cancel();
        }
    }
    delivered?;
    match worst {
        Some(error) if args.all || came == 0 => Err(error.into()),
        _ => Ok(()),
    }
}

/// The failure that says more: that the other waits were cancelled or timed out follows from it.
fn worse(worst: Option<anchor::Error>, error: anchor::Error) -> anchor::Error {
    let weight = |error: &anchor::Error| match error.status() {
        Status::Cancelled => 0,
        Status::Timeout => 1,
        _ => 2,
    };
    match worst {
        Some(worst) if weight(&worst) >= weight(&error) => worst,
        _ => error,
    }
}

/// Prints the event, or runs the command for it.
fn deliver(args: &WaitArgs, name: &str, answer: &str) -> Result<(), Failure> {
    let rendered = format::render(&args.format, name, answer);
    match &args.exec {
        Some(command) => exec(command, name, &rendered.text)?,
        None => print(args, name, &rendered.text).context("the event came and could not be printed")?,
    }
    match rendered.missing {
        Some(missing) => Err(Failure::Other(anyhow::Error::msg(missing))),
        None => Ok(()),
    }
}

fn print(args: &WaitArgs, name: &str, text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let is_named = args.names.len() > 1 && !args.format.json && !args.format.raw;
    if is_named {
        write!(stdout, "{name}\t")?;
    }
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

fn exec(command: &str, name: &str, text: &str) -> anyhow::Result<()> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .env("ANCHOR_EVENT_NAME", name)
        .stdin(Stdio::piped())
        .spawn()
        .context("the event came, and the shell could not be started")?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command need not read its input.
        let _ = writeln!(stdin, "{text}");
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("the event came, and the command failed: {status}");
    }
    Ok(())
}

fn spinner(args: &WaitArgs) -> Spinner {
    if args.client.quiet || args.client.verbose {
        return Spinner::none();
    }
    let separator = if args.all { " and " } else { " or " };
    Spinner::start(&args.names.join(separator), args.timeout.0)
}
