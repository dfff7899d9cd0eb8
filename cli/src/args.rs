//! The command line as clap sees it: every command, every option, and their help.
//!
//! Parsing only; what a command does is in the module of its name.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::help;
use crate::serve::{Latency, Rule};

/// Waits for named events, signals them, and serves them locally
#[derive(Parser)]
#[command(name = "anchor-events", version, propagate_version = true, after_long_help = help::after_long_help())]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Wait until an event is signaled, and print its data
    #[command(after_long_help = help::exit_codes())]
    Wait(WaitArgs),
    /// Signal an event
    #[command(after_long_help = help::exit_codes())]
    Signal(SignalArgs),
    /// Discard the queued signals of an event, and print how many there were
    #[command(after_long_help = help::exit_codes())]
    Drain(DrainArgs),
    /// Measure how the service behaves, with event names made for the purpose
    #[command(after_long_help = help::exit_codes())]
    Probe(ProbeArgs),
    /// Run a local server, for development without an account
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
    /// The names of the events to wait for
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,

    /// How long to wait: 500ms, 30s, 5m, 1h 30m or forever; a bare number is in seconds, 0 asks once [default: 60s;
    /// with --follow: forever]
    #[arg(long, short, value_name = "TIME", value_parser = limit)]
    pub timeout: Option<Limit>,

    /// With several names, end when one of the events has come (the default)
    #[arg(long)]
    pub any: bool,

    /// With several names, end when all of the events have come
    #[arg(long, conflicts_with = "any")]
    pub all: bool,

    /// Go on after an event and print the next, until interrupted, until --count events have come, or until --timeout,
    /// which is then the time for all of them
    #[arg(long, conflicts_with_all = ["any", "all"])]
    pub follow: bool,

    /// With --follow, end after this many events
    #[arg(long, value_name = "N", requires = "follow", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    #[command(flatten)]
    pub format: FormatArgs,

    /// Run this command by /bin/sh, on Windows by cmd.exe, for each event instead of printing it: the event is its
    /// standard input, the name is in ANCHOR_EVENT_NAME. If the command fails, the event is printed
    #[arg(long, value_name = "CMD")]
    pub exec: Option<String>,

    #[command(flatten)]
    pub client: ClientArgs,
}

/// How an event is printed. Without one of these: its data, on one line.
#[derive(Args)]
#[group(multiple = false)]
pub struct FormatArgs {
    /// Print a JSON object for each event: {"event":...,"data":...}
    #[arg(long)]
    pub json: bool,

    /// Print only the value at this JSON pointer into the answer, such as /data/code; a string without quotes
    #[arg(long, value_name = "POINTER", value_parser = pointer)]
    pub pointer: Option<String>,

    /// Print the service's answer, byte for byte
    #[arg(long)]
    pub raw: bool,
}

#[derive(Args)]
pub struct SignalArgs {
    /// The name of the event to signal
    pub name: String,

    /// The event's data: a JSON object, @FILE, - for standard input, or members as KEY=TEXT and KEY:=JSON
    #[arg(value_name = "DATA")]
    pub data: Vec<OsString>,

    /// How long the signal may take, as in wait, but more than 0 [default: 30s]
    #[arg(long, short, value_name = "TIME", value_parser = limit)]
    pub timeout: Option<Limit>,

    /// Print the service's answer, byte for byte
    #[arg(long)]
    pub raw: bool,

    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Args)]
pub struct DrainArgs {
    /// The name of the event to drain
    pub name: String,

    /// How long the drain may take, as in wait; 0 asks once [default: 30s]
    #[arg(long, short, value_name = "TIME", value_parser = limit)]
    pub timeout: Option<Limit>,

    #[command(flatten)]
    pub client: ClientArgs,
}

#[derive(Args)]
pub struct ProbeArgs {
    /// The longest wait to measure
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = duration)]
    pub max_hold: Duration,

    /// Print the findings as a JSON array
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub client: ClientArgs,
}

/// The options of every command that talks to a service. The API key comes from the environment only: other users of
/// the machine can read a command line.
#[derive(Args)]
pub struct ClientArgs {
    /// The URL of the service, instead of ANCHORBROWSER_BASE_URL
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,

    /// Trust the certificate authorities in this PEM file too
    #[arg(long, value_name = "PATH")]
    pub ca_file: Option<PathBuf>,

