//! SIGHUP, SIGINT and SIGTERM. A signal that is ignored when the command starts stays ignored, as nohup and `&` ask for.

use std::future;
use std::io;
use std::process::{self, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::{flag, low_level};
use tokio::signal::unix::SignalKind;

const ENDING: [i32; 3] = [SIGHUP, SIGINT, SIGTERM];

/// A signal that ends the command.
#[derive(Clone, Copy, Debug)]
pub struct Signal(i32);

impl Signal {
    pub fn name(self) -> String {
        name(self.0)
    }

    /// Ends the process by the signal's default action.
    pub fn end(self) -> ! {
        let _ = low_level::emulate_default_handler(self.0);
        process::exit(128 + self.0);
    }
}

/// The signal's name, such as SIGTERM.
pub fn name(signal: i32) -> String {
    low_level::signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned)
}

/// Calls `act` at the first signal, on a thread of its own. The second signal ends the process at once.
pub fn on_first(act: impl FnOnce(Signal) + Send + 'static) -> io::Result<()> {
    let handled: Vec<i32> = ENDING.into_iter().filter(|signal| !is_ignored(*signal)).collect();
    let is_second = Arc::new(AtomicBool::new(false));
    for signal in &handled {
        // In this order: a handler looks at the flag before it sets it.
        flag::register_conditional_default(*signal, Arc::clone(&is_second))?;
        flag::register(*signal, Arc::clone(&is_second))?;
    }
    let mut signals = Signals::new(handled)?;
    let take_first = move || {
        if let Some(signal) = signals.forever().next() {
            act(Signal(signal));
        }
    };
    thread::Builder::new().name("signals".into()).spawn(take_first).map(drop)
}

/// Resolves at the first SIGINT or SIGTERM. Both are handled from now on, not only once it is awaited.
pub fn received_by_server() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = handled(SignalKind::interrupt())?;
    let mut terminate = handled(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            () = received(&mut interrupt) => {}
            () = received(&mut terminate) => {}
        }
    })
}

fn handled(kind: SignalKind) -> io::Result<Option<tokio::signal::unix::Signal>> {
    if is_ignored(kind.as_raw_value()) { Ok(None) } else { tokio::signal::unix::signal(kind).map(Some) }
}

async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => future::pending().await,
    }
}

/// Makes the status of a child process known, also where the parent of this process ignores SIGCHLD: that is inherited,
/// and the system then forgets the status.
pub fn keep_child_status() -> io::Result<()> {
    flag::register(SIGCHLD, Arc::default()).map(drop)
}

/// Whether this process ignores the signal. Before a handler is installed: whether its parent wanted that.
fn is_ignored(signal: i32) -> bool {
    is_ignored_by_proc(signal).unwrap_or_else(|| is_ignored_by_child(signal))
}

/// What Linux says in /proc.
fn is_ignored_by_proc(signal: i32) -> Option<bool> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
    Some(mask >> (signal - 1) & 1 == 1)
}

/// Elsewhere: a child inherits what is ignored, so a shell that outlives the signal ignores it.
fn is_ignored_by_child(signal: i32) -> bool {
    let name = name(signal);
    let name = name.trim_start_matches("SIG");
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
        assert!(is_ignored_by_proc(signal_hook::consts::SIGPIPE).is_none_or(|is_ignored| is_ignored));
        for signal in ENDING {
            let by_child = is_ignored_by_child(signal);
            assert_eq!(is_ignored_by_proc(signal).unwrap_or(by_child), by_child, "{}", name(signal));
        }
    }
}
