//! The manual pages and the completion scripts, made from the command line's own description.

use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::args::Cli;
use crate::exit::CODES;

/// Of the last change that a reader of the pages would see.
const DATE: &str = "2026-11-24";

const ENVIRONMENT: [(&str, &str); 6] = [
    ("ANCHORBROWSER_API_KEY", "The API key. ANCHOR_API_KEY is taken if this is not set."),
    ("ANCHORBROWSER_BASE_URL", "The service. Unset, it is https://api.anchorbrowser.io."),
    ("HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY", "The proxy, by the scheme of the service's URL."),
    ("ANCHOR_SERVE_API_KEY", "An API key that serve accepts, instead of any."),
    ("ANCHOR_SERVE_ADMIN_TOKEN", "The token for serve's admin endpoint."),
    ("NO_COLOR", "Set to anything, it turns colours off."),
];

const EXAMPLES: [(&str, &str); 4] = [
    (
        "code=$(anchor-events wait mfa_code --timeout 5m --pointer /data/code)",
        "Waits for a one-time code, and takes only the code.",
    ),
    ("anchor-events signal mfa_code code=123456", "Hands the code to whoever waits for it."),
    ("anchor-events wait paid failed --any --json", "Waits for whichever comes first, and tells which it was."),
    ("anchor-events serve --fault 'mfa_code=status:503,times=2'", "Serves events locally, and fails twice first."),
];

/// `anchor-events.1` and a page for each command.
pub fn write_pages(folder: &Path) -> io::Result<()> {
    let mut anchor = Cli::command().disable_help_subcommand(true);
    anchor.build();
    for command in anchor.get_subcommands().filter(|command| !command.is_hide_set()) {
        let man = manual(command.clone());
        let mut page = Vec::new();
        man.render(&mut page)?;
        write_page(folder, &man, page)?;
    }
    let man = manual(anchor.after_long_help(None::<&str>));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_subcommands_section(&mut page)?;
    let mut rest = Roff::new();
    section(&mut rest, "EXIT STATUS", CODES.iter().map(|(code, meaning)| (code.to_string(), *meaning)));
    section(&mut rest, "ENVIRONMENT", ENVIRONMENT.iter().map(|(name, meaning)| ((*name).to_owned(), *meaning)));
    section(&mut rest, "EXAMPLES", EXAMPLES.iter().map(|(line, meaning)| ((*line).to_owned(), *meaning)));
    rest.to_writer(&mut page)?;
    write_page(folder, &man, page)
}

fn manual(command: clap::Command) -> Man {
    Man::new(command).date(DATE).source(concat!("libanchor ", env!("CARGO_PKG_VERSION"))).manual("User Commands")
}

/// A list of possible values is set off by one macro instead of three, about which mandoc complains.
fn write_page(folder: &Path, man: &Man, page: Vec<u8>) -> io::Result<()> {
    let page = String::from_utf8(page).map_err(io::Error::other)?;
    std::fs::write(folder.join(man.get_filename()), page.replace("\n.br\n\n.br\n", "\n.sp\n"))
}

pub fn write_completions(shell: Shell, out: &mut dyn Write) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "anchor-events", &mut script);
    out.write_all(&script)
}

/// What `anchor-events --help` ends with.
pub fn after_help() -> String {
    let lines = |pairs: &mut dyn Iterator<Item = String>| pairs.collect::<Vec<_>>().join("\n");
    let codes = lines(&mut CODES.iter().map(|(code, meaning)| format!("  {code:<4} {meaning}")));
    let environment = lines(&mut ENVIRONMENT.iter().map(|(name, meaning)| format!("  {name}\n      {meaning}")));
    let examples = lines(&mut EXAMPLES.iter().map(|(line, meaning)| format!("  {line}\n      {meaning}")));
    format!("Exit status:\n{codes}\n\nEnvironment:\n{environment}\n\nExamples:\n{examples}")
}

fn section<'a>(page: &mut Roff, title: &str, entries: impl Iterator<Item = (String, &'a str)>) {
    page.control("SH", [title]);
    for (term, meaning) in entries {
        page.control("TP", []);
        page.text([bold(term)]);
        page.text([roman(meaning)]);
    }
}
