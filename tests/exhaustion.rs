//! What the machine refuses: every allocation of every function of the C API once (tests/exhaustion/memory.c), more memory
//! altogether (address_space.c), and to write anywhere. What is short of descriptors or threads is tests/c/limits.c.

mod c_build;

use c_build::compiler::{Linkage, compile};
use c_build::program::{run, without_settings};
use c_build::server::Server;
use c_build::tool;
use std::process::Command;

/// What hands out a string, and so ends with an allocation of the boundary's own.
const WITH_STRING: [&str; 10] = [
    "take_an_event",
    "take_an_error",
    "signal_an_event",
    "refuse_an_argument",
    "read_stats",
    "get_from_json",
    "start_a_wait",
    "get_an_escaped_string",
    "get_a_nested_value",
    "take_a_refusal_of_data",
];

#[test]
fn each_allocation_that_fails_is_an_answer_or_a_clean_abort() {
    if !tool::is_there("cc") {
        return;
    }
    let server = Server::start();
    let mut program = Command::new(compile("cc", "tests/exhaustion/memory.c", Linkage::Shared));
    without_settings(&mut program);
    let outcome = run(server.configure(&mut program));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:#?}");
    println!("{}", outcome.stdout);
    for name in WITH_STRING {
        let line = outcome.stdout.lines().find(|line| line.starts_with(&format!("{name}:"))).expect("it was called");
        assert!(line.ends_with("the last is answered"), "{line}");
    }
    let aborting = |line: &&str| line.starts_with("get_") && !line.contains(" 0 aborted");
    assert_eq!(outcome.stdout.lines().find(aborting), None, "a value of a JSON text is NULL without memory");
    assert_eq!(outcome.stdout.lines().count(), 12, "{}", outcome.stdout);
}

/// Not what is as large as the other side or the caller likes: it is allocated in the whole, or answered.
#[test]
fn an_answer_and_data_that_no_memory_is_left_for_are_answers() {
    if !tool::is_there("cc") {
        return;
    }
    let server = Server::start();
    let mut program = Command::new(compile("cc", "tests/exhaustion/large.c", Linkage::Shared));
    without_settings(&mut program);
    let outcome = run(server.configure(&mut program));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:#?}");
}

#[test]
fn no_more_address_space_is_an_answer() {
    if !tool::is_there("cc") {
        return;
    }
    let server = Server::start();
    let mut program = Command::new(compile("cc", "tests/exhaustion/address_space.c", Linkage::Shared));
    without_settings(&mut program);
    let outcome = run(server.configure(&mut program));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:#?}");
}

/// In a mount namespace of its own, where every mount is read-only: the library keeps nothing in files.
#[test]
fn a_read_only_file_system_will_do() {
    let namespace = ["--map-root-user", "--mount", "--"];
    let may = Command::new("unshare").args(namespace).arg("true").output().is_ok_and(|run| run.status.success());
    if !tool::is_there("cc") || !tool::is_found("unshare, with leave to make namespaces", may) {
        return;
    }
    let script = r#"
        cut -d " " -f 2 /proc/self/mounts | while read -r mounted; do
            mount -o remount,bind,ro "$mounted" 2>/dev/null || :
        done
        for folder in . /tmp "$HOME" "$(dirname "$0")"; do
            ! touch "$folder/anchor-writes" 2>/dev/null || { rm "$folder/anchor-writes"; echo "$folder can be written"; exit 1; }
        done
        exec "$0""#;
    let server = Server::start_with_tls();
    let mut program = Command::new("unshare");
    without_settings(&mut program);
    program.args(namespace).args(["sh", "-c", script]).arg(compile("cc", "tests/c/tls.c", Linkage::Shared));
    let plain = Server::start();
    program.env("ANCHOR_TEST_TLS_URL", &server.url);
    program.env("ANCHOR_TEST_CA_FILE", server.ca_file.as_deref().expect("it speaks TLS"));
    let outcome = run(plain.configure(&mut program));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:#?}");
    assert!(outcome.stdout.lines().count() > 0, "no case ran");
}
