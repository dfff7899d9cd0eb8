//! `anchor wait`: blocks until the event is there and prints it.

use std::io::Write;

use anchor::{CancelToken, Client, Config};
use anyhow::Context;

use crate::args::WaitArgs;
use crate::exit::Failure;

pub fn run(args: &WaitArgs) -> Result<(), Failure> {
    let cancel = CancelToken::new()?;
    let on_signal = cancel.clone();
    ctrlc::set_handler(move || on_signal.cancel()).context("cannot take Ctrl-C")?;
    let answer = Client::new(&Config::from_env())?.wait(&args.name, args.timeout.0, Some(&cancel))?;
    Ok(writeln!(std::io::stdout(), "{answer}")?)
}
