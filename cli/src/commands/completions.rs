//! `anchor-events completions`: prints a completion script, generated from the command line's description.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::client::stdout;

pub fn run(shell: Shell) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "anchor-events", &mut script);
    stdout::print(&String::from_utf8(script).map_err(io::Error::other)?)
}