    /// Refuse certificates that a revocation list in this PEM file names, and those of an authority that has no list in it
    #[arg(long, value_name = "PATH")]
    pub crl_file: Option<PathBuf>,

    /// Accept these public keys of the service only: sha256//BASE64, with ; between them
    #[arg(long, value_name = "PINS")]
    pub pinned_public_keys: Option<String>,

    /// Show the service, if it asks, the certificate in this PEM file
    #[arg(long, value_name = "PATH")]
    pub client_certificate: Option<PathBuf>,

    /// The PEM file of the private key of that certificate, if it is not in the same file
    #[arg(long, value_name = "PATH", requires = "client_certificate")]
    pub client_key: Option<PathBuf>,

    /// How many failures in a row to retry: a number, or always. The default is 5, but a wait goes on through an outage of
    /// a service that it has reached
    #[arg(long, value_name = "N", value_parser = retries)]
    pub retries: Option<u32>,

    /// Write nothing to stderr; the exit code says what happened
    #[arg(long, short)]
    pub quiet: bool,

    /// Log each request to stderr
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

    /// Listen on a Unix socket at this path instead, which only programs of this machine can reach; not on Windows
    #[arg(long, value_name = "PATH", conflicts_with_all = ["host", "port", "tls", "page_host"])]
    pub unix: Option<PathBuf>,

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

/// A length of time, or no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub Option<Duration>);

impl Limit {
    /// The timeout of a signal or a drain; without an argument the request timeout of the settings.
    pub fn of_call(argument: Option<Limit>) -> anchor::Timeout {
        match argument {
            None => anchor::Timeout::Request,
            Some(Limit(None)) => anchor::Timeout::Never,
            Some(Limit(Some(time))) => anchor::Timeout::After(time),
        }
    }
}

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "forever" => Ok(Limit(None)),
        _ => duration(text).map(Some).map(Limit).map_err(|error| format!("{error}, or the word forever")),
    }
}

/// A bare number is in seconds, as for sleep, timeout and curl.
fn duration(text: &str) -> Result<Duration, String> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let seconds = || text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let parsed = if is_number { seconds() } else { humantime::parse_duration(text).ok() };
    parsed.ok_or_else(|| "expected a time such as 90, 500ms, 30s, 5m or 1h 30m".into())
}

/// The library's number for "always" is the largest one.
fn retries(text: &str) -> Result<u32, String> {
    match text {
        "always" => Ok(u32::MAX),
        _ => text.parse().map_err(|_| "expected a number or the word always".into()),
    }
}

/// Checked here, before an event is taken that the pointer could not be applied to.
fn pointer(text: &str) -> Result<String, String> {
    if !text.is_empty() && !text.starts_with('/') {
        return Err("a JSON pointer begins with /, such as /data/code".into());
    }
    if text.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
        return Err("in a JSON pointer, ~ is written ~0, and / in a name ~1".into());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_in_seconds() {
        for (text, milliseconds) in [
            ("90", 90_000),
            ("0", 0),
            ("1.5", 1500),
            (".25", 250),
            ("90s", 90_000),
            ("500ms", 500),
            ("1h 30m", 5_400_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
            assert_eq!(limit(text), Ok(Limit(Some(Duration::from_millis(milliseconds)))), "{text}");
        }
        assert_eq!(limit("forever"), Ok(Limit(None)));
        for text in ["", ".", "1.2.3", "-1", "soon", "1e3", "NaN", "inf", "99999999999999999999999"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_json_pointer_is_taken_for_one() {
        for text in ["", "/", "/data", "/data/a~0b~1c", "/data/", "/0"] {
            assert_eq!(pointer(text).as_deref(), Ok(text));
        }
        for text in ["data", "data/code", "#/data", "/data/~", "/data/~2", ".data", " /data"] {
            assert!(pointer(text).is_err(), "{text}");
        }
    }

    #[test]
    fn retries_are_a_number_or_always() {
        assert_eq!((retries("0"), retries("7"), retries("always")), (Ok(0), Ok(7), Ok(u32::MAX)));
        for text in ["", "-1", "never", "1.5", "5000000000"] {
            assert!(retries(text).is_err(), "{text}");
        }
    }
}
