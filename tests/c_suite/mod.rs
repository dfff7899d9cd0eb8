//! The C and C++ programs of the repository and what they have to do: tests/c and tests/cpp here, examples-c in `examples`.
//! In which ways they are built and run is for the test that has this as a module: its `builds`.

mod examples;

use crate::builds;
use crate::c_build::files;
use crate::c_build::program::run;
use crate::c_build::server::Server;

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

c_tests! { arguments calls cancel config fork fork_emulated fork_threads hang_up limits log pending pending_fork pending_threads statuses text thread_cancel threads tls trust }

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
        let server = Server::start();
        let secure = Server::start_with_tls();
        let mut command = build.command();
        command.env("ANCHOR_TEST_TLS_URL", &secure.url);
        command.env("ANCHOR_TEST_CA_FILE", secure.ca_file.as_deref().expect("it speaks TLS"));
        let outcome = run(server.configure(&mut command));
        let quiet = outcome.stderr.is_empty() && outcome.stdout.lines().all(|line| line.starts_with("ok "));
        assert!(outcome.status.success() && quiet, "{source}, {}: {outcome:#?}", build.how);
        assert!(outcome.stdout.lines().count() > 0, "{source}, {}: no case ran", build.how);
    }
}
