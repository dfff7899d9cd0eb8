//! What each package of bindings/ does: the table of docs/languages.md is generated from the numbers that the packages' tests name,
//! and from the reasons in bindings/conformance.md. It has no hole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs::{read_dir, read_to_string};
use std::path::Path;
use testkit::root;

const LIST: &str = "bindings/conformance.md";
const PAGE: &str = "docs/languages.md";
const HEADING: &str = "## What each package does\n";

/// Folders of bindings/, with the names of their languages.
const PACKAGES: [(&str, &str); 10] = [
    ("python", "Python"),
    ("node", "Node.js"),
    ("go", "Go"),
    ("java", "Java"),
    ("csharp", "C#"),
    ("ruby", "Ruby"),
    ("php", "PHP"),
    ("lua", "Lua"),
    ("perl", "Perl"),
    ("rust", "Rust"),
];

#[test]
fn the_table_is_what_the_tests_of_the_packages_name() {
    let page = text_of(PAGE);
    let (before, rest) = page.split_once(HEADING).expect("the page has the section");
    let after = rest.find("\n## ").map_or("", |at| &rest[at..]);
    let expected = format!("{before}{HEADING}{}{after}", section());
    if std::env::var("ANCHOR_ACCEPT_CONFORMANCE").is_ok_and(|value| value == "1") {
        std::fs::write(root().join(PAGE), &expected).expect("it can be written");
    }
    assert!(text_of(PAGE) == expected, "{PAGE} is not what the tests of bindings/ name; `make conformance` writes it");
}

#[test]
fn each_behaviour_has_a_test_in_each_package_or_a_reason() {
    let (behaviours, reasons) = (behaviours(), reasons());
    assert!(behaviours.len() > 40, "{}", behaviours.len());
    for (folder, _) in PACKAGES {
        let covered = covered(folder);
        for number in behaviours.keys() {
            let has_reason = reasons.contains_key(&(number.clone(), folder.to_owned()));
            assert!(covered.contains(number) != has_reason, "{folder}: {number}: a test, or a reason in {LIST}");
        }
        let unknown: Vec<&String> = covered.iter().filter(|number| !behaviours.contains_key(*number)).collect();
        assert!(unknown.is_empty(), "{folder} covers {unknown:?}, which {LIST} does not have");
    }
}

#[test]
fn every_package_is_in_the_table() {
    let folders = read_dir(root().join("bindings")).expect("bindings/").map(|entry| entry.expect("an entry"));
    let folders = folders.filter(|entry| entry.file_type().is_ok_and(|it| it.is_dir()));
    let found: BTreeSet<String> = folders.map(|entry| entry.file_name().into_string().expect("UTF-8")).collect();
    assert_eq!(found, PACKAGES.iter().map(|(folder, _)| (*folder).to_owned()).collect());
}

fn section() -> String {
    let (reasons, covered) = (reasons(), PACKAGES.map(|(folder, _)| (folder, covered(folder))));
    let mut text = "\nThe numbers are those of [conformance.md](../bindings/conformance.md). *Yes* means that a test of the package covers it.\n\n| |".to_owned();
    for (_, language) in PACKAGES {
        write!(text, " | {language}").expect("a string grows");
    }
    text += &format!(" |\n| --- | ---{} |\n", " | ---".repeat(PACKAGES.len()));
    for (number, what) in behaviours() {
        write!(text, "| {number} | {what}").expect("a string grows");
        for (folder, covered) in &covered {
            let reason = reasons.get(&(number.clone(), (*folder).to_owned()));
            let cell = reason.map_or_else(|| if covered.contains(&number) { "yes" } else { "" }, String::as_str);
            write!(text, " | {cell}").expect("a string grows");
        }
        text += " |\n";
    }
    text
}

/// By number, in one line.
fn behaviours() -> BTreeMap<String, String> {
    let list = text_of(LIST);
    let items = list.split("\n- ").skip(1).map(|item| item.split("\n\n").next().unwrap_or_default());
    let parts = items.map(|item| item.split_once(' ').expect("a number and a sentence"));
    parts.map(|(number, what)| (number.to_owned(), what.split_whitespace().collect::<Vec<_>>().join(" "))).collect()
}

/// Why a package does not do it, by number and folder.
fn reasons() -> BTreeMap<(String, String), String> {
    let list = text_of(LIST);
    let (_, table) = list.split_once("## Not in a language").expect("the section");
    let rows = table.lines().filter(|line| is_number(line.trim_start_matches("| ").get(..3).unwrap_or_default()));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    cells
        .map(|cells| {
            let [number, folder, why] = cells[..] else { panic!("{LIST} has a row without three cells: {cells:?}") };
            ((number.to_owned(), folder.to_owned()), why.to_owned())
        })
        .collect()
}

/// The numbers that the tests of a package name.
fn covered(folder: &str) -> BTreeSet<String> {
    let mut numbers = BTreeSet::new();
    collect(&root().join("bindings").join(folder), &mut numbers);
    numbers
}

fn collect(folder: &Path, numbers: &mut BTreeSet<String>) {
    for entry in read_dir(folder).expect("a folder of the package").map(|entry| entry.expect("an entry")) {
        let name = entry.file_name().into_string().expect("UTF-8");
        let is_folder = entry.file_type().expect("a type").is_dir();
        if is_folder && !["node_modules", "build", "target"].contains(&name.as_str()) {
            collect(&entry.path(), numbers);
        } else if !is_folder && name.to_lowercase().contains("test") && !name.ends_with(".pyc") {
            let text = read_to_string(entry.path()).expect("a test");
            let words = text.split(|c: char| !c.is_ascii_alphanumeric());
            numbers.extend(words.filter(|word| is_number(word)).map(str::to_owned));
        }
    }
}

fn is_number(word: &str) -> bool {
    word.strip_prefix('C').is_some_and(|digits| digits.len() == 2 && digits.bytes().all(|it| it.is_ascii_digit()))
}

fn text_of(file: &str) -> String {
    read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}
