//! What the server writes when it is ready: its URL for programs, and lines to copy and warnings for people.

use std::io::{self, Write};

use anyhow::Context;

use super::broker::{Activity, Journal};
use super::http::listener::Listener;
use super::http::tls::Tls;
use super::{environment, log};
use crate::args::ServeArgs;
use crate::system::{SHELL_SYNTAX, bytes_of_path};

pub fn ready(
    args: &ServeArgs,
    listener: &Listener,
    tls: Option<&Tls>,
    any_key: bool,
    journal: &Journal,
) -> anyhow::Result<()> {
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = listener.url(scheme)?;
    print(&url, tls).context("cannot print the URL")?;
    if log::is_for_people(args.log) {
        let lines = environment::lines(SHELL_SYNTAX, &url, tls.map(|tls| &*tls.ca_path), any_key);
        let _ = io::stderr().write_all(lines.as_bytes());
    }
    journal.note(Activity::Started { url });
    for message in warnings(args, listener.is_local()?, any_key) {
        journal.note(Activity::Warning { message: message.into() });
    }
    Ok(())
}

/// The first line of stdout is the URL, and means that the server is ready. Programs depend on it.
fn print(url: &str, tls: Option<&Tls>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{url}")?;
    if let Some(tls) = tls {
        stdout.write_all(&bytes_of_path(&tls.ca_path)?)?;
        writeln!(stdout)?;
    }
    stdout.flush()
}

fn warnings(args: &ServeArgs, is_local: bool, any_key: bool) -> Vec<&'static str> {
    let open = "reachable from other machines, and any API key is accepted: give --api-key-file to keep others out";
    let clear = "the page is open to other machines without --tls: others on the network can read the admin token";
    let warnings = [(any_key && !is_local, open), (!args.page_host.is_empty() && !args.tls, clear)];
    warnings.into_iter().filter(|(applies, _)| *applies).map(|(_, message)| message).collect()
}
