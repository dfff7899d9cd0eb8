//! The manual pages: docs/man has one for each function of the header, made from its comment and from its example in
//! docs/man/examples; and anchor(3), in which the contract is the header's and the rest is written by hand. `make manual`
//! writes them.

mod header;
mod page;

use header::Header;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use testkit::{process, root, scratch, tools};

fn header() -> Header {
    Header::parse(&fs::read_to_string(root().join("include/anchor.h")).expect("the header"))
}

fn folder() -> PathBuf {
    root().join("docs/man")
}

fn example_of(name: &str) -> PathBuf {
    folder().join("examples").join(name).with_extension("c")
}

#[test]
fn the_pages_are_what_the_header_says() {
    let header = header();
    for function in &header.functions {
        let example = fs::read_to_string(example_of(&function.name)).unwrap_or_else(|e| {
            panic!("{}: {e}; each function needs an example", example_of(&function.name).display())
        });
        is_made(&function.name, |_| page::of(function, &header, &example));
    }
    is_made("anchor", |overview| {
        let (before, rest) = overview.split_once(CONTRACT).expect("it has a mark");
        let (_, after) = rest.split_once(END).expect("it has a second mark");
        format!("{before}{CONTRACT}{}{END}{after}", page::contract(&header))
    });
}

/// The marks in anchor(3) between which the header's contract is.
const CONTRACT: &str = ".\\\" From include/anchor.h, by `make manual`:\n";
const END: &str = ".\\\" End of what is from include/anchor.h.\n";

/// Holds that a committed page is what is made of it, or writes it.
fn is_made(name: &str, make: impl Fn(&str) -> String) {
    let file = folder().join(name).with_extension("3");
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let made = make(&committed);
    if std::env::var_os("ANCHOR_ACCEPT_MANUAL").is_some_and(|value| value == "1") {
        return fs::write(&file, made).expect("the page can be written");
    }
    let first = committed.lines().zip(made.lines()).find(|(old, new)| old != new);
    assert!(committed == made, "{} is stale: run `make manual`. First difference: {first:?}", file.display());
}

/// A page of a function that was removed would be installed for ever.
#[test]
fn there_is_no_page_or_example_of_anything_else() {
    let names: BTreeSet<String> = header().functions.into_iter().map(|function| function.name).collect();
    assert!(names.len() > 30, "{names:?}");
    assert_eq!(files_of("3"), names.iter().cloned().chain(["anchor".to_owned()]).collect());
    assert_eq!(files_of("c"), names);
}

/// The names, without their ending, of the pages or of the examples.
fn files_of(ending: &str) -> BTreeSet<String> {
    let folder = if ending == "c" { folder().join("examples") } else { folder() };
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = entries.filter(|path| path.extension().is_some_and(|it| it == ending));
    files.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
}

#[test]
fn each_example_compiles_and_calls_its_function() {
    let object = scratch("manual").join("example.o");
    for name in files_of("c") {
        let source = fs::read_to_string(example_of(&name)).expect("an example");
        assert!(source.contains(&format!("{name}(")), "the example of {name} does not call it");
        let mut cc = Command::new("cc");
        cc.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "-I"]).arg(root().join("include"));
        process::output(cc.arg(example_of(&name)).arg("-o").arg(&object));
    }
}

#[test]
fn mandoc_has_no_complaint() {
    if tools::has("mandoc") {
        let pages = files_of("3").into_iter().map(|name| folder().join(name).with_extension("3"));
        process::output(Command::new("mandoc").args(["-T", "lint"]).args(pages));
    }
}

/// What a reader of anchor(3) looks for: every function, every status and every variable of the environment.
#[test]
fn the_overview_names_everything() {
    let overview = fs::read_to_string(folder().join("anchor.3")).expect("docs/man/anchor.3");
    let header = header();
    let names =
        header.functions.iter().map(|function| &function.name).chain(header.statuses.iter().map(|(name, _)| name));
    for name in names {
        assert!(overview.contains(name), "docs/man/anchor.3 does not name {name}");
    }
}
