//! The tarball of a system: it is used where it is unpacked, or its install.sh installs it with neither a compiler nor Rust.

use super::{links_both_ways, packager};
use crate::install::consumers::{folder_with, runs, shell};
use crate::installed::{outside, tree};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use testkit::{empty_scratch, process, tools};

const NAME: &str = concat!("libanchor-", env!("CARGO_PKG_VERSION"), "-x86_64-unknown-linux-gnu");
/// What install.sh runs.
const TOOLS: [&str; 12] =
    ["sh", "dirname", "find", "sort", "sed", "mkdir", "rm", "rmdir", "cp", "chmod", "echo", "make"];

fn make(name: &str, time: &str) -> PathBuf {
    let folder = empty_scratch(&format!("packages/{name}"));
    let mut make = packager("packaging/tarball/make.sh");
    let made = process::output(make.arg(&folder).env("SOURCE_DATE_EPOCH", time));
    let tarball = folder.join(format!("{NAME}.tar.gz"));
    assert_eq!(made.trim_end(), tarball.display().to_string());
    tarball
}

/// It is unpacked in a folder that was not there when it was made.
fn unpacked() -> &'static Path {
    static UNPACKED: OnceLock<PathBuf> = OnceLock::new();
    UNPACKED.get_or_init(|| {
        let tarball = make("tarball", "1700000000");
        let folder = empty_scratch("packages/unpacked");
        process::output(Command::new("tar").arg("-xf").arg(tarball).arg("-C").arg(&folder));
        folder.join(NAME)
    })
}

/// In a shell that finds nothing but what install.sh runs.
fn bare(line: &str) -> Command {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let path = PATH.get_or_init(|| {
        let folder = empty_scratch("packages/bare");
        for tool in TOOLS {
            let found = process::output(Command::new("sh").args(["-c", &format!("command -v {tool} || true")]));
            let found = if found.starts_with('/') { found.trim_end().to_owned() } else { format!("/usr/bin/{tool}") };
            symlink(found, folder.join(tool)).expect("it can be made");
        }
        folder
    });
    let mut shell = outside("sh");
    shell.env("PATH", path).current_dir(unpacked()).args(["-ec", line]);
    shell
}

#[test]
fn it_is_used_where_it_is_unpacked() {
    links_both_ways("tarball", unpacked(), "lib");
    if tools::has("cmake") {
        let folder = folder_with("tarball-cmake", &["round.c", "cmake/CMakeLists.txt"]);
        shell(unpacked(), &folder, "cmake -S . -B build && cmake --build build");
        runs(outside(folder.join("build/static").to_str().expect("UTF-8")));
    }
    let version =
        process::output(outside(unpacked().join("bin/anchor-events").to_str().expect("UTF-8")).arg("--version"));
    assert_eq!(version, concat!("anchor-events ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn it_says_what_compiled_it() {
    let said = fs::read_to_string(unpacked().join("share/doc/libanchor/compilers.txt")).expect("it is in the tarball");
    let rust = process::output(outside("rustc").arg("--version"));
    let c = process::output(outside("sh").args(["-c", "${CC:-cc} --version"]));
    assert_eq!(said, format!("Rust: {rust}C: {}\n", c.lines().next().expect("a line")));
}

/// As distributions install: staged in DESTDIR, with a folder of their own for libraries; or by make.
#[test]
fn it_is_installed_without_a_compiler_or_rust() {
    let expected: Vec<String> = tree(unpacked())
        .into_iter()
        .filter(|file| ["bin/", "include/", "lib/", "share/"].iter().any(|f| file.starts_with(f)))
        .collect();
    assert!(expected.contains(&"share/doc/libanchor/THIRD-PARTY.txt".to_owned()), "{expected:?}");
    let stage = empty_scratch("packages/stage");
    let destdir = stage.display();
    process::output(&mut bare(&format!("umask 077; make install PREFIX=/opt/anchor DESTDIR={destdir}")));
    for (path, mode) in [("include", 0o755), ("bin/anchor-events", 0o755), ("include/anchor.h", 0o644)] {
        let found = fs::metadata(stage.join("opt/anchor").join(path)).expect("it is installed").permissions().mode();
        assert_eq!(found & 0o777, mode, "{path}");
    }
    assert_eq!(tree(&stage.join("opt/anchor")), expected);
    links_both_ways("tarball-installed", &stage.join("opt/anchor"), "lib");
    process::output(&mut bare(&format!("PREFIX=/opt/anchor DESTDIR={destdir} ./install.sh uninstall")));
    assert_eq!(tree(&stage), [""; 0]);

    let settings = format!("PREFIX=/usr LIBDIR=/usr/lib/some-linux-gnu DESTDIR={destdir}");
    process::output(&mut bare(&format!("{settings} ./install.sh")));
    let pc = fs::read_to_string(stage.join("usr/lib/some-linux-gnu/pkgconfig/anchor.pc")).expect("it is installed");
    assert!(pc.contains("prefix=${pcfiledir}/../../..\nlibdir=${prefix}/lib/some-linux-gnu\n"), "{pc}");
    links_both_ways("tarball-libdir", &stage.join("usr"), "lib/some-linux-gnu");
    if tools::has("cmake") {
        let folder = folder_with("tarball-libdir-cmake", &["round.c", "cmake/CMakeLists.txt"]);
        let line = format!(
            "cmake -S . -B build -Danchor_DIR={destdir}/usr/lib/some-linux-gnu/cmake/anchor && cmake --build build"
        );
        shell(Path::new("/nowhere"), &folder, &line);
        runs(outside(folder.join("build/shared").to_str().expect("UTF-8")));
    }
    process::output(&mut bare(&format!("{settings} ./install.sh uninstall")));
    assert_eq!(tree(&stage), [""; 0]);
}

#[test]
fn nothing_is_installed_if_a_folder_cannot_be_written() {
    let stage = empty_scratch("packages/refused");
    fs::write(stage.join("share"), "a file").expect("it can be written");
    let output = bare(&format!("PREFIX={} ./install.sh", stage.display())).output().expect("sh runs");
    assert!(!output.status.success() && process::text(&output.stderr).contains("cannot be written"), "{output:?}");
    assert_eq!(tree(&stage), ["share"]);
}

/// Its files have the time of the sources, not that of the build.
#[test]
fn it_is_the_same_whenever_it_is_made() {
    let [first, second, other] = [("same-1", "1700000000"), ("same-2", "1700000000"), ("same-3", "1700000001")]
        .map(|(name, time)| fs::read(make(name, time)).expect("it was made"));
    assert!(first == second && first != other);
}
