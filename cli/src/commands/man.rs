//! `anchor-events man`: writes the manual pages, generated from the command line's description.

use std::io;
use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::help::{ENVIRONMENT, EXAMPLES};
use crate::args::Cli;
use crate::exit::CODES;

/// The day of the last change to the text of the pages.
const DATE: &str = "2026-11-26";

/// Writes `anchor-events.1` and a page for each command.
pub fn run(folder: &Path) -> io::Result<()> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    for command in program.get_subcommands().filter(|command| !command.is_hide_set()) {
        let has_exit_codes = command.get_after_long_help().is_some();
        let man = new_page(command.clone());
        write(folder, &man, command_page(&man, has_exit_codes)?)?;
    }
    let man = new_page(program);
    write(folder, &man, main_page(&man)?)
}

fn new_page(command: clap::Command) -> Man {
    Man::new(command).date(DATE).source(concat!("libanchor ", env!("CARGO_PKG_VERSION"))).manual("User Commands")
}

fn main_page(man: &Man) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_subcommands_section(&mut page)?;
    let mut rest = Roff::new();
    add_exit_codes(&mut rest);
    add_section(&mut rest, "ENVIRONMENT", ENVIRONMENT.iter().map(|(name, meaning)| ((*name).to_owned(), *meaning)));
    add_section(&mut rest, "EXAMPLES", EXAMPLES.iter().map(|(line, meaning)| ((*line).to_owned(), *meaning)));
    rest.to_writer(&mut page)?;
    Ok(page)
}

fn command_page(man: &Man, has_exit_codes: bool) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if has_exit_codes {
        let mut rest = Roff::new();
        add_exit_codes(&mut rest);
        rest.to_writer(&mut page)?;
    }
    Ok(page)
}

fn add_exit_codes(page: &mut Roff) {
    add_section(page, "EXIT STATUS", CODES.iter().map(|(code, meaning)| (code.to_string(), *meaning)));
}

fn add_section<'a>(page: &mut Roff, title: &str, entries: impl Iterator<Item = (String, &'a str)>) {
    page.control("SH", [title]);
    for (term, meaning) in entries {
        page.control("TP", []);
        page.text([bold(term)]);
        page.text([roman(meaning)]);
    }
}

/// clap_mangen separates a list of possible values by three macros, about which mandoc complains; one is enough.
fn write(folder: &Path, man: &Man, page: Vec<u8>) -> io::Result<()> {
    let page = String::from_utf8(page).map_err(io::Error::other)?;
    std::fs::write(folder.join(man.get_filename()), page.replace("\n.br\n\n.br\n", "\n.sp\n"))
}
