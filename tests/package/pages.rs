//! README.md and docs/*.md: what they show compiles as it stands there, what they link to exists, and what they list is
//! complete. Commands and programs in other languages are run by install/readme.rs and ffi.rs.

use std::fs;
use std::process::Command;
use testkit::{process, root, scratch, tools};

/// Short enough to be read from top to bottom.
const MOST_LINES: usize = 150;

#[test]
fn the_readme_is_short() {
    let lines = text_of("README.md").lines().count();
    assert!(lines < MOST_LINES, "README.md has {lines} lines; details belong into docs/");
}

fn text_of(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|e| panic!("{page}: {e}"))
}

/// README.md and docs/*.md.
fn pages() -> Vec<String> {
    let folder = fs::read_dir(root().join("docs")).expect("docs/");
    let names = folder.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let mut pages: Vec<String> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")).collect();
    pages.push("README.md".to_owned());
    pages.sort_unstable();
    assert!(pages.len() > 5, "{pages:?}");
    pages
}

/// The fenced blocks of a page: language and code.
fn blocks(page: &str) -> Vec<(String, String)> {
    let text = format!("\n{}", text_of(page));
    let fenced = text.split("\n```").skip(1).step_by(2);
    let parts = fenced.map(|block| block.split_once('\n').expect("a fence and its code"));
    parts.map(|(language, code)| (language.to_owned(), code.to_owned() + "\n")).collect()
}

#[test]
fn every_snippet_in_c_compiles() {
    assert!(compiled("c", "cc", "-std=c11") >= 4);
}

#[test]
fn every_snippet_in_cpp_compiles() {
    if tools::has("c++") {
        assert!(compiled("cpp", "c++", "-std=c++17") >= 1);
    }
}

/// Compiles the snippets in a language, alone and without a warning, and counts them.
fn compiled(language: &str, compiler: &str, standard: &str) -> usize {
    let of_pages = pages().into_iter().flat_map(|page| blocks(&page));
    let snippets: Vec<String> = of_pages.filter(|block| block.0 == language).map(|block| block.1).collect();
    for (at, snippet) in snippets.iter().enumerate() {
        let source = scratch("readme").join(format!("snippet-{at}.{language}"));
        fs::write(&source, snippet).expect("a scratch file");
        let warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];
        let mut command = Command::new(compiler);
        command.current_dir(root()).arg(standard).args(warnings).args(["-I", "include", "-fsyntax-only"]).arg(source);
        process::output(&mut command);
    }
    snippets.len()
}

/// A snippet in another language, or on another page, needs a test that runs it, and a line here.
#[test]
fn every_snippet_has_a_test() {
    let languages = crate::ffi::SNIPPETS.map(|snippet| snippet.language);
    let run = [
        ("README.md", &["sh"][..]),
        ("docs/install.md", &["sh", "cmake", "meson"]),
        ("docs/command.md", &["sh"]),
        ("docs/local-server.md", &["sh"]),
        ("docs/platforms.md", &["sh"]),
        // The workflow runs them, and release.rs compares the two.
        ("docs/releasing.md", &["sh"]),
        ("docs/settings.md", &["sh"]),
        ("docs/languages.md", &languages),
    ];
    for page in pages() {
        let here = run.iter().find(|(name, _)| *name == page).map_or(&[][..], |(_, languages)| languages);
        for (language, code) in blocks(&page) {
            match language.as_str() {
                "c" | "cpp" | "text" => {}
                "json" => drop(serde_json::from_str::<serde_json::Value>(&code).expect(&page)),
                other => assert!(here.contains(&other), "{page}: no test runs a snippet in {other:?}"),
            }
        }
    }
}

