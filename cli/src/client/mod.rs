//! What the commands that talk to a service share: the library's client as the command line configures it, the signals
//! that end a command, and all that is written to stdout and the terminal.

pub mod escape;
pub mod message;
pub mod signals;
pub mod spinner;
pub mod stdout;

use anchor::{Client, Config, LogLevel};

use crate::args::ClientArgs;
use crate::exit::Failure;

/// The variables in which the library looks for the API key.
const KEY_VARIABLES: [&str; 2] = ["ANCHORBROWSER_API_KEY", "ANCHOR_API_KEY"];

/// A client for the configured service.
pub fn new(args: &ClientArgs) -> Result<Client, Failure> {
    let is_set = |name| std::env::var_os(name).is_some_and(|key| !key.is_empty());
    if !KEY_VARIABLES.into_iter().any(is_set) {
        return Err(Failure::NoKey);
    }
    Ok(Client::new(&config(args)?)?)
}

/// The settings of the environment, overridden by those of the command line.
pub fn config(args: &ClientArgs) -> Result<Config, Failure> {
    let mut config = Config::from_env();
    if let Some(url) = &args.base_url {
        config.set_base_url(url)?;
    }
    if let Some(path) = &args.ca_file {
        config.set_ca_file(path)?;
    }
    if let Some(path) = &args.crl_file {
        config.set_crl_file(path)?;
    }
    if let Some(pins) = &args.pinned_public_keys {
        config.set_pinned_public_keys(pins)?;
    }
    if let Some(certificate) = &args.client_certificate {
        config.set_client_certificate(certificate, args.client_key.as_ref().unwrap_or(certificate))?;
    }
    if let Some(retries) = args.retries {
        config.set_retries(retries);
    }
    if args.verbose {
        // The library never logs a key or an event's data.
        config.set_log(|level, line| message::print(&format!("{}: {line}", level_name(level))));
    }
    Ok(config)
}

fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Warning => "warning",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    }
}
