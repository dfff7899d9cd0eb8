//! `make install`, and its consumers: each is built in an empty folder against an installed prefix, with one of the tools
//! that C and C++ programs are built with, and runs against the event server.

mod c_build;
mod installed;

use c_build::server::Server;
use c_build::{compiler, program, root, tool};
use installed::{beside, empty, install, make, prefix};
use std::path::{Path, PathBuf};
use std::process::Command;

/// An empty folder with these files of tests/consumers in it.
fn folder_with(name: &str, sources: &[&str]) -> PathBuf {
    let folder = empty(&format!("install/{name}"));
    for source in sources {
        let source = root().join("tests/consumers").join(source);
        let copy = folder.join(source.file_name().expect("a file"));
        std::fs::copy(&source, copy).unwrap_or_else(|e| panic!("{}: {e}", source.display()));
    }
    folder
}

/// Runs a shell command in the folder, with the installed library in reach.
fn shell(prefix: &Path, folder: &Path, line: &str) -> String {
    tool::output(beside(prefix, "sh").current_dir(folder).args(["-ec", line]))
}

/// Runs a consumer, which signals an event and waits for it.
fn runs(mut command: Command) {
    let server = Server::start();
    let outcome = program::run(server.configure(&mut command));
    let expected = format!("libanchor {}: ANCHOR_OK 123456\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (expected.as_str(), ""), "{command:?}");
    assert!(outcome.status.success());
}

/// Builds with one shell command and runs what it has made, with the shared library in reach.
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
    let needed = tool::output(Command::new("readelf").args(["--dynamic", "--wide"]).arg(folder.join("program")));
    assert!(!needed.contains("libanchor"), "{needed}");
}

#[test]
fn plain_cc() {
    let prefix = prefix().display();
    builds_and_runs("cc", &["round.c"], &format!("cc round.c -I{prefix}/include -L{prefix}/lib -lanchor -o program"));
}

#[test]
fn cpp() {
    if tool::is_there("c++") {
        builds_and_runs(
            "cpp",
            &["round.cpp"],
            "c++ -std=c++17 round.cpp $(pkg-config --cflags --libs anchor) -o program",
        );
    }
}

#[test]
fn dlopen() {
    let line = "cc dlopen.c $(pkg-config --cflags anchor) -ldl -o program";
    builds_and_runs("dlopen", &["dlopen.c"], line);
}

#[test]
fn pkg_config() {
    if tool::is_there("pkg-config") {
        let line = "cc round.c $(pkg-config --cflags --libs anchor) -o program";
        builds_and_runs("pkg-config", &["round.c"], line);
        let line =
            "cc round.c $(pkg-config --static --cflags --libs anchor | sed s/-lanchor/-l:libanchor.a/) -o program";
        builds_and_runs_alone("pkg-config-static", &["round.c"], line);
    }
}

/// libgcc_s exists as a shared library only, so its static twin takes its place. getaddrinfo is there, but glibc loads
/// shared objects for names other than those of /etc/hosts: the linker says so, and an address needs none of it.
#[test]
fn static_pie() {
    let line =
        "cc -static-pie round.c $(pkg-config --static --cflags --libs anchor | sed s/-lgcc_s/-lgcc_eh/) -o program";
    builds_and_runs_alone("static-pie", &["round.c"], line);
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("install/static-pie/program");
    let segments = tool::output(Command::new("readelf").args(["--program-headers", "--wide"]).arg(program));
    assert!(!segments.contains("INTERP"), "{segments}");
}

#[test]
fn a_second_rust_library() {
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
    if tool::is_there("cmake") {
        let folder = folder_with("cmake", &["round.c", "cmake/CMakeLists.txt"]);
        shell(prefix(), &folder, "cmake -S . -B build && cmake --build build");
        runs(installed::outside(folder.join("build/shared").to_str().expect("UTF-8")));
        runs(installed::outside(folder.join("build/static").to_str().expect("UTF-8")));
    }
}

#[test]
fn cmake_fetch_content() {
    if tool::is_there("cmake") {
        let folder = folder_with("fetch-content", &["round.c", "fetch-content/CMakeLists.txt"]);
        let profile = std::env::var("ANCHOR_TEST_PROFILE").unwrap_or_else(|_| "release".to_owned());
        let configure = format!("cmake -S . -B build -DANCHOR_SOURCE={} -DANCHOR_PROFILE={profile}", root().display());
        shell(prefix(), &folder, &format!("{configure} && cmake --build build"));
        runs(installed::outside(folder.join("build/shared").to_str().expect("UTF-8")));
        runs(installed::outside(folder.join("build/static").to_str().expect("UTF-8")));
    }
}

#[test]
fn meson() {
    if tool::is_there("meson") && tool::is_there("ninja") {
        let folder = folder_with("meson", &["round.c", "meson/meson.build"]);
        shell(prefix(), &folder, "meson setup build && meson compile -C build");
        runs(beside(prefix(), folder.join("build/shared").to_str().expect("UTF-8")));
        runs(installed::outside(folder.join("build/static").to_str().expect("UTF-8")));
    }
}

