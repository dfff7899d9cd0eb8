//! `cargo cinstall`, from cargo-c: its tree is that of `make install`, but for the CMake package and the command, of which
//! cargo-c knows nothing. From the source tarball and without a network, as a distribution does it, but with the debug
//! profile, which builds in a fraction of the time.

use super::tarball;
use crate::installed::{beside, prefix, tree};
use std::path::{Path, PathBuf};
use std::process::Command;
use testkit::local_server::LocalServer;
use testkit::{empty_scratch, process, root, tools};

/// Installs below a folder, with a prefix, and returns the folder.
fn cinstall(source: &Path) -> PathBuf {
    let stage = empty_scratch("cargo_c/stage");
    let mut cargo = tarball::offline(source, "cinstall");
    cargo.args(["--profile", "dev", "--prefix", "/opt/anchor", "--libdir", "lib", "--destdir"]).arg(&stage);
    process::output(&mut cargo);
    stage
}

#[test]
fn it_installs_what_make_does() {
    if !tools::has("cargo-cinstall") {
        return;
    }
    let Some(source) = tarball::unpacked() else { return };
    let stage = cinstall(source);
    let staged = stage.join("opt/anchor");
    let of_make_only = [
        "lib/cmake/",
        "bin/",
        "share/man/man1/",
        "share/bash",
        "share/zsh",
        "share/fish",
        "share/doc/libanchor/anchor-events",
        "share/doc/libanchor/compilers.txt",
    ];
    let mut expected = tree(prefix());
    expected.retain(|file| !of_make_only.iter().any(|start| file.starts_with(start)));
    assert_eq!(tree(&staged), expected);
    for same in ["include/anchor.h", "include/anchor.hpp", "include/anchor.cdef", "share/man/man3/anchor.3"] {
        assert_eq!(std::fs::read(staged.join(same)).ok(), std::fs::read(prefix().join(same)).ok(), "{same}");
    }
    assert_eq!(library(&staged), library(prefix()));
    if tools::has("pkg-config") {
        assert_eq!(pkg_config(&staged, &stage), pkg_config(prefix(), Path::new("/")));
        links(&staged, &stage);
    }
}

/// The shared library's soname and functions, and the file that its name for the linker and its soname lead to.
fn library(tree: &Path) -> (Vec<String>, Vec<String>, [PathBuf; 2]) {
    let file = tree.join("lib/libanchor.so");
    let dynamic = process::output(Command::new("readelf").args(["--dynamic", "--wide"]).arg(&file));
    let sonames = dynamic.lines().filter(|line| line.contains("SONAME")).map(str::to_owned).collect();
    let symbols =
        process::output(Command::new("nm").args(["-D", "--defined-only", "--format=just-symbols"]).arg(&file));
    let lead_to = |name: &str| {
        let file = tree.join("lib").join(name).canonicalize().expect("a link");
        PathBuf::from(file.file_name().expect("a file"))
    };
    (sonames, symbols.lines().map(str::to_owned).collect(), [lead_to("libanchor.so"), lead_to("libanchor.so.0")])
}

/// What pkg-config prints, without the prefix, and without libgcc_s, which `make install` leaves to the compiler.
fn pkg_config(tree: &Path, sysroot: &Path) -> String {
    let line = "pkg-config --modversion anchor; pkg-config --cflags anchor; pkg-config --libs anchor
        pkg-config --static --libs-only-l anchor";
    let mut shell = beside(tree, "sh");
    let answer = process::output(shell.env("PKG_CONFIG_SYSROOT_DIR", sysroot).args(["-ec", line]));
    let answer = answer.replace("/lib/pkgconfig/../..", "").replace(tree.to_str().expect("UTF-8"), "PREFIX");
    let words = |line: &str| line.split_whitespace().filter(|word| *word != "-lgcc_s").collect::<Vec<_>>().join(" ");
    answer.lines().map(|line| words(line) + "\n").collect()
}

/// A program links with either library, and runs.
fn links(tree: &Path, sysroot: &Path) {
    let folder = empty_scratch("cargo_c/consumer");
    std::fs::copy(root().join("tests/package/consumers/round.c"), folder.join("round.c")).expect("it can be copied");
    let line = "cc round.c $(pkg-config --cflags --libs anchor) -o shared
        cc round.c $(pkg-config --static --cflags --libs anchor | sed s/-lanchor/-l:libanchor.a/) -o static";
    let mut shell = beside(tree, "sh");
    process::output(shell.current_dir(&folder).env("PKG_CONFIG_SYSROOT_DIR", sysroot).args(["-ec", line]));
    let server = LocalServer::with_faults();
    for name in ["shared", "static"] {
        let mut consumer = beside(tree, folder.join(name).to_str().expect("UTF-8"));
        let outcome = process::run(server.configure(&mut consumer));
        assert!(outcome.stdout.ends_with(": ANCHOR_OK 123456\n"), "{name}: {outcome:?}");
    }
}
