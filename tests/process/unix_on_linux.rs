//! The library as macOS runs it, as far as Linux can: with the feature `unix-on-linux` an event is a pipe, a poll counts in
//! milliseconds, and a process is known by its id (src/sys/unix.rs). This runs the library's own tests with it, those of what
//! depends on these, and those of fork.

use testkit::library::{self, as_a_user_calls_it};
use testkit::process::output;
use testkit::root;

/// In tests/behaviour: what blocks, what wakes it, and when it ends.
const BEHAVIOUR: [&str; 9] = [
    "cancel::",
    "connections::",
    "deadlines::",
    "interrupt::",
    "lookup::",
    "queue::",
    "queue_callback::",
    "reactor::",
    "shared_lookup::",
];

#[test]
fn the_tests_pass_with_what_macos_uses() {
    test(&["--lib"]);
    let behaviour = ["--test", "behaviour", "--"].into_iter().chain(BEHAVIOUR).collect::<Vec<_>>();
    test(&behaviour);
    test(&["--test", "fork"]);
    // In the same target directory, so that other crates are not built again. So the library in it is Linux's own once more.
    library::debug();
}

/// Runs tests with the feature. At least one has to run.
fn test(arguments: &[&str]) {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    as_a_user_calls_it(&mut cargo);
    cargo.current_dir(root()).args(["test", "--package", "anchor-events", "--features", "unix-on-linux"]);
    let printed = output(cargo.args(arguments));
    assert!(printed.contains("... ok"), "{printed}");
}
