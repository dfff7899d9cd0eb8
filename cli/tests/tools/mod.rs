//! Programs that some tests need and a machine may not have.

use std::env;
use std::io::Write;

/// Whether the program is there. If not, the test says so and passes, unless everything is required.
pub fn has(program: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    if env::split_paths(&paths).any(|folder| folder.join(program).is_file()) {
        return true;
    }
    missing(program)
}

/// Says that something is missing.
pub fn missing(what: &str) -> bool {
    assert!(env::var_os("ANCHOR_TEST_REQUIRE_ALL").is_none(), "{what} is missing, and ANCHOR_TEST_REQUIRE_ALL is set");
    let _ = writeln!(std::io::stderr(), "skipped: {what} is not installed");
    false
}
