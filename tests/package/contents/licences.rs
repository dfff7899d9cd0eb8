//! THIRD-PARTY.txt: which licence each crate is taken under, and the texts, each once. A crate without a text of that licence
//! fails.

use super::crates::Crate;
use super::{Crates, RUNTIMES};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use testkit::root;

/// Known licences, by words of their texts. Where a crate offers several, the first in this list is taken.
const KNOWN: [(&str, &str); 7] = [
    ("MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose"),
    ("BSD-3-Clause", "Neither the name of"),
    ("Apache-2.0", "Apache License Version 2.0, January 2004"),
    ("CDLA-Permissive-2.0", "Community Data License Agreement - Permissive - Version 2.0"),
    ("Unicode-3.0", "UNICODE LICENSE V3"),
    ("Unlicense", "This is free and unencumbered software released into the public domain."),
];

/// Its text is the same wherever it is used.
const APACHE: &str = "Apache-2.0";

/// What is in it beside the crates.
const STANDARD_LIBRARY: &str = "Rust's standard library";

const HEAD: &str = "\
What is in libanchor and in the command anchor-events beside the project's own code, with the licences under which it is used.
Some of it is in the packages for some systems only. `make contents` writes this file.

";

/// A text, and what it is for.
type Texts = BTreeMap<String, BTreeSet<String>>;

pub fn page(library: &Crates, command: &Crates) -> String {
    let apache = fs::read_to_string(root().join("LICENSE-APACHE")).expect("it is in the repository");
    let (mut page, mut texts) = (HEAD.to_owned(), Texts::new());
    let mut row = |name: &str, licences: &BTreeSet<&str>, place: &str| {
        let licences = licences.iter().copied().collect::<Vec<_>>().join(", ");
        writeln!(page, "{}", format!("{name:28} {licences:20} {place}").trim_end()).expect("a string grows");
    };
    let both: BTreeMap<&String, &Crate> = command.iter().chain(library).filter(|(_, krate)| !krate.is_own()).collect();
    for (id, krate) in both {
        let files = files(&krate.folder);
        let licences = chosen(&krate.licence, &files).unwrap_or_else(|why| panic!("{id}: {why}"));
        row(id, &licences, if library.contains_key(id) { "" } else { "the command only" });
        let mut add = |text: &str| texts.entry(tidy(text)).or_default().insert(id.clone());
        for text in files.iter().filter(|text| is_of(text, &krate.licence, &licences)) {
            add(text);
        }
        if files.is_empty() {
            add(&apache);
        }
    }
    row(STANDARD_LIBRARY, &BTreeSet::from([APACHE]), "");
    for runtime in &RUNTIMES {
        row(runtime.name, &runtime.licence.split(" AND ").collect(), runtime.systems);
        let text = fs::read_to_string(root().join("packaging/licences").join(runtime.text));
        let text = text.unwrap_or_else(|e| panic!("{}: {e}", runtime.text));
        texts.entry(tidy(&text)).or_default().insert(runtime.name.to_owned());
    }
    texts.entry(tidy(&apache)).or_default().insert(STANDARD_LIBRARY.to_owned());
    write_texts(&mut page, texts);
    page
}

fn write_texts(page: &mut String, texts: Texts) {
    let mut in_order: Vec<(BTreeSet<String>, String)> = texts.into_iter().map(|(text, names)| (names, text)).collect();
    in_order.sort();
    for (names, text) in in_order {
        let names = names.into_iter().collect::<Vec<_>>().join("\n");
        write!(page, "\n{0}\n{names}\n{0}\n\n{text}", "=".repeat(80)).expect("a string grows");
    }
}

/// The licences that a crate is taken under, of the expression that it states and the texts that it has. One that has no text
/// at all is taken under the licence whose text is known.
fn chosen(expression: &str, texts: &[String]) -> Result<BTreeSet<&'static str>, String> {
    let all_of = expression.split(" AND ").map(|part| one_of(part, texts.is_empty()));
    let licences: BTreeSet<&str> =
        all_of.collect::<Option<_>>().ok_or_else(|| format!("no licence of {expression:?} is known"))?;
    let has_text =
        |licence: &str| texts.iter().any(|text| kinds(text).contains(licence)) || texts.is_empty() && licence == APACHE;
    match licences.iter().find(|licence| !has_text(licence)) {
        Some(licence) => Err(format!("it has no text of {licence}")),
        None => Ok(licences),
    }
}

