//! The command line as clap sees it: every command, every option, and their help.
//!
//! Parsing only; what a command does is in the module of its name.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Waits for named events, signals them, and serves them locally
#[derive(Parser)]
#[command(name = "anchor", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Wait until an event is signaled, and print what was signaled
    Wait(WaitArgs),
    /// Signal an event
    Signal(SignalArgs),
    /// Serve events on this machine, for work without an account
    Serve(ServeArgs),
}

#[derive(Args)]
pub struct WaitArgs {
    /// The event to wait for
    pub name: String,

    /// How long to wait: 500ms, 30s, 5m, 1h 30m, or forever
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = limit)]
    pub timeout: Limit,
}

#[derive(Args)]
pub struct SignalArgs {
    /// The event to signal
    pub name: String,

    /// What to hand to whoever waits: a JSON object
    pub data: Option<String>,
}

#[derive(Args)]
pub struct ServeArgs {
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub host: String,

    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 8642)]
    pub port: u16,

    /// Accept this API key and no other; may be repeated
    #[arg(long, value_name = "KEY")]
    pub api_key: Vec<String>,
}

/// A length of time, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub Option<Duration>);

fn limit(text: &str) -> Result<Limit, String> {
    if text == "forever" {
        return Ok(Limit(None));
    }
    humantime::parse_duration(text)
        .map(|time| Limit(Some(time)))
        .map_err(|_| "expected a time such as 500ms, 30s, 5m or 1h 30m, or the word forever".into())
}