/// Links between the pages, and to files of the repository.
#[test]
fn what_is_linked_to_exists() {
    let mut all = pages();
    all.extend(["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "examples-c/README.md"].map(str::to_owned));
    for page in all {
        let folder = root().join(&page).parent().expect("a folder").to_owned();
        for link in text_of(&page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            if !link.contains("://") && !path.is_empty() {
                let target = folder.join(path);
                assert!(target.exists(), "{page} links to {link}");
                let has_heading =
                    || anchors(&fs::read_to_string(&target).expect("a page")).contains(&heading.to_owned());
                assert!(heading.is_empty() || has_heading(), "{page} links to {link}");
            }
        }
    }
}

/// As GitHub makes them: without punctuation.
fn anchors(page: &str) -> Vec<String> {
    let is_kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
    let anchor = |line: &str| {
        line.trim_start_matches(['#', ' ']).to_lowercase().chars().filter(is_kept).collect::<String>().replace(' ', "-")
    };
    page.lines().filter(|line| line.starts_with('#')).map(anchor).collect()
}

/// Functions and constants, and files of the repository.
#[test]
fn what_is_named_exists() {
    let (header, mut names, mut files) = (text_of("include/anchor.h"), 0, 0);
    let mut all = pages();
    all.extend(["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].map(str::to_owned));
    for page in all {
        let text = text_of(&page);
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if word.starts_with("anchor_") || word.starts_with("ANCHOR_") && word != "ANCHOR_API_KEY" {
                let is_read = |(name, reader): &(&str, &str)| *name == word && text_of(reader).contains(word);
                let is_known = header.contains(word) || OTHERS.iter().any(is_read);
                assert!(is_known, "{page} names {word}");
                names += 1;
            }
        }
        for code in text.split('`').skip(1).step_by(2).filter(|code| is_file(code)) {
            assert!(root().join(code).exists(), "{page} names {code}");
            files += 1;
        }
    }
    assert!(names > 100 && files > 5, "{names} names, {files} files");
}

/// Names that are not in the header: variables that a build or the local server reads, and the gem.
const OTHERS: [(&str, &str); 6] = [
    ("anchor_events", "bindings/ruby/anchor_events.gemspec"),
    ("ANCHOR_EVENT_NAME", "cli/src/commands/wait/exec.rs"),
    ("ANCHOR_CROSS", "packaging/cross/where.sh"),
    ("ANCHOR_PACK_RELOCATIONS", "build.rs"),
    ("ANCHOR_SERVE_ADMIN_TOKEN", "cli/src/args.rs"),
    ("ANCHOR_SERVE_API_KEY", "cli/src/args.rs"),
];

fn is_file(code: &str) -> bool {
    let is_path = code.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    is_path
        && code.contains('/')
        && [".rs", ".c", ".h", ".py", ".sh", ".toml", ".md"].iter().any(|it| code.ends_with(it))
}

#[test]
fn the_readme_has_every_status() {
    let header = text_of("include/anchor.h");
    let (_, statuses) = header.split_once("enum anchor_status").expect("the statuses");
    let (statuses, _) = statuses.split_once("};").expect("their end");
    let lines = statuses.lines().filter_map(|line| line.trim().trim_end_matches(',').split_once(" = "));
    let readme = text_of("README.md");
    let mut count = 0;
    for (name, value) in lines {
        assert!(readme.contains(&format!("| `{name}` | {value} | ")), "README.md lacks {name}, {value}");
        count += 1;
    }
    assert!(count > 15, "{count}");
}

/// With the default that the header gives.
#[test]
fn the_settings_have_every_setter() {
    let (header, page) = (text_of("include/anchor.h"), text_of("docs/settings.md"));
    let mut count = 0;
    for comment in header.split("/**").skip(1) {
        let Some((comment, declaration)) = comment.split_once("*/") else { continue };
        let Some((_, name)) = declaration.split(';').next().and_then(|it| it.split_once("anchor_config_set_")) else {
            continue;
        };
        let name = name.split('(').next().expect("a name");
        let row = page.lines().find(|line| line.starts_with(&format!("| `anchor_config_set_{name}`")));
        let row = row.unwrap_or_else(|| panic!("docs/settings.md lacks {name}"));
        if let Some((before, _)) = comment.split_once(" by default") {
            let default = before.rsplit([' ', '"']).find(|word| !word.is_empty()).expect("a value");
            assert!(row.contains(default), "{name}: {default} is not in {row}");
        }
        count += 1;
    }
    assert!(count > 10, "{count}");
}
