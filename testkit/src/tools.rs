//! The one rule for what a test needs and a machine may lack: the test names it on stderr and passes, so that `make test`
//! works on a bare machine. With ANCHOR_TEST_REQUIRE_ALL=1 it fails.

use std::env;
use std::io::Write;

/// Whether the program is in PATH. If not, the test has nothing to do.
pub fn has(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    has_when(program, env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// The same for what the test has looked for itself.
pub fn has_when(what: &str, found: bool) -> bool {
    found || missing(what)
}

/// Names what is missing, and returns false.
#[track_caller]
pub fn missing(what: &str) -> bool {
    let required = env::var_os("ANCHOR_TEST_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!required, "{what} is missing, and ANCHOR_TEST_REQUIRE_ALL=1 asks for everything");
    let thread = std::thread::current();
    // The harness keeps what a passing test prints by println to itself.
    let _ = writeln!(std::io::stderr(), "skipped: {}: {what} is missing", thread.name().unwrap_or("a test"));
    false
}
