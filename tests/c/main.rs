//! The C and C++ programs of the repository: compiled, linked in each way, run against the event server, and checked by
//! valgrind. tests/c has tests of the API, examples-c what a user reads first. With sanitizers: tests/c/sanitizers.rs.

mod exactness;
mod header;
mod suite;
mod windows;

use std::process::Command;
use testkit::c_build::compiler;
use testkit::c_build::compiler::Linkage;
use testkit::c_build::program::builds;
use testkit::local_server::LocalServer;
use testkit::process::{run, without_settings};
use testkit::target::NATIVE_LIBRARIES;
use testkit::{library, process, root, scratch, skipped, tools};

/// With and without exceptions. What a standard adds, such as std::stop_token, has cases of its own in the program.
#[test]
fn the_cpp_wrapper_in_each_standard() {
    for compiler in ["c++", "clang++"] {
        if !tools::has(compiler) {
            continue;
        }
        for standard in ["-std=c++17", "-std=c++20", "-std=c++2b"] {
            for exceptions in ["-fexceptions", "-fno-exceptions"] {
                let flags = [standard, exceptions, "-Wconversion", "-Wshadow"];
                let program = compiler::compile_with(compiler, "tests/cpp/wrapper.cpp", Linkage::Shared, &flags);
                let server = LocalServer::with_faults();
                let mut command = Command::new(program);
                without_settings(&mut command);
                let outcome = run(server.configure(&mut command));
                assert!(outcome.status.success(), "{compiler} {flags:?}: {outcome:#?}");
                let has = |case: &str| outcome.stdout.contains(case);
                assert_eq!(has("ok a_stop_token_cancels"), has_stop_token(compiler, standard), "{flags:?}");
                assert_eq!(has("ok the_other_half_throws"), exceptions == "-fexceptions", "{flags:?}");
            }
        }
    }
}

/// An exception must not reach the library, so the compiler refuses a callback that may throw, and says why.
#[test]
fn a_queue_takes_noexcept_callbacks_only() {
    if !tools::has("c++") {
        return;
    }
    let source = scratch("programs").join("callback.cpp");
    for (callback, is_taken) in [("[]() noexcept {}", true), ("[] {}", false), ("[](int) noexcept {}", false)] {
        let program = format!("#include <anchor.hpp>\nint main() {{ anchor::queue().set_callback({callback}); }}\n");
        std::fs::write(&source, program).expect("a scratch file");
        let mut compile = Command::new("c++");
        compile.current_dir(root()).args(["-std=c++17", "-fsyntax-only", "-I", "include"]).arg(&source);
        let outcome = run(&mut compile);
        assert_eq!(outcome.status.success(), is_taken, "{callback}: {outcome:#?}");
        assert!(is_taken || outcome.stderr.contains("the callback is noexcept and takes nothing"), "{outcome:#?}");
    }
}

/// Whether the compiler's library says so.
fn has_stop_token(compiler: &str, standard: &str) -> bool {
    let mut command = Command::new(compiler);
    command.args([standard, "-dM", "-E", "-x", "c++", "-include", "version", "/dev/null"]);
    standard != "-std=c++17" && process::output(&mut command).contains("#define __cpp_lib_jthread ")
}

#[test]
fn the_examples_use_threads_as_drd_wants_them_to() {
    if !tools::has("valgrind") || !tools::has("cc") {
        return;
    }
    let suppressions = format!("--suppressions={}", root().join("tests/c/drd.supp").display());
    let runs: [(&str, &[&str], i32); 5] = [
        ("mfa.c", &["271828"], 0),
        ("any.c", &["never", "there"], 0),
        ("all.c", &["-t", "1500", "there", "quiet"], 2),
        ("epoll.c", &["10"], 2),
        ("queue.c", &["3", "3000"], 2),
    ];
    for (file, arguments, code) in runs {
        let program = compiler::compile("cc", &format!("examples-c/{file}"), Linkage::Shared);
        let server = LocalServer::with_faults();
        let mut signal = Command::new(compiler::compile("cc", "examples-c/signal.c", Linkage::Shared));
        without_settings(&mut signal);
        assert_eq!(run(server.configure(&mut signal).arg("there")).code(), Some(0));
        let mut command = Command::new("valgrind");
        without_settings(&mut command);
        command.args(["--quiet", "--tool=drd", "--error-exitcode=98", "--fair-sched=try", &suppressions]).arg(program);
        let outcome = run(server.configure(&mut command).args(arguments));
        assert_eq!(outcome.code(), Some(code), "{file}: {outcome:#?}");
    }
}