/// Crates that are years old write / for OR.
fn one_of(part: &str, has_no_text: bool) -> Option<&'static str> {
    let part = part.trim_matches(['(', ')']).replace('/', " OR ");
    let offered: Vec<&str> = part.split(" OR ").map(str::trim).collect();
    if has_no_text && offered.contains(&APACHE) {
        return Some(APACHE);
    }
    KNOWN.iter().map(|(licence, _)| *licence).find(|licence| offered.contains(licence))
}

/// The licences whose texts are in it.
fn kinds(text: &str) -> BTreeSet<&'static str> {
    let text = text.split_whitespace().filter(|word| *word != "//").collect::<Vec<_>>().join(" ");
    KNOWN.iter().filter(|(_, words)| text.contains(words)).map(|(licence, _)| *licence).collect()
}

/// Not the text of a licence that the crate offers and that is not taken. Others stay: that of code of others within the crate, or
/// what is no known licence, such as a list of authors.
fn is_of(text: &str, expression: &str, licences: &BTreeSet<&str>) -> bool {
    let offers = |licence: &str| expression.split([' ', '/', '(', ')']).any(|word| word == licence);
    let kinds = kinds(text);
    kinds.is_empty() || kinds.iter().any(|licence| licences.contains(licence) || !offers(licence))
}

/// The texts of a crate, also of code of others within it, but not those of its tests.
fn files(folder: &Path) -> Vec<String> {
    let starts = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];
    let mut entries: Vec<_> = fs::read_dir(folder).expect("the crate's sources").flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut texts = Vec::new();
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().to_uppercase());
        if path.is_dir() && !["TESTS", "BENCHES", "EXAMPLES", "TARGET"].contains(&&*name) {
            texts.extend(files(&path));
        } else if path.is_file() && starts.iter().any(|start| name.starts_with(start)) && !name.ends_with(".RS") {
            texts.push(fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
        }
    }
    texts
}

/// Without white space at the ends of lines and of the text.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned() + "\n"
}

#[test]
fn a_licence_is_chosen_and_its_text_must_be_there() {
    let mit = format!("{} of this", KNOWN[0].1);
    let apache = "Apache License\n   Version 2.0, January 2004\n".to_owned();
    let isc = KNOWN[1].1.to_owned();
    let chosen = |expression: &str, texts: &[&String]| {
        chosen(expression, &texts.iter().copied().cloned().collect::<Vec<_>>())
            .map(|licences| licences.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(chosen("Apache-2.0 OR ISC OR MIT", &[&apache, &isc, &mit]), Ok(vec!["MIT"]));
    assert_eq!(chosen("Apache-2.0/MIT", &[&apache, &mit]), Ok(vec!["MIT"]));
    assert_eq!(chosen("(MIT OR Apache-2.0) AND ISC", &[&mit, &isc]), Ok(vec!["ISC", "MIT"]));
    assert_eq!(chosen("MIT OR Apache-2.0", &[]), Ok(vec!["Apache-2.0"]));
    assert_eq!(chosen("MIT", &[]), Err("it has no text of MIT".to_owned()));
    assert_eq!(chosen("MIT AND ISC", &[&mit]), Err("it has no text of ISC".to_owned()));
    assert_eq!(chosen("Apache-2.0 AND ISC", &[]), Err("it has no text of ISC".to_owned()));
    assert!(chosen("GPL-3.0-only", &[&mit]).is_err());
    let is_of = |text: &str| is_of(text, "MIT/Apache-2.0", &BTreeSet::from(["MIT"]));
    assert!(is_of(&mit) && is_of(&isc) && is_of("Written by Ada.") && !is_of(&apache));
}
