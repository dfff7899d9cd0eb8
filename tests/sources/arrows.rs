//! Modules of src/ import in one direction, and what one module alone may name is named nowhere else. This reads the sources;
//! lib.rs and CONTRIBUTING.md say what it checks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module, and the modules that it may import.
const ARROWS: [(&str, &[&str]); 20] = [
    ("status", &[]),
    ("secret", &[]),
    ("json", &[]),
    ("sys", &[]),
    ("error", &["json", "status"]),
    ("census", &["error", "json"]),
    ("log", &["error", "json", "status"]),
    ("stats", &["census", "json"]),
    ("panic", &["error", "status"]),
    ("address", &["secret"]),
    ("credentials", &["secret"]),
    ("config", &["address", "credentials", "error", "log", "secret"]),
    ("options", &["config", "credentials", "error"]),
    ("cancel", &["error", "status", "sys"]),
    ("http", &["address", "config", "credentials", "error", "panic", "secret", "stats", "status", "sys"]),
    (
        "session",
        &["address", "cancel", "census", "config", "credentials", "error", "http", "log", "stats", "status", "sys"],
    ),
    (
        "calls",
        &[
            "address",
            "cancel",
            "config",
            "credentials",
            "error",
            "http",
            "json",
            "log",
            "options",
            "secret",
            "session",
            "status",
        ],
    ),
    (
        "started",
        &["calls", "cancel", "census", "credentials", "error", "http", "options", "panic", "session", "status", "sys"],
    ),
    ("client", &["calls", "cancel", "config", "error", "options", "session", "started", "stats", "status"]),
    ("capi", &["cancel", "client", "config", "error", "json", "log", "options", "panic", "started", "status", "sys"]),
];

/// A word that only these modules may have in their code.
const OWNERS: [(&str, &[&str]); 9] = [
    ("ureq", &["http"]),
    ("rustls", &["http"]),
    ("socket2", &["sys"]),
    ("libc", &["capi", "sys"]),
    ("unsafe", &["capi", "sys"]),
    ("RawFd", &["sys"]),
    ("std::os", &["sys"]),
    ("target_os", &["sys"]),
    ("c_char", &["capi"]),
];

#[test]
fn imports_follow_the_arrows() {
    let known: BTreeSet<&str> = ARROWS.iter().map(|(module, _)| *module).collect();
    let mut seen = BTreeSet::new();
    for file in sources() {
        let (module, code) = (module_of(&file), code_of(&file));
        if module == "lib" {
            continue;
        }
        let allowed =
            ARROWS.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("{module} has no arrows")).1;
        seen.insert(module.clone());
        for imported in imports(&code).filter(|imported| known.contains(imported.as_str()) && *imported != module) {
            assert!(allowed.contains(&imported.as_str()), "{}: {module} imports {imported}", file.display());
        }
    }
    assert_eq!(seen.len(), ARROWS.len(), "a module of the table is gone: {seen:?}");
}

#[test]
fn the_arrows_have_no_cycle() {
    let mut placed: Vec<&str> = Vec::new();
    while placed.len() < ARROWS.len() {
        let next = ARROWS.iter().find(|(module, imports)| {
            !placed.contains(module) && imports.iter().all(|imported| placed.contains(imported))
        });
        placed.push(next.expect("some module imports only what is placed already").0);
    }
}

#[test]
fn what_is_a_modules_own_is_named_nowhere_else() {
    for file in sources() {
        let (module, code) = (module_of(&file), code_of(&file));
        for (word, owners) in OWNERS.iter().filter(|(_, owners)| !owners.contains(&module.as_str())) {
            let named = code.lines().find(|line| has_word(line, word));
            assert_eq!(named, None, "{}: only {owners:?} may name {word}", file.display());
        }
    }
}

/// The checks find what they are for.
#[test]
fn an_arrow_that_runs_back_is_seen() {
    let code = "use crate::{capi, json::quoted};\nlet x = crate::client::Client::new();\n// crate::started\n";
    assert_eq!(imports(&without_comments(code)).collect::<Vec<_>>(), ["capi", "json", "client"]);
    assert!(has_word("    libc::read(fd)", "libc") && !has_word("libcurl", "libc"));
}

fn sources() -> Vec<PathBuf> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    collect(&root(), &mut found);
    found.sort();
    found
}

fn root() -> PathBuf {
    testkit::root().join("src")
}

/// `http` for src/http/tls.rs, `cancel` for src/cancel.rs.
fn module_of(file: &Path) -> String {
    let first = file.strip_prefix(root()).expect("below src").components().next().expect("a name");
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// Without comments, and without tests, which may use anything.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a source");
    without_comments(text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default())
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// The first name after each `crate::`, those in braces included.
fn imports(code: &str) -> impl Iterator<Item = String> {
    let names = code.split("crate::").skip(1).flat_map(|rest| {
        let list = rest.strip_prefix('{').and_then(|list| list.split_once("};")).map(|(list, _)| list);
        let parts: Vec<&str> = list.map_or_else(|| vec![rest], |list| list.split(", ").collect());
        parts
            .into_iter()
            .map(|part| part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
            .collect::<Vec<String>>()
    });
    names.collect::<Vec<_>>().into_iter()
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part))
}
