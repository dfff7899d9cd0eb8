//! The README's C and C++ snippets compile, alone and without a warning, as they stand there.

use crate::c_build::{root, scratch, tool};
use std::process::Command;

#[test]
fn every_snippet_of_the_readme_compiles() {
    let c = snippets("c");
    assert!(c.len() >= 3, "the README shows the library in C");
    for (at, snippet) in c.iter().enumerate() {
        compile("cc", "-std=c11", &format!("snippet-{at}.c"), snippet);
    }
    for (at, snippet) in snippets("cpp").iter().enumerate() {
        if tool::is_there("c++") {
            compile("c++", "-std=c++17", &format!("snippet-{at}.cpp"), snippet);
        }
    }
}

fn compile(compiler: &str, standard: &str, name: &str, snippet: &str) {
    let source = scratch("readme").join(name);
    std::fs::write(&source, snippet).expect("a scratch file");
    let warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];
    let mut command = Command::new(compiler);
    command.current_dir(root()).arg(standard).args(warnings).args(["-I", "include", "-fsyntax-only"]).arg(source);
    tool::output(&mut command);
}

/// The fenced blocks of a language.
fn snippets(language: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let fence = format!("\n```{language}\n");
    let blocks = readme.split(&fence).skip(1);
    blocks.map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned() + "\n").collect()
}
