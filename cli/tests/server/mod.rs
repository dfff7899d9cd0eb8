//! The local server of a test, from `testkit`.
#![allow(unused_imports, reason = "every test file uses its own part")]

use std::process::Child;
pub use testkit::http::{Answer, Http};
pub use testkit::local_server::{LocalServer as Server, TOKEN};
pub use testkit::{PATIENCE, until};

#[allow(dead_code, reason = "every test file uses its own part")]
pub fn kill(child: &Child, signal: &str) {
    testkit::process::kill(child.id(), signal);
}
