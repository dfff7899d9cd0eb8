//! The command line as clap sees it: every command, every option, and their help.
//!
//! Parsing only; what a command does is in the module of its name.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::serve::{Latency, Rule};

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
    /// The address or name to listen on; anything but loopback lets other machines in
    #[arg(long, default_value = "127.0.0.1")]
    pub host: String,

    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 8642)]
    pub port: u16,

    /// Accept this API key and no other; may be repeated
    #[arg(long, value_name = "KEY", env = "ANCHOR_SERVE_API_KEY", hide_env_values = true)]
    pub api_key: Vec<String>,

    /// Speak TLS with a certificate authority made for this run; its path is the second line of stdout
    #[arg(long)]
    pub tls: bool,

    /// Where to write the certificate authority, instead of a temporary file
    #[arg(long, value_name = "PATH", requires = "tls")]
    pub ca_file: Option<PathBuf>,

    /// Let every request be on its way for so long: 50ms, or 50ms..200ms
    #[arg(long, value_name = "TIME", default_value = "0ms", hide_default_value = true)]
    pub latency: Latency,

    /// Go wrong on purpose: NAME=drop-after-consume, cut-body, hang, status:503, html:502, slow:1b/s or
    /// duplicate, then ,times=N and ,on=wait|signal|both; may be repeated
    #[arg(long, value_name = "RULE")]
    pub fault: Vec<Rule>,

    /// The longest that a wait is held, whatever it asks for
    #[arg(long, value_name = "TIME", default_value = "forever", value_parser = limit)]
    pub max_wait: Limit,

    /// The largest request body
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20)]
    pub max_body: usize,

    /// How long a signal is kept for somebody to wait for it
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = limit)]
    pub retention: Limit,

    /// How many signals of one name are kept; the next one is answered 429
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    pub queue_limit: usize,

    /// How many bytes of signals are kept in all; the next one is answered 429
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    pub queue_bytes: usize,

    /// What the admin endpoint asks for, instead of a random token
    #[arg(long, value_name = "TOKEN", env = "ANCHOR_SERVE_ADMIN_TOKEN", hide_env_values = true)]
    pub admin_token: Option<String>,

    /// How to write what happens to stderr; text on a terminal, else off
    #[arg(long, value_name = "FORMAT")]
    pub log: Option<LogFormat>,
}

/// How the journal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
    /// Warnings only
    Off,
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
