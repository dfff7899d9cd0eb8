//! The oldest Rust that builds the workspace: `rust-version` in Cargo.toml. Debian's packages of it are in the folder of
//! packaging/cross/debian-rust.sh, if that was run.

use crate::installed::outside;
use std::env;
use std::path::PathBuf;
use std::process::Command;
use testkit::{files, process, root, target_dir, tools};

const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// The library and the command, for each other: examples-c/mfa.c waits on `anchor-events serve`.
#[test]
fn the_oldest_rust_builds_what_make_demo_runs() {
    let rust = cross_compilers().join(format!("rust-{OLDEST}/bin"));
    if !tools::has_when(&format!("Rust {OLDEST} of packaging/cross/debian-rust.sh"), rust.join("cargo").is_file()) {
        return;
    }
    let target = target_dir().join("oldest-rust");
    let path = format!("{}:{}", rust.display(), env::var("PATH").unwrap_or_default());
    let mut demo = outside("make");
    demo.current_dir(root()).arg("demo").env("PATH", path);
    demo.env("CARGO_TARGET_DIR", &target).env("CARGO_PROFILE_DEV_DEBUG", "0");
    let said = process::output(&mut demo);
    assert!(said.contains("agent:   received {\"data\":"), "{said}");

    let made_by = format!("rustc version {OLDEST}.");
    for file in ["libanchor.so", "anchor-events"] {
        let mut readelf = Command::new("readelf");
        let notes = process::output(readelf.args(["--string-dump", ".comment"]).arg(target.join("debug").join(file)));
        assert!(notes.contains(&made_by), "{file} was not made by Rust {OLDEST}: {notes}");
    }
}

/// Where packaging/cross/where.sh says.
fn cross_compilers() -> PathBuf {
    env::var_os("ANCHOR_CROSS").map_or_else(|| root().join("target/cross"), PathBuf::from)
}

#[test]
fn the_pages_name_the_oldest_rust() {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned(), "CHANGELOG.md".to_owned()];
    pages.extend(files("docs", ".md").into_iter().map(|name| format!("docs/{name}")));
    let mut naming = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(root().join(&page)).expect("a page of the repository");
        let versions = named_versions(&text);
        assert!(versions.iter().all(|version| version == OLDEST), "{page}: {versions:?}, but Cargo.toml has {OLDEST}");
        if !versions.is_empty() {
            naming.push(page);
        }
    }
    for page in ["README.md", "CHANGELOG.md", "docs/install.md", "docs/platforms.md"] {
        assert!(naming.iter().any(|name| name == page), "{page} does not say that Rust {OLDEST} is needed");
    }
}

/// Each X of `Rust X or later`, of `Rust (X or later)`, and of `debian-rust.sh X`.
fn named_versions(text: &str) -> Vec<String> {
    let needed = text.split("Rust ").skip(1).map(|rest| rest.trim_start_matches('('));
    let needed = needed.filter_map(|rest| Some(rest.split_once(" or later")?.0)).filter(|version| is_version(version));
    let fetched = text.split("debian-rust.sh ").skip(1).filter_map(|rest| rest.split(['`', ' ', '\n']).next());
    needed.chain(fetched).map(str::to_owned).collect()
}

fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}
