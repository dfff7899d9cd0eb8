//! Words name what exists: each path, file, test and identifier that a comment or a page names is there, so that a reader can
//! follow it, and a rename is not half done.

use super::prose::{File, repository};
use std::collections::BTreeSet;

/// The folders of the root. A path that begins with one is a path of this repository.
const TOP: [&str; 11] =
    ["src/", "cli/", "tests/", "testkit/", "docs/", "examples-c/", "bench/", "packaging/", "fuzz/", "include/", ".ci/"];

const ENDINGS: [&str; 16] =
    ["rs", "c", "h", "cpp", "hpp", "py", "sh", "md", "js", "mjs", "go", "lua", "rb", "supp", "toml", "abi"];

/// What is named and is not of this repository, with whose it is.
const ELSEWHERE: [(&str, &str); 14] = [
    ("Node.js", "the language's name"),
    ("app.c", "the reader's own program"),
    ("fuzz/artifacts", "the fuzzer writes it"),
    ("fuzz/corpus", "the fuzzer writes it"),
    ("Error::Io", "ureq's"),
    ("sanitizer/tsan_interface.h", "clang's"),
    ("stdint.h", "the C library's"),
    ("stdlib.h", "the C library's"),
    ("uv.h", "libuv's"),
    ("uv_async_send", "libuv's"),
    ("uv_async_t", "libuv's"),
    ("docs/platforms", "make cross-all writes it"),
    ("no_run", "rustdoc's"),
    ("rust_eh_personality", "rustc's"),
];

#[test]
fn each_path_that_is_named_exists() {
    let (files, paths) = repository();
    assert_none(&broken_paths(&files, &paths));
}

fn broken_paths(files: &[File], paths: &BTreeSet<String>) -> Vec<String> {
    let mut broken = Vec::new();
    for (file, number, line) in prose(files) {
        for word in line.split(|c: char| !(c.is_ascii_alphanumeric() || "_-./".contains(c))) {
            let word = word.trim_end_matches(['.', '-']).trim_start_matches("./");
            if TOP.iter().any(|top| word.starts_with(top)) && !is_there(&file.path, word, paths) && !is_elsewhere(word)
            {
                broken.push(format!("{}:{number}: {word}", file.path));
            }
        }
    }
    broken
}

#[test]
fn each_file_that_is_named_exists() {
    let (files, paths) = repository();
    assert_none(&broken_files(&files, &paths));
}

fn broken_files(files: &[File], paths: &BTreeSet<String>) -> Vec<String> {
    let mut broken = Vec::new();
    for (file, number, line) in prose(files) {
        for word in line.split(|c: char| !(c.is_ascii_alphanumeric() || "_-./:".contains(c))) {
            let word = word.trim_end_matches(['.', ':', '-']);
            let Some((stem, ending)) = word.rsplit_once('.') else { continue };
            let names_a_file = ENDINGS.contains(&ending)
                && stem.ends_with(|c: char| c.is_ascii_alphanumeric())
                && !stem.starts_with(['/', '.', '-'])
                && !word.contains("://")
                && !word.starts_with("target/");
            let suffix = format!("/{word}");
            let exists = paths.contains(word) || paths.iter().any(|path| path.ends_with(&suffix));
            if names_a_file && !exists && !is_elsewhere(word) {
                broken.push(format!("{}:{number}: {word}", file.path));
            }
        }
    }
    broken
}

/// An identifier in backticks is one of the code: of this repository, or of another library that it calls.
#[test]
fn each_identifier_that_is_named_exists() {
    let (files, _) = repository();
    assert_none(&broken_identifiers(&files));
}

fn broken_identifiers(files: &[File]) -> Vec<String> {
    let code: String = files.iter().map(File::code).collect();
    let known: BTreeSet<&str> = code.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
    let is_known = |part: &&str| known.contains(part) || known.contains(format!("ANCHOR_{part}").as_str());
    let mut broken = Vec::new();
    for (file, number, line) in prose(files) {
        for name in line.split('`').skip(1).step_by(2) {
            let name = name.trim_end_matches("()").trim_start_matches("crate::");
            let parts: Vec<&str> = name.split("::").collect();
            let is_identifier = |part: &&str| {
                part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                    && part.starts_with(|c: char| c.is_alphabetic())
            };
            if !parts.iter().all(is_identifier) || !(name.contains('_') || parts.len() > 1) {
                continue;
            }
            if !parts.iter().all(is_known) && !is_elsewhere(name) {
                broken.push(format!("{}:{number}: {name}", file.path));
            }
        }
    }
    broken
}

/// Every link of a page: to a file, to a heading of a page, or from the name of a test to the file that has it.
#[test]
fn each_link_of_a_page_leads_somewhere() {
    let (files, paths) = repository();
    assert_none(&broken_links(&files, &paths));
    for page in ["SECURITY.md", "tests/README.md"] {
        let page = files.iter().find(|file| file.path == page).expect("a page of the repository");
        let tests = links(&page.text).filter(|(before, _)| linked_name(before).is_some()).count();
        assert!(tests > 20, "{} links {tests} tests", page.path);
    }
}

