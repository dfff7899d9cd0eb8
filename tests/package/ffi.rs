//! libanchor from other languages: the module of each under tests/package/ffi against the event server, and the snippets of
//! docs/languages.md. Each waits, signals, times out, cancels from another thread, and leaks nothing over 10,000 calls.

use crate::installed::{beside, prefix};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use testkit::local_server::{LocalServer, TOKEN};
use testkit::{PATIENCE, empty_scratch, library, process, root, scratch, tools};

/// The program can load the installed library, has this server as the service, and may ask it how many waits it holds.
fn command(server: &LocalServer, program: &str) -> Command {
    let mut command = beside(prefix(), program);
    server.configure(&mut command).env("ANCHOR_TEST_ADMIN_TOKEN", TOKEN);
    command
}

/// Runs a language's test, which prints a line for each case that passes, and returns what it printed.
fn holds(language: &str, line: &[&str]) -> String {
    let server = LocalServer::start(&[]);
    let mut run = command(&server, line[0]);
    run.current_dir(root().join("tests/package/ffi").join(language)).args(&line[1..]);
    succeeds(&mut run)
}

/// A language's test makes 12,000 calls one after the other, each of which waits for its turn on a busy machine; Go compiles its
/// library before.
fn succeeds(command: &mut Command) -> String {
    let outcome = process::run_within(command, 5 * PATIENCE);
    assert!(outcome.status.success(), "{command:?}: {outcome:#?}");
    println!("{}", outcome.stdout);
    outcome.stdout + &outcome.stderr
}

fn cases(stdout: &str) -> usize {
    stdout.lines().filter(|line| line.starts_with("ok ")).count()
}

#[test]
fn python() {
    if tools::has("python3") {
        assert_eq!(cases(&holds("python", &["python3", "-B", "test.py"])), 8);
    }
}

#[test]
fn luajit() {
    if tools::has("luajit") {
        assert_eq!(cases(&holds("lua", &["luajit", "test.lua"])), 6);
    }
}

#[test]
fn ruby() {
    if tools::has("ruby") {
        assert_eq!(cases(&holds("ruby", &["ruby", "-w", "test.rb"])), 6);
    }
}

#[test]
fn perl() {
    if has_platypus() {
        assert_eq!(cases(&holds("perl", &["perl", "test.pl"])), 6);
    }
}

#[test]
fn node() {
    if let Some(folder) = node_folder() {
        let server = LocalServer::start(&[]);
        let mut run = command(&server, "node");
        assert_eq!(cases(&succeeds(run.current_dir(folder).args(["--expose-gc", "test.js"]))), 8);
    }
}

#[test]
fn go() {
    if tools::has("go") {
        let server = LocalServer::start(&[]);
        let mut run = command(&server, "go");
        run.current_dir(root().join("tests/package/ffi/go")).args(["test", "-v", "-count=1", "./..."]);
        let printed = succeeds(offline(&mut run));
        assert_eq!(printed.matches("--- PASS").count(), 7);
    }
}

/// Go keeps what it compiles in the target directory, and fetches nothing.
fn offline(command: &mut Command) -> &mut Command {
    let cache = scratch("go");
    command.env("GOCACHE", cache.join("cache")).env("GOPATH", cache.join("path"));
    command.env("GOTOOLCHAIN", "local").env("GOPROXY", "off")
}

fn has_platypus() -> bool {
    let mut ask = Command::new("perl");
    ask.args(["-MFFI::Platypus", "-e", "1"]).stdout(Stdio::null()).stderr(Stdio::null());
    tools::has_when("FFI::Platypus for Perl", ask.status().is_ok_and(|status| status.success()))
}

/// The Node.js module with koffi beside it, which npm fetches once.
fn node_folder() -> Option<PathBuf> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let install = || {
        if !(tools::has("node") && tools::has("npm")) {
            return None;
        }
        let folder = empty_scratch("ffi/node");
        for file in ["anchor.js", "package.json", "test.js"] {
            std::fs::copy(root().join("tests/package/ffi/node").join(file), folder.join(file))
                .expect("a file of the module");
        }
        let cached = scratch("npm");
        let mut npm = Command::new("npm");
        npm.current_dir(&folder).args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]);
        npm.arg("--cache").arg(cached).stdout(Stdio::null()).stderr(Stdio::null());
        tools::has_when("koffi for Node.js", npm.status().is_ok_and(|status| status.success())).then_some(folder)
    };
    FOLDER.get_or_init(install).clone()
}

/// The snippets below `## From other languages`, by the language that their fence names.
fn snippets(page: &str) -> Option<Vec<(&str, &str)>> {
    let (_, section) = page.split_once("\n## From other languages\n")?;
    let section = section.split("\n## ").next()?;
    let fenced = section.split("\n```").skip(1).step_by(2);
    Some(fenced.filter_map(|fence| fence.split_once('\n')).collect())
}

const SNIPPET_LANGUAGES: [&str; 6] = ["python", "js", "go", "lua", "ruby", "perl"];

/// Each snippet waits for `login_done`, and prints the data of the event.
#[test]
fn the_snippets_of_the_documentation() {
    let page = std::fs::read_to_string(root().join("docs/languages.md")).expect("docs/languages.md");
    let snippets = snippets(&page).expect("it has the section `From other languages`");
    let languages: Vec<&str> = snippets.iter().map(|(language, _)| *language).collect();
    assert_eq!(languages, SNIPPET_LANGUAGES, "one snippet for each language, in this order");
    for (language, snippet) in snippets {
        assert!(snippet.lines().count() < 10, "{language}: under ten lines");
        if let Some(mut program) = snippet_program(language, snippet) {
            let server = LocalServer::start(&[]);
            let mut signal = command(&server, library::debug().folder.join("anchor-events").to_str().expect("UTF-8"));
            process::output(signal.args(["signal", "login_done", r#"{"user":"ada"}"#]));
            let mut run = command(&server, program.remove(0).as_str());
            let printed = succeeds(offline(&mut run).args(program));
            assert!(printed.contains("ada"), "{language}: {printed}");
        }
    }
}

/// The command that runs it, in a file of its own; nothing if the language is missing.
fn snippet_program(language: &str, snippet: &str) -> Option<Vec<String>> {
    let (tool, arguments, ending): (&str, &[&str], &str) = match language {
        "python" => ("python3", &[], "py"),
        "js" => ("node", &[], "js"),
        "go" => ("go", &["run"], "go"),
        "lua" => ("luajit", &[], "lua"),
        "ruby" => ("ruby", &[], "rb"),
        "perl" => ("perl", &[], "pl"),
        _ => panic!("no test knows {language}"),
    };
    let there = match language {
        "js" => node_folder().is_some(),
        "perl" => has_platypus(),
        _ => tools::has(tool),
    };
    let folder = if language == "js" { node_folder()? } else { scratch("ffi/snippets") };
    std::fs::create_dir_all(&folder).expect("the target directory can be written");
    let file = folder.join(format!("snippet.{ending}"));
    std::fs::write(&file, snippet).expect("the target directory can be written");
    let mut command = vec![tool.to_owned()];
    command.extend(arguments.iter().map(|&argument| argument.to_owned()));
    command.push(file.to_str().expect("UTF-8").to_owned());
    there.then_some(command)
}
