//! What `make install` installs and `make uninstall` removes: the library, and the command with its pages and completions,
//! each read by the program for which it is made.

use crate::installed::{self, install, make, prefix, tree};
use std::path::Path;
use std::process::Command;
use testkit::{empty_scratch, process, root, tools};

#[test]
fn only_the_functions_of_the_header_are_global_in_the_archive() {
    let archive = prefix().join("lib/libanchor.a");
    let symbols = process::output(Command::new("nm").args(["--defined-only", "--extern-only"]).arg(archive));
    let mut names: Vec<&str> = symbols.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    names.sort_unstable();
    assert_eq!(names, functions());
}

/// By which a panic is caught in a program that is linked with it. What makes the archive one object could break it.
#[test]
fn the_archive_has_a_whole_table_of_frames() {
    let archive = prefix().join("lib/libanchor.a");
    let read = process::run(Command::new("readelf").args(["--debug-dump=frames", "--wide"]).arg(archive));
    assert!(read.status.success() && read.stderr.is_empty(), "{}", read.stderr);
    assert!(read.stdout.contains(" FDE "), "it has none");
}

/// In order.
fn functions() -> Vec<&'static str> {
    let header: &'static str = include_str!("../../../include/anchor.h");
    let declarations = header.lines().filter(|line| !line.starts_with([' ', '#', '/', 't']) && line.contains('('));
    let mut names: Vec<&str> = declarations
        .map(|line| line.split_once('(').expect("it has one").0)
        .map(|before| before.rsplit([' ', '*']).next().expect("a name"))
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn libs_private_is_what_rustc_says_without_libgcc_s() {
    let mut rustc = Command::new("rustc");
    let asked = ["--print", "native-static-libs", "--crate-type", "staticlib", "tests/package/consumers/second.rs"];
    rustc.current_dir(root()).args(["--edition", "2024"]).args(asked);
    let output = rustc.arg("-o").arg(empty_scratch("install/native").join("x.a")).output().expect("rustc runs");
    let said = process::text(&output.stderr);
    let native = said.lines().find_map(|line| line.split_once("native-static-libs: ")).expect("rustc says it").1;
    let expected = include_str!("../../../packaging/native-static-libs");
    assert_eq!(format!("-lgcc_s {expected}"), format!("{native}\n"));
    let installed = std::fs::read_to_string(prefix().join("lib/pkgconfig/anchor.pc")).expect("it is installed");
    assert!(installed.contains(&format!("Libs.private: {expected}")), "{installed}");
}

#[test]
fn the_soname_and_its_links() {
    let lib = prefix().join("lib");
    let link = |name: &str| std::fs::read_link(lib.join(name)).expect("a link").display().to_string();
    let full = concat!("libanchor.so.", env!("CARGO_PKG_VERSION"));
    assert_eq!((link("libanchor.so").as_str(), link("libanchor.so.0").as_str()), ("libanchor.so.0", full));
    let dynamic = process::output(Command::new("readelf").args(["--dynamic", "--wide"]).arg(lib.join(full)));
    assert!(dynamic.contains("soname: [libanchor.so.0]"), "{dynamic}");
}

/// What the library's tree is made of, below the prefix, with a manual page for each function.
fn library_files(libdir: &str) -> Vec<String> {
    let pages = functions().into_iter().map(|name| format!("share/man/man3/{name}.3"));
    LIBRARY.iter().map(|file| file.replace("LIBDIR", libdir)).chain(pages).collect()
}

/// LIBDIR stands for the library's folder.
const LIBRARY: [&str; 16] = [
    "LIBDIR/cmake/anchor/anchorConfig.cmake",
    "LIBDIR/cmake/anchor/anchorConfigVersion.cmake",
    "LIBDIR/libanchor.a",
    "LIBDIR/libanchor.so",
    "LIBDIR/libanchor.so.0",
    concat!("LIBDIR/libanchor.so.", env!("CARGO_PKG_VERSION")),
    "LIBDIR/pkgconfig/anchor.pc",
    "include/anchor.cdef",
    "include/anchor.h",
    "include/anchor.hpp",
    "share/doc/libanchor/LICENSE-APACHE",
    "share/doc/libanchor/LICENSE-MIT",
    "share/doc/libanchor/THIRD-PARTY.txt",
    "share/doc/libanchor/compilers.txt",
    "share/doc/libanchor/libanchor.cdx.json",
    "share/man/man3/anchor.3",
];
const COMMAND: [&str; 12] = [
    "bin/anchor-events",
    "share/bash-completion/completions/anchor-events",
    "share/doc/libanchor/anchor-events.cdx.json",
    "share/fish/vendor_completions.d/anchor-events.fish",
    "share/man/man1/anchor-events-completions.1",
    "share/man/man1/anchor-events-drain.1",
    "share/man/man1/anchor-events-probe.1",
    "share/man/man1/anchor-events-serve.1",
    "share/man/man1/anchor-events-signal.1",
    "share/man/man1/anchor-events-wait.1",
    "share/man/man1/anchor-events.1",
    "share/zsh/site-functions/_anchor-events",
];

