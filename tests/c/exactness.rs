//! How exact deadlines and cancels are where the programs run. `make cross` keeps the numbers for docs/platforms.md.

use serde_json::Value;
use std::time::Duration;
use testkit::c_build::compiler::{Linkage, compile};
use testkit::process::{run, without_settings};
use testkit::target::Target;
use testkit::tools;

/// The coarsest clock tick that a system has: that of Windows.
const TICK: Duration = Duration::from_millis(16);

/// The best of all rounds is compared: a loaded machine delays some.
#[test]
fn a_wait_ends_at_its_deadline_and_soon_after_a_cancel() {
    let target = Target::of_programs();
    if target.is_host() && !tools::has("cc") {
        return;
    }
    let mut command = target.command(compile("cc", "tests/c/measured/exactness.c", Linkage::Static));
    without_settings(&mut command);
    command.env("ANCHORBROWSER_API_KEY", "not sent to anyone");
    let outcome = run(&mut command);
    assert!(outcome.status.success(), "{outcome:#?}");
    let measured: Value = serde_json::from_str(&outcome.stdout).expect("one line of JSON");
    let late = |pointer: &str| measured.pointer(pointer).and_then(Value::as_i64).expect("a number");
    assert!(late("/deadline/least_us") >= 0, "a wait ended before its deadline: {measured}");
    for what in ["/deadline/least_us", "/cancel/least_us"] {
        assert!(u128::try_from(late(what)).expect("never early") <= TICK.as_micros(), "{what}: {measured}");
    }
    if let Ok(file) = std::env::var("ANCHOR_TEST_EXACTNESS") {
        std::fs::write(&file, &outcome.stdout).unwrap_or_else(|e| panic!("{file}: {e}"));
    }
}