fn broken_links(files: &[File], paths: &BTreeSet<String>) -> Vec<String> {
    let mut broken = Vec::new();
    for page in files.iter().filter(|file| file.is_page()) {
        for (before, rest) in links(&page.text) {
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            if target.contains(':') {
                continue;
            }
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if path.is_empty() { page.path.clone() } else { resolve(&page.path, path) };
            let is_there = paths.contains(&path) || paths.contains(&format!("{}/", path.trim_end_matches('/')));
            let linked = files.iter().find(|file| file.path == path);
            let has_heading =
                heading.is_empty() || linked.is_some_and(|page| headings(&page.text).any(|h| h == heading));
            if !is_there || !has_heading {
                broken.push(format!("{}: {target}", page.path));
                continue;
            }
            match (linked_name(before), linked) {
                (Some(name), Some(source)) if !has_test(source, name) => {
                    broken.push(format!("{}: {name} is not a test of {path}", page.path));
                }
                _ => {}
            }
        }
    }
    broken
}

/// What does not exist is found, and what does is not.
#[test]
fn a_name_that_leads_nowhere_is_found() {
    let page = "`json_get` and `json_got`, [`it_holds`](tests/a.rs), [`it_breaks`](tests/a.rs), \
                [`it_ends`](tests/a.rs), [`it_lasts`](tests/a.rs), [b](#b), [c](#c)\n# B\n";
    let source = "// See tests/a.rs, src/b.rs, a.rs and gone.rs.\n#[test]\nfn it_holds() { json_get() }\n\
                  #[each_way]\nfn it_ends(way: Way) { it_lasts(way) }\nfn it_lasts(way: Way) {}\n";
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let files = [file("a.md", page), file("tests/a.rs", source)];
    let paths = files.iter().map(|file| file.path.clone()).collect();
    assert_eq!(broken_paths(&files, &paths), ["tests/a.rs:1: src/b.rs"]);
    assert_eq!(broken_files(&files, &paths), ["tests/a.rs:1: src/b.rs", "tests/a.rs:1: gone.rs"]);
    assert_eq!(broken_identifiers(&files), ["a.md:1: json_got", "a.md:1: it_breaks"]);
    let not_a_test = ["it_breaks", "it_lasts"].map(|name| format!("a.md: {name} is not a test of tests/a.rs"));
    assert_eq!(broken_links(&files, &paths), [&not_a_test[0], &not_a_test[1], "a.md: #c"]);
}

#[track_caller]
fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "named and not there:\n{}", broken.join("\n"));
}

fn is_elsewhere(word: &str) -> bool {
    ELSEWHERE.iter().any(|(name, _)| *name == word)
}

fn prose(files: &[File]) -> impl Iterator<Item = (&File, usize, String)> {
    files.iter().flat_map(|file| file.prose().into_iter().enumerate().map(move |(at, line)| (file, at + 1, line)))
}

/// From the root, from the file's own folder, or from the root of its crate.
fn is_there(file: &str, word: &str, paths: &BTreeSet<String>) -> bool {
    let word = word.trim_end_matches('/');
    let mut folder = file;
    loop {
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        let path = if folder.is_empty() { word.to_owned() } else { format!("{folder}/{word}") };
        if paths.contains(&path) || paths.contains(&format!("{path}/")) {
            return true;
        }
        if folder.is_empty() {
            return false;
        }
    }
}

/// The text before each `](` of a page, and that after it.
fn links(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.match_indices("](").map(|(at, mark)| (&page[..at], &page[at + mark.len()..]))
}

/// A link's path, from the root.
fn resolve(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Headings as GitHub makes anchors of them.
fn headings(page: &str) -> impl Iterator<Item = String> {
    let lines = page.lines().filter_map(|line| line.strip_prefix('#'));
    lines.map(|line| {
        let text = line.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

/// The identifier that a link's text consists of.
fn linked_name(before: &str) -> Option<&str> {
    let text = &before[before.rfind('[')? + 1..];
    let name = text.strip_prefix('`')?.strip_suffix('`')?;
    let is_identifier = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_identifier && name.contains('_')).then_some(name)
}

/// A test of Rust, in one way or in each, or a case of a C or C++ program; of other sources, any function.
fn has_test(source: &File, name: &str) -> bool {
    if !source.path.contains("tests/") {
        return source.text.contains(&format!("fn {name}("));
    }
    let is_marked = |mark: &str, start: &str| {
        let mut functions = source.text.split(mark).skip(1).filter_map(|rest| rest.split_once("fn "));
        functions.any(|(_, function)| function.starts_with(start))
    };
    is_marked("#[test]\n", &format!("{name}()"))
        || is_marked("#[each_way]\n", &format!("{name}(way: Way)"))
        || source.text.contains(&format!("CASE({name})"))
}
