//! The C and C++ programs of the repository with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer, and with
//! ThreadSanitizer, in the library as in the programs; with the first, a panic aborts. `make sanitize` runs it.

mod suite;

use testkit::c_build::sanitizer::{Sanitizer, builds};
use testkit::local_server::LocalServer;
use testkit::process::{Outcome, run};

/// What each must report of tests/c/sanitized/faults.c.
const FAULTS: [(Sanitizer, &str, &str); 8] = [
    (Sanitizer::Address, "a_string_is_read_after_its_free", "AddressSanitizer: heap-use-after-free"),
    (Sanitizer::Address, "the_library_reads_settings_after_their_free", "AddressSanitizer: heap-use-after-free"),
    (Sanitizer::Address, "an_answer_is_not_freed", "LeakSanitizer: detected memory leaks"),
    (Sanitizer::Address, "a_client_is_not_freed", "LeakSanitizer: detected memory leaks"),
    (Sanitizer::Address, "an_integer_overflows", "runtime error: signed integer overflow"),
    (Sanitizer::Thread, "two_threads_write", "ThreadSanitizer: data race"),
    (Sanitizer::Thread, "two_threads_change_settings", "ThreadSanitizer: data race"),
    (Sanitizer::Thread, "a_client_is_freed_beside_a_call", "WARNING: ThreadSanitizer: "),
];

#[test]
fn each_sanitizer_reports_what_it_is_for() {
    for build in builds("tests/c/sanitized/faults.c") {
        let server = LocalServer::with_faults();
        for (_, fault, report) in FAULTS.into_iter().filter(|fault| Some(fault.0) == build.sanitizer()) {
            let outcome = run(server.configure(&mut build.command()).arg(fault));
            assert!(!outcome.status.success() && outcome.stderr.contains(report), "{fault}: {outcome:#?}");
        }
    }
}

/// It also shows that no other program of the suite panics: all of them run here, where a panic aborts.
#[test]
fn a_panic_is_caught_or_aborts_as_built() {
    for build in builds("tests/c/sanitized/panics.c") {
        let outcome = run(LocalServer::with_faults().configure(&mut build.command()));
        match build.sanitizer() {
            Some(Sanitizer::Address) => assert!(has_aborted(&outcome), "{outcome:#?}"),
            _ => assert!(outcome.status.success() && outcome.stdout.lines().count() == 6, "{outcome:#?}"),
        }
        assert!(outcome.stderr.contains("a test asked for it"), "{outcome:#?}");
    }
}

fn has_aborted(outcome: &Outcome) -> bool {
    use std::os::unix::process::ExitStatusExt;
    outcome.status.signal() == Some(libc::SIGABRT)
}
