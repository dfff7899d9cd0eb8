//! Every allocation of every function of the C API fails once: tests/exhaustion/memory.c. What is short of descriptors or
//! threads is tests/c/limits.c.

mod c_build;

use c_build::compiler::{Linkage, compile};
use c_build::program::{run, without_settings};
use c_build::server::Server;
use c_build::tool;
use std::process::Command;

/// What hands out a string, and so ends with an allocation of the boundary's own.
const WITH_STRING: [&str; 7] = [
    "take_an_event",
    "take_an_error",
    "signal_an_event",
    "refuse_an_argument",
    "read_stats",
    "get_from_json",
    "start_a_wait",
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
    assert_eq!(outcome.stdout.lines().count(), 9, "{}", outcome.stdout);
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
