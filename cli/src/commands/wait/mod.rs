//! `anchor-events wait`: blocks until the events are there, and prints them.
//!
//! Several names are several waits on threads of their own. An event that came is printed in any case:
//! one that arrives in the same instant as another has been taken from the service as well.

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

type Ended = (usize, Result<String, anchor::Error>);

pub fn run(args: &WaitArgs) -> Result<(), Failure> {
    let cancel = interrupt::token()?;
    let client = client::client(&args.client)?;
    let spinner = spinner(args);
    let (tell, ended) = mpsc::channel();
    thread::scope(|scope| {
        for (index, name) in args.names.iter().enumerate() {
            let (client, cancel, tell) = (&client, &cancel, tell.clone());
            scope.spawn(move || wait(client, name, index, args, cancel, &tell));
        }
        drop(tell);
        collect(args, &ended, &cancel, &spinner)
    })
}

fn wait(client: &Client, name: &str, index: usize, args: &WaitArgs, cancel: &CancelToken, tell: &mpsc::Sender<Ended>) {
    let end = client.wait(name, args.timeout.0, Some(cancel));
    // The receiver outlives every wait.
    let _ = tell.send((index, end));
}

/// Takes every wait's end, prints what came, and ends the other waits once the outcome is certain.
fn collect(
    args: &WaitArgs,
    ended: &mpsc::Receiver<Ended>,
    cancel: &CancelToken,
    spinner: &Spinner,
) -> Result<(), Failure> {
    let mut came = 0;
    let mut worst: Option<anchor::Error> = None;
    let mut unprinted = Ok(());
    for (index, end) in ended {
        match end {
            Ok(answer) => {
                came += 1;
                unprinted = unprinted.and(spinner.suspend(|| hand_on(args, &args.names[index], &answer)));
            }
            Err(error) => worst = Some(worse(worst, error)),
        }
        let is_certain = if args.all { worst.is_some() } else { came > 0 };
        if is_certain {
            cancel.cancel();
        }
    }
    unprinted?;
    match worst {
        Some(error) if args.all || came == 0 => Err(error.into()),
        _ => Ok(()),
    }
}

/// Which of two failures tells more: being cancelled or out of time is what follows from the others.
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

fn hand_on(args: &WaitArgs, name: &str, answer: &str) -> Result<(), Failure> {
    let printed = format::event(&args.format, name, answer);
    match &args.exec {
        Some(command) => exec(command, name, &printed.text)?,
        None => print(args, name, &printed.text).context("the event came and could not be printed")?,
    }
    match printed.missing {
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
        // A command that does not read its input is no failure.
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
    let joint = if args.all { " and " } else { " or " };
    Spinner::start(&args.names.join(joint), args.timeout.0)
}
