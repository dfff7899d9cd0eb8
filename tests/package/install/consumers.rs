//! Consumers: each is built in an empty folder against an installed prefix, with one of the tools that build C and C++
//! programs, and runs against the local server.

use crate::ffi::has_ziglang;
use crate::installed::{self, beside, prefix};
use std::path::{Path, PathBuf};
use std::process::Command;
use testkit::local_server::LocalServer;
use testkit::{empty_scratch, process, root, scratch, tools};

/// An empty folder with these files of tests/package/consumers in it.
pub fn folder_with(name: &str, sources: &[&str]) -> PathBuf {
    let folder = empty_scratch(&format!("install/{name}"));
    for source in sources {
        let source = root().join("tests/package/consumers").join(source);
        let copy = folder.join(source.file_name().expect("a file"));
        std::fs::copy(&source, copy).unwrap_or_else(|e| panic!("{}: {e}", source.display()));
    }
    folder
}

/// Runs a shell command in the folder; its tools find the installed library.
pub fn shell(prefix: &Path, folder: &Path, line: &str) -> String {
    process::output(beside(prefix, "sh").current_dir(folder).args(["-ec", line]))
}

/// Runs a consumer, which signals an event and waits for it.
pub fn runs(mut command: Command) {
    let server = LocalServer::with_faults();
    let outcome = process::run(server.configure(&mut command));
    let expected = format!("libanchor {}: ANCHOR_OK 123456\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (expected.as_str(), ""), "{command:?}");
    assert!(outcome.status.success());
}

/// Builds with one shell command and runs the program, which finds the shared library.
fn builds_and_runs(name: &str, sources: &[&str], line: &str) {
    let folder = folder_with(name, sources);
    shell(prefix(), &folder, line);
    runs(beside(prefix(), folder.join("program").to_str().expect("UTF-8")));
}

/// The same without it: what is linked statically needs no library.
fn builds_and_runs_alone(name: &str, sources: &[&str], line: &str) {
    let folder = folder_with(name, sources);
    shell(prefix(), &folder, line);
    runs(installed::outside(folder.join("program").to_str().expect("UTF-8")));
    let needed = process::output(Command::new("readelf").args(["--dynamic", "--wide"]).arg(folder.join("program")));
    assert!(!needed.contains("libanchor"), "{needed}");
}

#[test]
fn plain_cc() {
    builds_and_runs("cc", &["round.c"], &format!("cc round.c {} -o program", installed::flags()));
}

#[test]
fn cpp() {
    if tools::has("c++") && tools::has("pkg-config") {
        builds_and_runs(
            "cpp",
            &["round.cpp"],
            "c++ -std=c++17 -Wall -Wextra -Wpedantic -Werror round.cpp $(pkg-config --cflags --libs anchor) -o program",
        );
    }
}

#[test]
fn dlopen() {
    let line = format!("cc dlopen.c -I{}/include -ldl -o program", prefix().display());
    builds_and_runs("dlopen", &["dlopen.c"], &line);
}

#[test]
fn pkg_config() {
    if tools::has("pkg-config") {
        let line = "cc round.c $(pkg-config --cflags --libs anchor) -o program";
        builds_and_runs("pkg-config", &["round.c"], line);
        let line =
            "cc round.c $(pkg-config --static --cflags --libs anchor | sed s/-lanchor/-l:libanchor.a/) -o program";
        builds_and_runs_alone("pkg-config-static", &["round.c"], line);
    }
}

/// libgcc_s exists only as a shared library; the compiler takes libgcc_eh in its place. getaddrinfo is linked, but glibc loads
/// shared objects for names that are not in /etc/hosts: the linker warns of it, and an address does not need it.
#[test]
fn static_pie() {
    if !tools::has("pkg-config") {
        return;
    }
    let line = "cc -static-pie round.c $(pkg-config --static --cflags --libs anchor) -o program";
    builds_and_runs_alone("static-pie", &["round.c"], line);
    needs_no_loader(&scratch("install/static-pie").join("program"));
}

/// Zig adds no library that unwinds to a program in C.
#[test]
fn zig_cc() {
    if tools::has("pkg-config") && has_ziglang() {
        let line = "python3 -m ziglang cc round.c -o program \
            $(pkg-config --static --cflags --libs anchor | sed s/-lanchor/-l:libanchor.a/) -lunwind";
        builds_and_runs_alone("zig-cc", &["round.c"], line);
    }
}

/// It is static as a whole.
fn needs_no_loader(program: &Path) {
    let segments = process::output(Command::new("readelf").args(["--program-headers", "--wide"]).arg(program));
    assert!(!segments.contains("INTERP"), "{segments}");
}

/// What CMake or Meson built in the folder, each linked in one way.
fn each_runs(folder: &Path, shared: impl Fn(&str) -> Command) {
    let built = |name: &str| folder.join("build").join(name);
    runs(shared(built("shared").to_str().expect("UTF-8")));
    for name in ["static", "alone"] {
        runs(installed::outside(built(name).to_str().expect("UTF-8")));
    }
    needs_no_loader(&built("alone"));
}

#[test]
fn a_second_rust_library() {
    if !tools::has("pkg-config") {
        return;
    }
    let folder = folder_with("second", &["two.c", "second.rs"]);
    let line = "rustc --edition 2024 --crate-type staticlib -O second.rs -o libsecond.a
        cc two.c $(pkg-config --static --cflags --libs anchor | sed s/-lanchor/-l:libanchor.a/) libsecond.a -lm -o program
        cc two.c $(pkg-config --cflags anchor) libsecond.a $(pkg-config --static --libs anchor | sed s/-lanchor/-l:libanchor.a/) \
            -Wl,--gc-sections -o program-other-order";
    shell(prefix(), &folder, line);
    for program in ["program", "program-other-order"] {
        runs(installed::outside(folder.join(program).to_str().expect("UTF-8")));
    }
}

#[test]
fn cmake() {
    if tools::has("cmake") {
        let folder = folder_with("cmake", &["round.c", "cmake/CMakeLists.txt"]);
        shell(prefix(), &folder, "cmake -S . -B build && cmake --build build");
        each_runs(&folder, installed::outside);
    }
}

#[test]
fn cmake_cpp() {
    if tools::has("cmake") && tools::has("c++") {
        let folder = folder_with("cmake-cpp", &["round.cpp", "cmake-cpp/CMakeLists.txt"]);
        shell(prefix(), &folder, "cmake -S . -B build && cmake --build build");
        runs(installed::outside(folder.join("build/shared").to_str().expect("UTF-8")));
        runs(installed::outside(folder.join("build/static").to_str().expect("UTF-8")));
    }
}

#[test]
fn cmake_fetch_content() {
    if tools::has("cmake") {
        let folder = folder_with("fetch-content", &["round.c", "fetch-content/CMakeLists.txt"]);
        let profile = std::env::var("ANCHOR_TEST_PROFILE").unwrap_or_else(|_| "release".to_owned());
        let configure = format!("cmake -S . -B build -DANCHOR_SOURCE={} -DANCHOR_PROFILE={profile}", root().display());
        shell(prefix(), &folder, &format!("{configure} && cmake --build build"));
        each_runs(&folder, installed::outside);
    }
}

#[test]
fn meson() {
    if tools::has("meson") && tools::has("ninja") {
        let folder = folder_with("meson", &["round.c", "meson/meson.build"]);
        shell(prefix(), &folder, "meson setup build && meson compile -C build");
        each_runs(&folder, |program| beside(prefix(), program));
    }
}

#[test]
fn an_installed_tree_can_be_moved() {
    if !tools::has("pkg-config") {
        return;
    }
    let moved = empty_scratch("install/moved").join("somewhere else");
    shell(prefix(), prefix(), &format!("cp -a . '{}'", moved.display()));
    let folder = folder_with("moved-consumer", &["round.c", "cmake/CMakeLists.txt"]);
    let line = "eval cc round.c $(pkg-config --cflags --libs anchor) -o program";
    shell(&moved, &folder, line);
    runs(beside(&moved, folder.join("program").to_str().expect("UTF-8")));
    if tools::has("cmake") {
        shell(&moved, &folder, "cmake -S . -B build && cmake --build build --target static");
        runs(installed::outside(folder.join("build/static").to_str().expect("UTF-8")));
    }
}
