//! `anchor signal`: signals an event and prints the receipt.

use std::io::Write;

use anchor::{Client, Config};

use crate::args::SignalArgs;
use crate::exit::Failure;

pub fn run(args: &SignalArgs) -> Result<(), Failure> {
    let receipt = Client::new(&Config::from_env())?.signal(&args.name, args.data.as_deref())?;
    Ok(writeln!(std::io::stdout(), "{receipt}")?)
}
