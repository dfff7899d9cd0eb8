//! The command line as clap sees it: every command, every option, and their help.
//!
//! Parsing only; what a command does is in the module of its name.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::serve::{Latency, Rule};

/// Waits for named events, signals them, and serves them locally
#[derive(Parser)]
#[command(name = "anchor-events", version, propagate_version = true, after_long_help = crate::manual::after_help())]
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
    /// Take and drop the signals of an event that nobody has waited for, and print how many there were
    Drain(DrainArgs),
    /// Find out how the configured service behaves, on names made up for it
    Probe(ProbeArgs),
    /// Serve events on this machine, for work without an account
    Serve(ServeArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
    /// Write the manual pages
    #[command(hide = true)]
    Man {
        /// The folder to write them to
        folder: PathBuf,
    },
}

#[derive(Args)]
pub struct WaitArgs {
    /// The events to wait for
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,

    /// How long to wait: 500ms, 30s, 5m, 1h 30m, or forever; 0s asks once
    #[arg(long, short, value_name = "TIME", default_value = "60s", value_parser = limit)]
    pub timeout: Limit,

    /// With several names, end with the first event (the default)
    #[arg(long)]
    pub any: bool,

    /// With several names, end when each has been signaled
    #[arg(long, conflicts_with = "any")]
    pub all: bool,

    #[command(flatten)]
    pub format: FormatArgs,

    /// Run this command with the shell for each event, with what would be printed on its standard input and
    /// the name in ANCHOR_EVENT_NAME
    #[arg(long, value_name = "CMD")]
    pub exec: Option<String>,

    #[command(flatten)]
    pub client: ClientArgs,
}

/// What is printed of an event. Without one of these it is the data, one line an event.
#[derive(Args)]
#[group(multiple = false)]
pub struct FormatArgs {
    /// Print one JSON object an event: {"event":...,"data":...}
    #[arg(long)]
    pub json: bool,

    /// Print only what this JSON pointer finds in the answer, such as /data/code; a string without quotes
    #[arg(long, value_name = "POINTER")]
    pub pointer: Option<String>,

    /// Print the service's answer, byte for byte
    #[arg(long)]
    pub raw: bool,
}

#[derive(Args)]
pub struct SignalArgs {
    /// The event to signal
    pub name: String,

    /// What to hand to whoever waits: a JSON object, @FILE, - for standard input, or KEY=TEXT and KEY:=JSON
    #[arg(value_name = "DATA")]
    pub data: Vec<String>,

    /// Print the service's answer, byte for byte
    #[arg(long)]
    pub raw: bool,

    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Args)]
pub struct DrainArgs {
    /// The event to drain
    pub name: String,

    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Args)]
pub struct ProbeArgs {
    /// The longest hold to try
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = humantime::parse_duration)]
    pub max_hold: Duration,

    /// Print the findings as a JSON array
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub client: ClientArgs,
}

/// What every command that talks to a service takes. The API key comes from the environment only: a
/// command line can be seen by everybody on the machine.
#[derive(Args)]
pub struct ClientArgs {
    /// The service, instead of the one in ANCHORBROWSER_BASE_URL
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,

    /// Trust the certificates in this PEM file as well
    #[arg(long, value_name = "PATH")]
    pub ca_file: Option<PathBuf>,

    /// Write nothing to stderr; the exit code tells
    #[arg(long, short)]
    pub quiet: bool,

    /// Write to stderr what is being done
    #[arg(long, short, conflicts_with = "quiet")]
    pub verbose: bool,
}

#[derive(Args)]
pub struct ServeArgs {
    /// The address or name to listen on; with any but a loopback address, other machines can connect
    #[arg(long, default_value = "127.0.0.1")]
    pub host: String,

    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 8642)]
    pub port: u16,

    /// Accept this API key instead of every key; may be repeated. Other users can read a command line (ps): prefer
    /// --api-key-file, or ANCHOR_SERVE_API_KEY, which is used if neither option is given
    #[arg(long, value_name = "KEY")]
    pub api_key: Vec<String>,

    /// Accept the API keys in this file, one per line, instead of every key; may be repeated
    #[arg(long, value_name = "PATH")]
    pub api_key_file: Vec<PathBuf>,

    /// Use TLS, with a certificate authority made for this run; the path of its certificate is the second line of stdout
    #[arg(long)]
    pub tls: bool,

    /// Write the authority's certificate to this file instead of a temporary one
    #[arg(long, value_name = "PATH", requires = "tls")]
    pub ca_file: Option<PathBuf>,

    /// Delay every request: by 50ms, or by a random time such as 50ms..200ms
    #[arg(long, value_name = "TIME", default_value = "0ms", hide_default_value = true)]
    pub latency: Latency,

    /// Inject a fault: NAME=FAULT[,times=N][,on=wait|signal|both], where FAULT is drop-after-consume, cut-body,
    /// hang, status:503, html:502, slow:1b/s or duplicate, and * is every name; may be repeated
    #[arg(long, value_name = "RULE")]
    pub fault: Vec<Rule>,

    /// The longest time that a wait is held, whatever it asks for
    #[arg(long, value_name = "TIME", default_value = "forever", value_parser = limit)]
    pub max_wait: Limit,

    /// The largest request body
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20)]
    pub max_body: usize,

    /// How long a signal is kept until somebody waits for it
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = limit)]
    pub retention: Limit,

    /// How many signals of one name are kept; the next one is answered 429
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    pub queue_limit: usize,

    /// How many bytes of signals, names and data, are kept in all; the next one is answered 429
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    pub queue_bytes: usize,

    /// The token that the admin endpoint requires, instead of a random one. Other users can read a command line (ps):
    /// prefer ANCHOR_SERVE_ADMIN_TOKEN
    #[arg(long, value_name = "TOKEN", env = "ANCHOR_SERVE_ADMIN_TOKEN", hide_env_values = true)]
    pub admin_token: Option<String>,

    /// Open the page and the admin endpoint to other machines under this host name or address, as
    /// http://NAME:PORT/?token=TOKEN; needs --admin-token; may be repeated
    #[arg(long, value_name = "NAME")]
    pub page_host: Vec<crate::serve::HostName>,

    /// How to log to stderr; the default is text on a terminal and off otherwise
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
