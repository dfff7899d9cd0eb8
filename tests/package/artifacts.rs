//! The release library: its symbols, soname, size and dependencies, and the crates that it is made of.

use std::collections::BTreeSet;
use std::process::Command;
use testkit::target::NATIVE_LIBRARIES;
use testkit::{library, process, scratch};

/// Bytes of libanchor.so, stripped, as a distribution ships it.
const LARGEST: u64 = 1_950_000;

/// The crates that the library is made of, besides itself. Each stays for years, so a new one needs a reason.
const CRATES: &str = "base64 bytes cfg-if getrandom http httparse httpdate itoa libc log memchr once_cell \
                      openssl-probe percent-encoding ring rustls rustls-native-certs rustls-pki-types rustls-webpki \
                      serde_core serde_json socket2 subtle untrusted ureq ureq-proto utf8-zero webpki-roots zeroize \
                      zmij";

/// The variable by which tests/c/sanitized/panics.c makes a panic.
const HOOK: &[u8] = b"ANCHOR_INJECT_PANIC";

/// The values of a tag in the dynamic section.
fn dynamic(tag: &str) -> Vec<String> {
    let section = process::output(Command::new("readelf").args(["-d", "-W"]).arg(library::release().shared_object()));
    let lines = section.lines().filter(|line| line.contains(&format!("({tag})")));
    lines.filter_map(|line| Some(line.split_once('[')?.1.trim_end_matches(']').to_owned())).collect()
}

#[test]
fn the_release_has_no_test_hook() {
    let holds = |file: &std::path::Path| {
        let bytes = std::fs::read(file).expect("it was built");
        bytes.windows(HOOK.len()).any(|window| window == HOOK)
    };
    assert!(!holds(&library::release().shared_object()) && !holds(&library::debug().archive()));
}

#[test]
fn the_shared_library_is_small() {
    let stripped = scratch("release").join("libanchor.so");
    process::output(Command::new("strip").arg("-o").arg(&stripped).arg(library::release().shared_object()));
    let size = stripped.metadata().expect("it was made").len();
    println!("libanchor.so, stripped: {size} bytes");
    assert!(size <= LARGEST, "libanchor.so has {size} bytes stripped, more than {LARGEST}");
}

#[test]
fn the_shared_library_exports_the_api_only() {
    let symbols =
        process::output(Command::new("nm").args(["-D", "--defined-only"]).arg(library::release().shared_object()));
    let names: Vec<&str> = symbols.lines().filter_map(|line| line.split_whitespace().last()).collect();
    let others: Vec<&&str> = names.iter().filter(|name| !name.starts_with("anchor_")).collect();
    assert!(names.len() > 20 && others.is_empty(), "{others:?}");
}

#[test]
fn the_shared_library_has_its_soname() {
    assert_eq!(dynamic("SONAME"), ["libanchor.so.0"]);
}

#[test]
fn the_shared_library_needs_what_every_machine_has() {
    let allowed = ["libc.so", "libm.so", "libgcc_s.so", "ld-linux"];
    for needed in dynamic("NEEDED") {
        assert!(allowed.iter().any(|name| needed.starts_with(name)), "{needed} is needed");
    }
    assert_eq!(dynamic("RUNPATH"), [""; 0]);
    assert_eq!(dynamic("RPATH"), [""; 0]);
}

#[test]
fn the_library_is_made_of_few_crates() {
    let arguments = ["-p", "anchor-events", "-e", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = process::output(library::cargo("tree").args(arguments));
    // With their versions, so that two versions of one crate are two lines.
    let crates: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    let names = crates.iter().filter_map(|krate| krate.split(' ').next()).filter(|name| *name != "anchor-events");
    assert_eq!(names.collect::<Vec<_>>(), CRATES.split_whitespace().collect::<Vec<_>>());
}

/// What a program that links libanchor.a must add. Cargo caches the build, and rustc's note with it.
#[test]
fn the_native_libraries_are_what_rustc_names() {
    let arguments =
        ["-p", "anchor-events", "--lib", "--crate-type", "staticlib", "--", "--print", "native-static-libs"];
    let output = library::cargo("rustc").args(arguments).output().expect("cargo runs");
    let said = process::text(&output.stderr);
    let libraries = said.lines().find_map(|line| line.split_once("native-static-libs: ")).map(|found| found.1.trim());
    assert_eq!(libraries, Some(NATIVE_LIBRARIES), "{said}");
}
