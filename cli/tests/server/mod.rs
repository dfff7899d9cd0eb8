//! The local server of a test, from `testkit`.
#![allow(unused_imports, reason = "every test file uses its own part")]

use std::ffi::OsString;
use std::process::Child;

pub use testkit::http::{Answer, Http};
pub use testkit::local_server::{LocalServer as Server, TOKEN};
pub use testkit::{PATIENCE, until};

/// The command: as cargo has built it, or for another system, by a script that runs it there.
#[allow(dead_code, reason = "every test file uses its own part")]
pub fn program() -> OsString {
    std::env::var_os("ANCHOR_TEST_COMMAND").unwrap_or_else(|| env!("CARGO_BIN_EXE_anchor-events").into())
}

#[allow(dead_code, reason = "every test file uses its own part")]
pub fn kill(child: &Child, signal: &str) {
    testkit::process::kill(child.id(), signal);
}
