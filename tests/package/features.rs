//! The library without what its cargo features bring: `make release FEATURES=` builds that.

use std::process::Command;
use testkit::{process, root};

const REFUSED: &str = "a_client_certificate_is_refused_without_the_feature";

#[test]
fn without_client_certificates_their_setters_are_refused() {
    let mut tests = Command::new(env!("CARGO"));
    tests.current_dir(root()).args(["test", "--package", "anchor-events", "--lib", "--no-default-features", REFUSED]);
    let said = process::output(&mut tests);
    assert!(said.contains("test result: ok. 1 passed"), "{said}");
}
