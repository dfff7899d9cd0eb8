//! `anchor-events completions`: prints a completion script, generated from the command line's description.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;

pub fn run(shell: Shell) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "anchor-events", &mut script);
    io::stdout().write_all(&script)
}
