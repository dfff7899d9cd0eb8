//! The C and C++ programs of the repository and what they must do: tests/c and tests/cpp here, examples-c in `examples`. The
//! test program that includes this module decides how they are built and run, with its `builds`.

mod examples;

use crate::builds;
use testkit::files;
use testkit::local_server::LocalServer;
use testkit::process::run;

/// One Rust test for each file of tests/c.
macro_rules! c_tests {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                c_test(concat!("tests/c/", stringify!($name), ".c"));
            }
        )+

        #[test]
        fn every_file_of_tests_c_is_run() {
            assert_eq!(files("tests/c", ".c"), [$(concat!(stringify!($name), ".c")),+]);
        }
    };
}

c_tests! { arguments calls cancel config descriptors fork fork_emulated fork_lookup fork_threads hang_up limits log many options queue queue_end queue_fork queue_threads signals started started_fork started_threads statuses text thread_cancel threads tls trust trust_unreadable }

#[test]
fn from_cpp() {
    c_test("tests/cpp/language.cpp");
}

#[test]
fn the_cpp_wrapper() {
    c_test("tests/cpp/wrapper.cpp");
}

/// Its stdout is "ok" and the name of each case, its stderr empty: the library prints nothing itself.
fn c_test(source: &str) {
    for build in builds(source) {
        let server = LocalServer::with_faults();
        let (secure, ca_file) = LocalServer::with_tls();
        let mut command = build.command();
        command.env("ANCHOR_TEST_TLS_URL", &secure.url);
        command.env("ANCHOR_TEST_CA_FILE", ca_file);
        let outcome = run(server.configure(&mut command));
        let quiet = outcome.stderr.is_empty() && outcome.stdout.lines().all(|line| line.starts_with("ok "));
        assert!(outcome.status.success() && quiet, "{source}, {}: {outcome:#?}", build.how);
        assert!(outcome.stdout.lines().count() > 0, "{source}, {}: no case ran", build.how);
    }
}