#[test]
fn only_the_functions_of_the_header_are_global_in_the_archive() {
    let archive = prefix().join("lib/libanchor.a");
    let symbols = tool::output(Command::new("nm").args(["--defined-only", "--extern-only"]).arg(archive));
    let mut names: Vec<&str> = symbols.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    names.sort_unstable();
    assert_eq!(names, functions());
}

/// In order.
fn functions() -> Vec<&'static str> {
    let header: &'static str = include_str!("../include/anchor.h");
    let declarations = header.lines().filter(|line| !line.starts_with([' ', '#', '/', 't']) && line.contains('('));
    let mut names: Vec<&str> = declarations
        .map(|line| line.split_once('(').expect("it has one").0)
        .map(|before| before.rsplit([' ', '*']).next().expect("a name"))
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn each_function_is_in_the_manual_page() {
    let page = include_str!("../packaging/anchor.3");
    for name in functions() {
        assert!(page.contains(name), "packaging/anchor.3 does not name {name}");
    }
    if tool::is_there("mandoc") {
        tool::output(
            Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).arg(prefix().join("share/man/man3/anchor.3")),
        );
    }
}

#[test]
fn libs_private_is_what_rustc_says() {
    let mut rustc = Command::new("rustc");
    let asked = ["--print", "native-static-libs", "--crate-type", "staticlib", "tests/consumers/second.rs"];
    rustc.current_dir(root()).args(["--edition", "2024"]).args(asked);
    let output = rustc.arg("-o").arg(empty("install/native").join("x.a")).output().expect("rustc runs");
    let said = tool::text(&output.stderr);
    let native = said.lines().find_map(|line| line.split_once("native-static-libs: ")).expect("rustc says it").1;
    assert_eq!(include_str!("../packaging/native-static-libs").trim_end(), native);
    assert_eq!(compiler::NATIVE_LIBRARIES, native);
    let installed = std::fs::read_to_string(prefix().join("lib/pkgconfig/anchor.pc")).expect("it is installed");
    assert!(installed.contains(&format!("Libs.private: {native}\n")), "{installed}");
}

#[test]
fn the_soname_and_its_links() {
    let lib = prefix().join("lib");
    let link = |name: &str| std::fs::read_link(lib.join(name)).expect("a link").display().to_string();
    let full = concat!("libanchor.so.", env!("CARGO_PKG_VERSION"));
    assert_eq!((link("libanchor.so").as_str(), link("libanchor.so.0").as_str()), ("libanchor.so.0", full));
    let dynamic = tool::output(Command::new("readelf").args(["--dynamic", "--wide"]).arg(lib.join(full)));
    assert!(dynamic.contains("soname: [libanchor.so.0]"), "{dynamic}");
}

#[test]
fn an_installed_tree_can_be_moved() {
    let moved = empty("install/moved").join("somewhere else");
    shell(prefix(), prefix(), &format!("cp -a . '{}'", moved.display()));
    let folder = folder_with("moved-consumer", &["round.c", "cmake/CMakeLists.txt"]);
    let line = "eval cc round.c $(pkg-config --cflags --libs anchor) -o program";
    shell(&moved, &folder, line);
    runs(beside(&moved, folder.join("program").to_str().expect("UTF-8")));
    if tool::is_there("cmake") {
        shell(&moved, &folder, "cmake -S . -B build && cmake --build build --target static");
        runs(installed::outside(folder.join("build/static").to_str().expect("UTF-8")));
    }
}

/// As distributions do: staged in DESTDIR, below a LIBDIR of their own.
#[test]
fn destdir_libdir_and_uninstall() {
    let stage = empty("install/stage");
    let destdir = stage.to_str().expect("UTF-8");
    let variables = [("DESTDIR", destdir), ("PREFIX", "/usr"), ("LIBDIR", "/usr/lib/some-linux-gnu")];
    install(&variables);
    let pc = std::fs::read_to_string(stage.join("usr/lib/some-linux-gnu/pkgconfig/anchor.pc")).expect("it is there");
    assert!(pc.contains("prefix=${pcfiledir}/../../..\nlibdir=${prefix}/lib/some-linux-gnu\n"), "{pc}");
    assert_eq!(shell(prefix(), &stage, "find . -path '*usr/lib/lib*'"), "", "LIBDIR is heeded");
    tool::output(&mut make("uninstall", &variables));
    assert_eq!(shell(prefix(), &stage, "find . ! -type d"), "");

    let variables = [("DESTDIR", destdir), ("PREFIX", "/opt/anchor"), ("LIBDIR", "/elsewhere/lib")];
    install(&variables);
    let pc = std::fs::read_to_string(stage.join("elsewhere/lib/pkgconfig/anchor.pc")).expect("it is there");
    assert!(pc.contains("prefix=/opt/anchor\nlibdir=/elsewhere/lib\nincludedir=${prefix}/include\n"), "{pc}");
    tool::output(&mut make("uninstall", &variables));
    assert_eq!(shell(prefix(), &stage, "find . ! -type d"), "");
}
