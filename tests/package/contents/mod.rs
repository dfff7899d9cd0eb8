//! What the library and the command contain beside the project's own code: THIRD-PARTY.txt has the texts of the licences, and
//! packaging/*.cdx.json are bills of material. Both are installed. `make contents` writes them from what cargo tells.

mod bill;
mod crates;
mod licences;

use crates::{COMMAND, Crate, LIBRARY};
use std::collections::BTreeMap;
use std::fs;
use testkit::root;

#[test]
fn third_party_has_the_licence_of_each_crate() {
    is_made("THIRD-PARTY.txt", &licences::page(crates::of(LIBRARY), crates::of(COMMAND)));
}

#[test]
fn the_bills_of_material_list_each_crate() {
    is_made("packaging/libanchor.cdx.json", &bill::of(LIBRARY, crates::of(LIBRARY)));
    is_made("packaging/anchor-events.cdx.json", &bill::of(COMMAND, crates::of(COMMAND)));
}

fn is_made(file: &str, text: &str) {
    let path = root().join(file);
    if std::env::var("ANCHOR_ACCEPT_CONTENTS").is_ok_and(|value| value == "1") {
        fs::write(&path, text).expect("it can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "{file} does not list today's crates; `make contents` writes it");
}

/// What the compilers link in beside the crates and Rust's standard library.
struct Runtime {
    name: &'static str,
    /// An SPDX expression.
    licence: &'static str,
    systems: &'static str,
    /// Its text, below packaging/licences.
    text: &'static str,
}

/// glibc is not among them, since programs load it, nor is GCC's runtime, whose licence has an exception for what it is linked into.
const RUNTIMES: [Runtime; 4] = [
    Runtime {
        name: "LLVM's libunwind",
        licence: "Apache-2.0 WITH LLVM-exception",
        systems: "Linux, linked by Zig",
        text: "libunwind.txt",
    },
    Runtime { name: "Zig's compiler-rt", licence: "MIT", systems: "Linux, linked by Zig", text: "zig.txt" },
    Runtime { name: "musl", licence: "MIT", systems: "Linux with musl", text: "musl.txt" },
    Runtime {
        name: "mingw-w64",
        licence: "ZPL-2.1 AND MIT AND BSD-3-Clause",
        systems: "Windows",
        text: "mingw-w64.txt",
    },
];

/// The crates by name and version.
type Crates = BTreeMap<String, Crate>;
