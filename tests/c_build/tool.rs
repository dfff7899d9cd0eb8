//! Programs that a test needs and a machine may lack. What is missing is said; with ANCHOR_TEST_REQUIRE_ALL=1 it fails.

use std::io::Write;
use std::process::{Command, Stdio};

/// Whether the tool is there. If not, the test has nothing to do.
pub fn is_there(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        let required = std::env::var_os("ANCHOR_TEST_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(!required, "{tool} is missing, and ANCHOR_TEST_REQUIRE_ALL=1 wants every tool");
        // Not by println, which a passing test keeps to itself.
        let _ = writeln!(std::io::stderr(), "skipped: {tool} is missing");
    }
    found
}

/// The same for a package of which a file tells whether it is installed.
pub fn is_installed(package: &str, file: &str) -> bool {
    let found = std::path::Path::new(file).exists();
    if !found {
        let required = std::env::var_os("ANCHOR_TEST_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(!required, "{package} is missing, and ANCHOR_TEST_REQUIRE_ALL=1 wants everything");
        println!("skipped: {package} is missing");
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

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
