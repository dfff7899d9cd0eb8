//! Programs that a test runs: to their end, or until they hang.

use crate::target::Target;
use crate::{PATIENCE, until};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What a program printed and how it ended.
#[derive(Debug)]
pub struct Outcome {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> Outcome {
    run_within(command, PATIENCE)
}

/// The same for a program that may take longer.
pub fn run_within(command: &mut Command, limit: Duration) -> Outcome {
    let child = spawn(command);
    finish_within(child, &format!("{command:?}"), limit)
}

/// Runs a tool that has to succeed, and returns what it printed.
pub fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?} failed with {}\n{stdout}{stderr}", output.status);
    stdout
}

pub fn spawn(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"))
}

/// Waits for its end; a program that hangs is killed, and the test fails.
pub fn finish(child: Child, what: &str) -> Outcome {
    finish_within(child, what, PATIENCE)
}

fn finish_within(child: Child, what: &str, limit: Duration) -> Outcome {
    let pid = child.id();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(limit) else {
        kill(pid, "-KILL");
        panic!("{what} does not end");
    };
    let output = output.expect("a child of this process");
    Outcome { status: output.status, stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// Removes from its environment what the machine may have set up for a real account.
pub fn without_settings(command: &mut Command) {
    let of_the_library = |name: &str| {
        let name = name.to_ascii_uppercase();
        name.starts_with("ANCHOR") || name.ends_with("_PROXY") || name == "LD_LIBRARY_PATH"
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_the_library)) {
        command.env_remove(name);
    }
}

/// It ignores no signal that ends a command, whatever the tests were started with: a child inherits what nohup ignores, or a shell
/// for a job in the background.
#[cfg(unix)]
pub fn with_every_signal(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt;
    let listen = || {
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
            // SAFETY: it may be called after fork, and names no handler.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        Ok(())
    };
    // SAFETY: the closure allocates nothing and takes no lock.
    unsafe { command.pre_exec(listen) }
}

/// Sends a signal by the shell's own `kill`, since a minimal system has no other.
pub fn kill(pid: u32, signal: &str) {
    output(Command::new("sh").args(["-c", &format!("kill {signal} {pid}")]));
}

/// Waits until the first thread of a program blocks.
pub fn until_asleep(pid: u32) {
    let is_asleep = |status: String| status.contains("\nState:\tS");
    until("the program blocks", || std::fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(is_asleep));
}

/// The resident memory of a running process.
pub fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a running process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a running process has a VmRSS");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// With the line ends that a program of C writes: on Windows its library makes two characters of them.
pub fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if Target::of_programs().is_windows() { text.replace("\r\n", "\n") } else { text.into_owned() }
}
