//! The files of the repository, and their prose: a page is prose as a whole, a source has comments.

use std::collections::BTreeSet;
use std::path::Path;
use testkit::root;

/// What is not kept in git, in any folder.
const BUILT: [&str; 8] = [".git", "target", "node_modules", "__pycache__", "vendor", "corpus", "artifacts", ".venv"];

/// A file as the tests read it.
pub struct File {
    /// From the root.
    pub path: String,
    pub text: String,
}

/// Each text file of the repository, and the names of all files and folders, which end with a slash.
pub fn repository() -> (Vec<File>, BTreeSet<String>) {
    let (mut files, mut paths) = (Vec::new(), BTreeSet::new());
    read_folder("", &mut files, &mut paths);
    (files, paths)
}

fn read_folder(folder: &str, files: &mut Vec<File>, paths: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(root().join(folder)).expect("a folder of the repository") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("UTF-8");
        let path = format!("{folder}{name}");
        if BUILT.contains(&name.as_str()) {
            continue;
        }
        if entry.file_type().expect("a type").is_dir() {
            paths.insert(format!("{path}/"));
            read_folder(&format!("{path}/"), files, paths);
        } else {
            if let Ok(text) = std::fs::read_to_string(entry.path()) {
                files.push(File { path: path.clone(), text });
            }
            paths.insert(path);
        }
    }
}

/// How a language marks its comments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marks {
    /// The file is a page.
    None,
    /// `//` to the end of the line, `/*` to `*/`.
    Slashes,
    Hash,
    Dashes,
}

impl File {
    pub fn is_page(&self) -> bool {
        self.marks() == Some(Marks::None)
    }

    fn marks(&self) -> Option<Marks> {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        match Path::new(name).extension().and_then(|extension| extension.to_str()) {
            Some("md") => Some(Marks::None),
            Some("rs" | "c" | "h" | "cpp" | "hpp" | "js" | "mjs" | "go" | "css" | "in") => Some(Marks::Slashes),
            Some("py" | "sh" | "toml" | "rb" | "pl" | "pm" | "supp" | "yaml" | "yml" | "build" | "txt" | "cmake") => {
                Some(Marks::Hash)
            }
            Some("lua") => Some(Marks::Dashes),
            _ if ["Makefile", "run", ".gitignore", "Doxyfile"].contains(&name) => Some(Marks::Hash),
            _ => None,
        }
    }

    /// Each line of prose, with its number. Lines of code are there too, empty.
    pub fn prose(&self) -> Vec<String> {
        self.split().into_iter().map(|(prose, _)| prose).collect()
    }

    /// What is left when the prose is taken out.
    pub fn code(&self) -> String {
        self.split().into_iter().map(|(_, code)| code + "\n").collect()
    }

    fn split(&self) -> Vec<(String, String)> {
        let Some(marks) = self.marks() else {
            return self.text.lines().map(|line| (String::new(), line.to_owned())).collect();
        };
        let (mut in_fence, mut in_block, mut is_text) = (false, false, false);
        let line = |line: &str| match marks {
            Marks::None => {
                if line.trim_start().starts_with("```") {
                    in_fence = !in_fence;
                    is_text = line.trim() == "```text";
                    return (String::new(), String::new());
                }
                let is_code = in_fence && !is_text;
                if is_code { (String::new(), line.to_owned()) } else { (line.to_owned(), String::new()) }
            }
            Marks::Slashes => slashes(line, &mut in_block),
            Marks::Hash => to_the_end(line, "#"),
            Marks::Dashes => to_the_end(line, "--"),
        };
        self.text.lines().map(line).collect()
    }
}

fn to_the_end(line: &str, mark: &str) -> (String, String) {
    match line.match_indices(mark).find(|(at, _)| is_begin(line, *at)) {
        Some((at, _)) => (line[at + mark.len()..].to_owned(), line[..at].to_owned()),
        None => (String::new(), line.to_owned()),
    }
}

/// A mark within a word or a string's URL begins no comment.
fn is_begin(line: &str, at: usize) -> bool {
    line[..at].chars().next_back().is_none_or(char::is_whitespace)
}

fn slashes(line: &str, in_block: &mut bool) -> (String, String) {
    if *in_block {
        let Some((comment, rest)) = line.split_once("*/") else { return (line.to_owned(), String::new()) };
        *in_block = false;
        return (comment.to_owned(), rest.to_owned());
    }
    if let Some((at, _)) = line.match_indices("/*").find(|(at, _)| is_begin(line, *at)) {
        let rest = &line[at + 2..];
        let (comment, after) = rest.split_once("*/").unwrap_or((rest, ""));
        *in_block = !rest.contains("*/");
        return (comment.to_owned(), format!("{}{after}", &line[..at]));
    }
    to_the_end(line, "//")
}
