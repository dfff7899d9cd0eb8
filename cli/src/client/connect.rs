//! The library's client as the command line sets it up.

use anchor::{Client, Config, LogLevel};

use crate::args::ClientArgs;
use crate::exit::{self, Failure};

/// Where the library finds the API key.
const KEYS: [&str; 2] = ["ANCHORBROWSER_API_KEY", "ANCHOR_API_KEY"];

/// A client for the configured service.
pub fn client(args: &ClientArgs) -> Result<Client, Failure> {
    let is_set = |name| std::env::var_os(name).is_some_and(|key| !key.is_empty());
    if !KEYS.into_iter().any(is_set) {
        return Err(Failure::NoKey);
    }
    Ok(Client::new(&config(args)?)?)
}

/// The environment's settings, and the command line's on top.
pub fn config(args: &ClientArgs) -> Result<Config, Failure> {
    let mut config = Config::from_env();
    if let Some(url) = &args.base_url {
        config.set_base_url(url)?;
    }
    if let Some(path) = &args.ca_file {
        config.set_ca_file(path)?;
    }
    if args.verbose {
        // The library never logs a key or a payload.
        config.set_log(|level, line| exit::complain(&format!("{}: {line}", word(level))));
    }
    Ok(config)
}

fn word(level: LogLevel) -> String {
    format!("{level:?}").to_lowercase()
}
