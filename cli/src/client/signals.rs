//! The signals that end the command: SIGHUP, SIGINT and SIGTERM.
//!
//! The first one cancels the calls that wait. When what came is printed, the command ends by that signal itself, so that
//! a shell stops its loop as well. A second one ends it at once. A signal that is ignored when the command starts stays
//! ignored, as nohup and `&` ask for.

use std::io;
use std::process::{self, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;
use std::time::Duration;

use anchor::{CancelToken, Client};
use anyhow::Context;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::{flag, low_level};

use crate::exit::Failure;

/// Each signal with its name for `kill`.
const ENDING: [(i32, &str); 3] = [(SIGHUP, "HUP"), (SIGINT, "INT"), (SIGTERM, "TERM")];

/// The signal that has come; 0 if none has.
static RECEIVED: AtomicI32 = AtomicI32::new(0);

/// A token that the signals cancel from now on.
pub fn token() -> Result<CancelToken, Failure> {
    let token = CancelToken::new()?;
    let on_signal = token.clone();
    handle(move || on_signal.cancel()).context("cannot install the signal handlers")?;
    Ok(token)
}

/// Makes the signals cancel the client's calls from now on.
pub fn cancel_calls(client: &Client) -> Result<(), Failure> {
    let client = client.clone();
    // It ends the calls that run at that moment. One that is only about to start is ended by the next round.
    let cancel = move || {
        loop {
            client.cancel_all();
            thread::sleep(Duration::from_millis(10));
        }
    };
    Ok(handle(cancel).context("cannot install the signal handlers")?)
}

/// The signal that has come, if one has.
pub fn received() -> Option<i32> {
    Some(RECEIVED.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
}

/// Ends the process by the signal's default action.
pub fn end_by(signal: i32) -> ! {
    let _ = low_level::emulate_default_handler(signal);
    process::exit(128 + signal);
}

/// The name of a signal, such as `SIGTERM`.
pub fn name(signal: i32) -> String {
    low_level::signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned)
}

/// Makes the status of a child process known, also where the parent of this process ignores SIGCHLD: that is inherited,
/// and the system then forgets the status.
pub fn keep_child_status() -> io::Result<()> {
    flag::register(SIGCHLD, Arc::default()).map(drop)
}

fn handle(cancel: impl Fn() + Send + 'static) -> io::Result<()> {
    let handled: Vec<i32> = ENDING.iter().filter(|signal| !is_ignored(signal)).map(|(signal, _)| *signal).collect();
    let is_second = Arc::new(AtomicBool::new(false));
    for signal in &handled {
        // In this order: a handler looks at the flag before it sets it.
        flag::register_conditional_default(*signal, Arc::clone(&is_second))?;
        flag::register(*signal, Arc::clone(&is_second))?;
    }
    let mut signals = Signals::new(handled)?;
    let take_first = move || {
        if let Some(signal) = signals.forever().next() {
            RECEIVED.store(signal, Ordering::SeqCst);
            cancel();
        }
    };
    thread::Builder::new().name("signals".into()).spawn(take_first).map(drop)
}

/// Whether the signal is ignored.
fn is_ignored(signal: &(i32, &str)) -> bool {
    is_ignored_by_proc(signal.0).unwrap_or_else(|| is_ignored_by_child(signal.1))
}

/// What Linux says in /proc.
fn is_ignored_by_proc(signal: i32) -> Option<bool> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
    Some(mask >> (signal - 1) & 1 == 1)
}

/// Elsewhere: a child inherits what is ignored, so a shell that outlives the signal ignores it.
fn is_ignored_by_child(name: &str) -> bool {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "kill -s \"$0\" $$", name]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_see_what_is_ignored_agree() {
        // SIGPIPE is ignored in every Rust program, but not in its children.
        assert_eq!(is_ignored_by_proc(signal_hook::consts::SIGPIPE), Some(true));
        for (signal, name) in ENDING {
            assert_eq!(is_ignored_by_proc(signal), Some(is_ignored_by_child(name)), "{name}");
        }
    }
}
