//! Programs that a test needs and a machine may lack. What is missing is said; with ANCHOR_TEST_REQUIRE_ALL=1 it fails.

use std::io::Write;
use std::process::{Command, Stdio};

/// Whether the tool is there. If not, the test has nothing to do.
pub fn is_there(tool: &str) -> bool {
    is_found(tool, Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok())
}

/// The same for a package of which a file tells whether it is installed.
pub fn is_installed(package: &str, file: &str) -> bool {
    is_found(package, std::path::Path::new(file).exists())
}

/// The same for what the test has looked for itself.
pub fn is_found(what: &str, found: bool) -> bool {
    if !found {
        let required = std::env::var_os("ANCHOR_TEST_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(!required, "{what} is missing, and ANCHOR_TEST_REQUIRE_ALL=1 wants everything");
        // Not by println, which a passing test keeps to itself.
        let _ = writeln!(std::io::stderr(), "skipped: {what} is missing");
    }
    found
}

/// Runs a tool that has to succeed, and gives what it printed.
pub fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?} failed with {}\n{stdout}{stderr}", output.status);
    stdout
}

/// By the shell, in which it is built; a minimal system has no such command.
pub fn kill(pid: u32, signal: &str) {
    output(Command::new("sh").args(["-c", &format!("kill {signal} {pid}")]));
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
