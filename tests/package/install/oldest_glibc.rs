//! What `make install GLIBC=2.17` installs loads with that glibc and every later one. It runs here with this machine's. That an
//! older one has all that it needs is read from the versions of its symbols.

use super::consumers::{folder_with, runs, shell};
use crate::installed::{beside, make};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use testkit::local_server::LocalServer;
use testkit::{empty_scratch, process, root, tools};

const OLDEST: (u32, u32) = (2, 17);

/// Bytes of libanchor.so, stripped: 90 KB more than the library of tests/package/artifacts.rs. Relocations that are not packed
/// take 60 KB, Zig's linker does not fold functions that are the same, and libunwind is in it.
const LARGEST: u64 = 2_000_000;

/// Symbols without a version, which an old glibc need not have: std looks whether each is there before it calls it.
const MAY_BE_MISSING: [(&str, &str); 8] = [
    ("__cxa_thread_atexit_impl", "glibc 2.18; otherwise a key of pthread's"),
    ("getrandom", "glibc 2.25; otherwise the system call, or /dev/urandom"),
    ("gettid", "glibc 2.30; otherwise the system call"),
    ("pidfd_getpid", "glibc 2.39; otherwise fork and exec"),
    ("pidfd_spawnp", "glibc 2.39; otherwise fork and exec"),
    ("posix_spawn_file_actions_addchdir", "newer than 2.36; otherwise fork and exec"),
    ("posix_spawn_file_actions_addchdir_np", "glibc 2.29; otherwise fork and exec"),
    ("statx", "glibc 2.28; otherwise the system call, or stat"),
];

/// What glibc consists of, as far as it is needed.
const GLIBC: [&str; 5] = ["libc.so.6", "ld-linux-x86-64.so.2", "libpthread.so.0", "libdl.so.2", "libm.so.6"];

/// The prefix that the tests of this file share. It is as it is shipped, whatever profile the other tests use: what is not
/// optimized needs other symbols.
fn prefix() -> Option<&'static Path> {
    static PREFIX: OnceLock<Option<PathBuf>> = OnceLock::new();
    PREFIX.get_or_init(install).as_deref()
}

fn install() -> Option<PathBuf> {
    let cross = env::var_os("ANCHOR_CROSS").map_or_else(|| root().join("target/cross"), PathBuf::from);
    if !cross.join("venv/bin/cargo-zigbuild").is_file() && !tools::has("cargo-zigbuild") {
        return None;
    }
    let prefix = empty_scratch("oldest-glibc");
    let (major, minor) = OLDEST;
    let variables = [("GLIBC", &*format!("{major}.{minor}")), ("PREFIX", prefix.to_str().expect("UTF-8"))];
    process::output(make("install", &variables).env("ANCHOR_CROSS", cross));
    Some(prefix)
}

fn readelf(what: &str, file: &Path) -> String {
    process::output(Command::new("readelf").args([what, "--wide"]).arg(file))
}

#[test]
fn nothing_of_a_newer_glibc_is_needed() {
    let Some(prefix) = prefix() else { return };
    for file in ["lib/libanchor.so", "bin/anchor-events"].map(|file| prefix.join(file)) {
        let versions = readelf("--version-info", &file);
        let needed: Vec<&str> = versions.lines().filter_map(|line| line.split("Name: GLIBC_").nth(1)).collect();
        assert!(!needed.is_empty(), "{versions}");
        let newer: Vec<&&str> = needed.iter().filter(|version| !is_old(version)).collect();
        assert!(newer.is_empty(), "{}: {newer:?}", file.display());
        assert_eq!(without_version(&file), [""; 0], "{}", file.display());
        let others: Vec<String> = libraries(&file).into_iter().filter(|name| !GLIBC.contains(&&**name)).collect();
        assert!(others.is_empty(), "{} needs {others:?}", file.display());
    }
}

fn libraries(file: &Path) -> Vec<String> {
    let section = readelf("--dynamic", file);
    let needed = section.lines().filter(|line| line.contains("(NEEDED)"));
    needed.filter_map(|line| Some(line.split_once('[')?.1.trim_end_matches(']').to_owned())).collect()
}

/// Whether the oldest glibc has it: `2.14  Flags: none  Version: 3`. GLIBC_ABI_DT_RELR and GLIBC_PRIVATE are no numbers.
fn is_old(version: &str) -> bool {
    let mut numbers = version.split_whitespace().next().unwrap_or_default().split('.').map(str::parse);
    matches!((numbers.next(), numbers.next()), (Some(Ok(major)), Some(Ok(minor))) if (major, minor) <= OLDEST)
}

#[test]
fn what_an_old_glibc_lacks_is_seen() {
    assert!(["2.17  Flags: none", "2.2.5", "2.3"].iter().all(|version| is_old(version)));
    assert!(["2.18", "2.36  Flags: none", "3.0", "ABI_DT_RELR", "PRIVATE"].iter().all(|version| !is_old(version)));
}

/// The symbols that the file does not define and of which no version is asked for, but for those that may be missing.
fn without_version(file: &Path) -> Vec<String> {
    let symbols = readelf("--dyn-syms", file);
    let rows = symbols.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let undefined = rows.filter(|row| row.len() > 7 && row[6] == "UND" && !row[7].contains('@'));
    let may_be_missing = |row: &Vec<&str>| row[4] == "WEAK" && MAY_BE_MISSING.iter().any(|(name, _)| row[7] == *name);
    undefined.filter(|row| !may_be_missing(row)).map(|row| format!("{} {}", row[4], row[7])).collect()
}

#[test]
fn the_library_for_an_old_glibc_runs_here() {
    let Some(prefix) = prefix() else { return };
    let link = |name: &str, library: &str| {
        let folder = folder_with(&format!("oldest-glibc-{name}"), &["round.c"]);
        shell(prefix, &folder, &format!("cc round.c -I{0}/include -L{0}/lib {library} -o program", prefix.display()));
        runs(beside(prefix, folder.join("program").to_str().expect("UTF-8")));
    };
    link("shared", "-lanchor");
    let native =
        std::fs::read_to_string(root().join("packaging/native-static-libs")).expect("a file of the repository");
    link("static", &format!("-l:libanchor.a {}", native.trim()));
}

#[test]
fn the_command_for_an_old_glibc_runs_here() {
    let Some(prefix) = prefix() else { return };
    let server = LocalServer::start(&[]);
    let mut probe = Command::new(prefix.join("bin/anchor-events"));
    let outcome = process::run(server.configure(&mut probe).args(["signal", "of_an_old_glibc", "{}"]));
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(server.queued(), 1);
}

#[test]
fn the_library_for_an_old_glibc_is_small() {
    let Some(prefix) = prefix() else { return };
    let stripped = empty_scratch("oldest-glibc-stripped").join("libanchor.so");
    process::output(Command::new("strip").arg("-o").arg(&stripped).arg(prefix.join("lib/libanchor.so")));
    let size = stripped.metadata().expect("it was made").len();
    println!("libanchor.so for an old glibc, stripped: {size} bytes");
    assert!(size <= LARGEST, "libanchor.so has {size} bytes stripped, more than {LARGEST}");
}
