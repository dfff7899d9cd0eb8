//! What is not run on a system, and why: the table in tests/skipped.md. A test of a listed program names it on stderr and passes.

use crate::root;
use crate::target::Target;
use std::io::Write;

/// A row of the table: on systems to which all of the words apply, this is not run.
pub struct Row {
    pub words: Vec<String>,
    /// A source, or a source and a case of it: `tests/c/limits.c: no_thread_is_left`.
    pub what: String,
    pub why: String,
}

pub fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("tests/skipped.md")).expect("a file of the repository");
    let rows = text.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.filter(|line| !line.starts_with("| ---")).map(row).collect()
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [words, what, why] = cells[..] else { panic!("tests/skipped.md has a row without three cells: {line}") };
    let words = words.split(' ').map(str::to_owned).collect();
    Row { words, what: what.trim_matches('`').to_owned(), why: why.to_owned() }
}

/// Whether a whole source is skipped on the system. If so, stderr has the reason.
pub fn is_skipped(source: &str, target: &Target) -> bool {
    is_listed(&rows_for(target), source)
}

/// The cases of a source that are not skipped on the system, if any is. stderr has the reasons.
pub fn remaining_cases(source: &str, target: &Target) -> Vec<String> {
    let rows = rows_for(target);
    let all = cases(source);
    let is_kept = |case: &String| !is_listed(&rows, &format!("{source}: {case}"));
    let kept: Vec<String> = all.iter().filter(|case| is_kept(case)).cloned().collect();
    if kept.len() == all.len() { Vec::new() } else { kept }
}

/// The cases of a program with tests/c/check.h.
pub fn cases(source: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(source)).expect("a source of the repository");
    let named = text.split("CASE(").skip(1).filter_map(|rest| rest.split_once(')'));
    named.map(|(name, _)| name.to_owned()).collect()
}

fn rows_for(target: &Target) -> Vec<Row> {
    if target.is_host() {
        return Vec::new();
    }
    rows().into_iter().filter(|row| row.words.iter().all(|word| target.is(word))).collect()
}

fn is_listed(rows: &[Row], what: &str) -> bool {
    let row = rows.iter().find(|row| row.what == what);
    row.is_some_and(|row| !note(what, &row.why))
}

/// Names what is skipped, and returns false. The harness keeps what a passing test prints by println to itself.
pub fn note(what: &str, why: &str) -> bool {
    let _ = writeln!(std::io::stderr(), "skipped: {what}: {why}");
    false
}