/// The commands of a document: its blocks of this kind, one after the other.
fn commands(document: &str, kind: &str) -> String {
    let text = std::fs::read_to_string(root().join(document)).expect("a document of the repository");
    let opening = format!("```{kind}\n");
    text.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

/// In a folder that looks like the repository's root after `make release`, which another test runs.
#[test]
fn the_commands_of_the_readme_work_as_they_stand() {
    if !tools::has("c++") {
        return;
    }
    let commands = commands("examples-c/README.md", "sh");
    let (build, rest) = commands.split_once('\n').expect("commands");
    assert_eq!(build, "make release");
    let library = library::release();
    let folder = scratch("readme");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("target/release")).unwrap();
    let link = |from: &std::path::Path, to: &str| std::os::unix::fs::symlink(from, folder.join(to)).unwrap();
    link(&root().join("include"), "include");
    link(&root().join("examples-c"), "examples-c");
    link(&library.archive(), "target/release/libanchor.a");
    link(&library.shared_object(), "target/release/libanchor.so");

    let server = LocalServer::with_faults();
    let mut shell = Command::new("sh");
    without_settings(&mut shell);
    let outcome = run(server.configure(&mut shell).current_dir(&folder).args(["-e", "-c", rest]));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:#?}");
    for part in ["{\"data\":{\"text\":\"hello\"}}\n", "signs in with the code 271828\n", "ANCHOR_OK"] {
        assert!(outcome.stdout.contains(part), "no {part:?} in {}", outcome.stdout);
    }
    assert_eq!(outcome.stdout.matches("{\"data\":{}}\n").count(), 2, "{}", outcome.stdout);
}

/// A row of tests/skipped.md would hide what it no longer names.
#[test]
fn each_row_of_what_is_skipped_names_something() {
    for row in skipped::rows() {
        let (path, name) =
            row.what.split_once(": ").map_or((row.what.as_str(), None), |(path, name)| (path, Some(name)));
        let sources = sources(&root().join(path));
        assert!(!sources.is_empty(), "{path} is not there");
        let name = name.map(|name| name.rsplit("::").next().expect("a name"));
        let has = |name: &str| sources.iter().any(|text| text.contains(&format!(" {name}(")));
        assert!(name.is_none_or(has), "nothing is called {}", row.what);
        assert!(!row.words.is_empty() && !row.why.is_empty(), "{}", row.what);
    }
}

/// The text of a file, or of all in a folder.
fn sources(path: &std::path::Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(path) else { return std::fs::read_to_string(path).into_iter().collect() };
    entries.flat_map(|entry| sources(&entry.expect("an entry").path())).collect()
}

/// `make demo` without the `make`.
#[test]
fn the_demo_signs_in_and_stops_its_server() {
    if !tools::has("cc") {
        return;
    }
    let mut shell = Command::new("sh");
    without_settings(&mut shell);
    library::as_a_user_calls_it(&mut shell);
    let outcome = run(shell.current_dir(root()).arg("examples-c/demo.sh"));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:#?}");
    assert!(outcome.stdout.contains("agent:   signs in with the code 482913\n"), "{}", outcome.stdout);
    let url = outcome.stdout.split_once("server is at http://").expect("it says where").1;
    let address = url.lines().next().expect("an address");
    assert!(std::net::TcpStream::connect(address).is_err(), "the server at {address} still runs");
}

#[test]
fn the_demo_says_what_is_missing() {
    let mut shell = Command::new("sh");
    let outcome = run(shell.current_dir(root()).arg("examples-c/demo.sh").env("CC", "no-such-compiler"));
    assert!(outcome.code() == Some(1) && outcome.stderr.contains("no-such-compiler"), "{outcome:#?}");
}

/// Each command line that a reader may copy has the libraries that rustc asks for.
#[test]
fn every_command_line_has_the_native_libraries() {
    for file in ["README.md", "docs/install.md", "examples-c/README.md", "examples-c/demo.sh", "Makefile"] {
        let Ok(text) = std::fs::read_to_string(root().join(file)) else { continue };
        for line in text.lines().filter(|line| line.contains("-lgcc_s") && !line.contains("pkg-config")) {
            assert!(line.contains(NATIVE_LIBRARIES), "{file}: {line}");
        }
    }
}
