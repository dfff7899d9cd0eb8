//! The ABI, which the soname stands for: the functions and types of the header against tests/package/abi/anchor.abi, the constants
//! against what the library reports, and the oldest glibc that the library loads with.
//!
//! `make abi` accepts an addition; what CONTRIBUTING.md says about the soname comes first.

use crate::installed::{self, prefix};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use testkit::{empty_scratch, process, root, tools};

const RECORDED: &str = "tests/package/abi/anchor.abi";

/// The newest symbol version of glibc that the library may ask for: that of Debian 12, Ubuntu 22.04 and RHEL 9.
const NEWEST_GLIBC: (u32, u32) = (2, 34);

/// A shared library with the header's functions and types, and nothing else. libabigail reads the debug information, and
/// that of the real library is about Rust's types, which C never sees. The header is generated from the real functions.
fn as_c_sees_it(name: &str, header: &str) -> PathBuf {
    let folder = empty_scratch(&format!("abi/{name}"));
    std::fs::write(folder.join("anchor.h"), header).expect("the target directory can be written");
    let mut source = "#include \"anchor.h\"\n".to_owned();
    for declaration in declarations(header) {
        writeln!(source, "{declaration} {{ __builtin_trap(); }}").expect("a string grows");
    }
    std::fs::write(folder.join("anchor.cpp"), source).expect("the target directory can be written");
    let arguments = ["-std=c++17", "-g", "-O0", "-w", "-fPIC", "-shared", "-Wl,-soname,libanchor.so.0"];
    let mut compile = Command::new("c++");
    compile.current_dir(&folder).args(arguments).args(["anchor.cpp", "-o", "libanchor.so"]);
    process::output(&mut compile);
    folder.join("libanchor.so")
}

/// Each function's declaration, without its semicolon.
fn declarations(header: &str) -> Vec<String> {
    let (_, functions) = header.split_once("extern \"C\" {\n#endif").expect("the header has a C part");
    let lines = functions.lines().filter(|line| !line.starts_with(['#', '/', '}']) && !line.starts_with(" *"));
    let code = lines.collect::<Vec<_>>().join("\n").replace("ANCHOR_API", "").replace("ANCHOR_MUST_USE", "");
    let statements = code.split(';').map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "));
    statements.filter(|statement| statement.contains("anchor_")).collect()
}

fn header() -> String {
    std::fs::read_to_string(root().join("include/anchor.h")).expect("it is there")
}

fn record(library: &Path, out: &Path) {
    let unrelated = ["--no-comp-dir-path", "--no-corpus-path", "--no-show-locs", "--no-elf-needed"];
    process::output(Command::new("abidw").args(unrelated).arg("--out-file").arg(out).arg(library));
}

/// What abidiff reports, and whether anything has changed.
fn difference(library: &Path) -> (bool, String) {
    let mut compare = Command::new("abidiff");
    let output = compare.current_dir(root()).arg(RECORDED).arg(library).output().expect("abidiff runs");
    let code = output.status.code().expect("it ends");
    assert!(code & 3 == 0, "abidiff fails: {}", process::text(&output.stderr));
    (code != 0, process::text(&output.stdout))
}

#[test]
fn the_abi_is_the_recorded_one() {
    if !(tools::has("abidw") && tools::has("c++")) {
        return;
    }
    let library = as_c_sees_it("now", &header());
    if std::env::var("ANCHOR_ACCEPT_ABI").is_ok_and(|value| value == "1") {
        record(&library, &root().join(RECORDED));
    }
    let (changed, report) = difference(&library);
    assert!(!changed, "{report}\nIf these are additions only, `make abi` accepts them; see CONTRIBUTING.md.");
}

/// The comparison finds what would break a program: a changed parameter, function or value.
#[test]
fn an_incompatible_change_is_seen() {
    if !(tools::has("abidw") && tools::has("c++")) {
        return;
    }
    let breaks = [
        (
            "parameter",
            "int64_t timeout_ms,\n                                    anchor_cancel_token",
            "int32_t timeout_ms, anchor_cancel_token",
        ),
        ("function", "void anchor_wait_cancel(anchor_wait *wait);", ""),
        ("value", "ANCHOR_CANCELLED = 2", "ANCHOR_CANCELLED = 5"),
    ];
    for (name, before, after) in breaks {
        let changed = header().replacen(before, after, 1);
        assert_ne!(changed, header(), "{name}: the header has other words for it");
        let (is_seen, report) = difference(&as_c_sees_it(name, &changed));
        assert!(is_seen, "{name}: {report}");
    }
}

#[test]
fn the_library_exports_what_the_header_declares() {
    let library = prefix().join("lib/libanchor.so");
    let symbols = process::output(Command::new("nm").args(["-D", "--defined-only"]).arg(library));
    let mut exported: Vec<&str> = symbols.lines().filter_map(|line| line.split_whitespace().last()).collect();
    let declarations = declarations(&header());
    let mut declared: Vec<&str> = declarations
        .iter()
        .map(|declaration| declaration.split_once('(').expect("a function").0)
        .map(|before| before.rsplit([' ', '*']).next().expect("its name"))
        .collect();
    exported.sort_unstable();
    declared.sort_unstable();
    assert_eq!(exported, declared);
}

/// Asks the library about each constant of the header.
#[test]
fn each_constant_is_what_the_library_reports() {
    let header = header();
    let statuses = enumerators(&header, "enum anchor_status");
    let trusts = enumerators(&header, "enum anchor_trust");
    assert!(statuses.len() >= 20 && trusts.len() == 3, "{statuses:?} {trusts:?}");
    let mut checks = String::new();
    for name in &statuses {
        writeln!(checks, "    CHECK(strcmp(anchor_status_name({name}), \"{name}\") == 0);").expect("a string grows");
    }
    for name in &trusts {
        writeln!(checks, "    CHECK(anchor_config_set_trust(config, {name}) == ANCHOR_OK);").expect("a string grows");
    }
    let source = include_str!("abi/constants.c").replace("    /* CHECKS */\n", &checks);
    let folder = empty_scratch("abi/constants");
    std::fs::write(folder.join("constants.c"), source).expect("the target directory can be written");
    let line = format!("cc -Wall -Werror constants.c {} -o constants && ./constants", installed::flags());
    process::output(installed::beside(prefix(), "sh").current_dir(&folder).args(["-ec", &line]));
}

fn enumerators<'h>(header: &'h str, name: &str) -> Vec<&'h str> {
    let body = header.split_once(name).expect("it is declared").1.split_once("\n}").expect("it ends").0;
    let lines = body.lines().map(str::trim).filter(|line| line.starts_with("ANCHOR_"));
    lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect()
}

#[test]
fn it_loads_with_an_old_glibc() {
    let symbols = process::output(Command::new("objdump").arg("-T").arg(prefix().join("lib/libanchor.so")));
    let versions = symbols.split("GLIBC_").skip(1).filter_map(|rest| {
        let version = rest.split([')', ' ', '\n']).next()?;
        let mut numbers = version.split('.').filter_map(|number| number.parse::<u32>().ok());
        Some((numbers.next()?, numbers.next()?))
    });
    let newest = versions.max().expect("it uses glibc");
    println!("libanchor.so needs glibc {}.{}", newest.0, newest.1);
    assert!(newest <= NEWEST_GLIBC, "GLIBC_{}.{} is newer than {NEWEST_GLIBC:?}", newest.0, newest.1);
}