/// As distributions install: staged in DESTDIR, with a LIBDIR of their own.
#[test]
fn destdir_libdir_and_uninstall() {
    let stage = empty_scratch("install/stage");
    let destdir = stage.to_str().expect("UTF-8");
    let variables =
        [("DESTDIR", destdir), ("PREFIX", "/usr"), ("LIBDIR", "/usr/lib/some-linux-gnu"), ("COMMAND", "no")];
    install(&variables);
    let pc = std::fs::read_to_string(stage.join("usr/lib/some-linux-gnu/pkgconfig/anchor.pc")).expect("it is there");
    assert!(pc.contains("prefix=${pcfiledir}/../../..\nlibdir=${prefix}/lib/some-linux-gnu\n"), "{pc}");
    let mut expected = library_files("lib/some-linux-gnu");
    expected.sort_unstable();
    assert_eq!(tree(&stage.join("usr")), expected);
    process::output(&mut make("uninstall", &variables));
    assert_eq!(tree(&stage), [""; 0]);

    let variables = [("DESTDIR", destdir), ("PREFIX", "/opt/anchor"), ("LIBDIR", "/elsewhere/lib"), ("COMMAND", "no")];
    install(&variables);
    let pc = std::fs::read_to_string(stage.join("elsewhere/lib/pkgconfig/anchor.pc")).expect("it is there");
    assert!(pc.contains("prefix=/opt/anchor\nlibdir=/elsewhere/lib\nincludedir=${prefix}/include\n"), "{pc}");
    process::output(&mut make("uninstall", &variables));
    assert_eq!(tree(&stage), [""; 0]);
}

/// With the debug build, which exists already. The files are the same.
#[test]
fn the_command_with_its_pages_and_completions() {
    let stage = empty_scratch("install/command");
    let variables = [("DESTDIR", stage.to_str().expect("UTF-8")), ("PREFIX", "/usr"), ("PROFILE", "dev")];
    process::output(&mut make("install", &variables));
    let mut expected = library_files("lib");
    expected.extend(COMMAND.map(str::to_owned));
    expected.sort_unstable();
    assert_eq!(tree(&stage.join("usr")), expected);

    let usr = stage.join("usr");
    let version =
        process::output(installed::outside(usr.join("bin/anchor-events").to_str().expect("UTF-8")).arg("--version"));
    assert_eq!(version, concat!("anchor-events ", env!("CARGO_PKG_VERSION"), "\n"));
    if tools::has("mandoc") {
        let pages = COMMAND.iter().filter(|file| file.contains("/man/")).map(|file| usr.join(file));
        process::output(Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).args(pages));
    }
    the_shells_complete(&usr);

    process::output(&mut make("uninstall", &variables));
    assert_eq!(tree(&stage), [""; 0]);
}

/// Each shell finds the script where it looks for one, and completes a command with it.
fn the_shells_complete(usr: &Path) {
    let share = usr.join("share").display().to_string();
    if tools::has("bash") {
        let script = format!(
            "source {share}/bash-completion/completions/anchor-events
            COMP_WORDS=(anchor-events dr) COMP_CWORD=1
            $(complete -p anchor-events | sed 's/.*-F \\([^ ]*\\).*/\\1/') anchor-events dr anchor-events
            echo ${{COMPREPLY[@]}}"
        );
        assert_eq!(process::output(installed::outside("bash").args(["--norc", "-euc", &script])), "drain\n");
    }
    if tools::has("zsh") {
        let functions = format!("{share}/zsh/site-functions");
        process::output(installed::outside("zsh").args(["-fn", &format!("{functions}/_anchor-events")]));
        let script =
            format!("fpath=({functions} $fpath); autoload -Uz compinit; compinit -uD; echo $_comps[anchor-events]");
        assert_eq!(process::output(installed::outside("zsh").args(["-fc", &script])), "_anchor-events\n");
    }
    if tools::has("fish") {
        // fish completes only commands that it finds.
        let path = format!("{}:{}", usr.join("bin").display(), std::env::var("PATH").unwrap_or_default());
        let mut fish = installed::outside("fish");
        fish.env("PATH", path).env("XDG_DATA_DIRS", &share).env("XDG_CONFIG_HOME", empty_scratch("install/fish"));
        let completed = process::output(fish.args(["--command", "complete --do-complete 'anchor-events dr'"]));
        assert!(completed.starts_with("drain\t"), "{completed}");
    }
}
