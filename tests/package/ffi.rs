//! libanchor from other languages: the module of each under tests/package/ffi against the event server, and the snippets of the
//! README. Each waits, signals, times out, cancels from another thread, and leaks nothing over 10,000 calls.

use crate::c_build::program::{self, without_settings};
use crate::c_build::{library, root, tool};
use crate::installed::{beside, empty, prefix};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// A server for one program, which may ask it how many waits it holds.
struct Server {
    child: Child,
    url: String,
}

const ADMIN_TOKEN: &str = "token-of-a-test";

impl Server {
    fn start() -> Server {
        let mut command = Command::new(library::debug().folder.join("anchor-events"));
        without_settings(&mut command);
        command.args(["serve", "--port", "0", "--log", "off", "--admin-token", ADMIN_TOKEN]).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut url = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut url).expect("the first line is the URL");
        Server { child, url: url.trim_end().to_owned() }
    }

    /// The program with the installed library in reach, and this server as the service.
    fn command(&self, program: &str) -> Command {
        let mut command = beside(prefix(), program);
        command.env("ANCHORBROWSER_BASE_URL", &self.url).env("ANCHORBROWSER_API_KEY", "key-of-a-test");
        command.env("ANCHOR_TEST_ADMIN_TOKEN", ADMIN_TOKEN);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a language's test, which prints a line for each case that holds; gives what it printed.
fn holds(language: &str, command: &[&str]) -> String {
    let server = Server::start();
    let mut run = server.command(command[0]);
    run.current_dir(root().join("tests/package/ffi").join(language)).args(&command[1..]);
    succeeds(&mut run)
}

fn succeeds(command: &mut Command) -> String {
    let outcome = program::run(command);
    assert!(outcome.status.success(), "{command:?}: {outcome:#?}");
    println!("{}", outcome.stdout);
    outcome.stdout + &outcome.stderr
}

fn cases(stdout: &str) -> usize {
    stdout.lines().filter(|line| line.starts_with("ok ")).count()
}

#[test]
fn python() {
    if tool::is_there("python3") {
        assert_eq!(cases(&holds("python", &["python3", "-B", "test.py"])), 6);
    }
}

#[test]
fn luajit() {
    if tool::is_there("luajit") {
        assert_eq!(cases(&holds("lua", &["luajit", "test.lua"])), 5);
    }
}

#[test]
fn ruby() {
    if tool::is_there("ruby") {
        assert_eq!(cases(&holds("ruby", &["ruby", "-w", "test.rb"])), 5);
    }
}

#[test]
fn perl() {
    if has_platypus() {
        assert_eq!(cases(&holds("perl", &["perl", "test.pl"])), 5);
    }
}

#[test]
fn node() {
    if let Some(folder) = node_folder() {
        let server = Server::start();
        let mut run = server.command("node");
        assert_eq!(cases(&succeeds(run.current_dir(folder).args(["--expose-gc", "test.js"]))), 6);
    }
}

#[test]
fn go() {
    if tool::is_there("go") {
        let server = Server::start();
        let mut run = server.command("go");
        run.current_dir(root().join("tests/package/ffi/go")).args(["test", "-v", "-count=1", "./..."]);
        let printed = succeeds(offline(&mut run));
        assert_eq!(printed.matches("--- PASS").count(), 5);
    }
}

/// Go keeps what it compiles in the target directory, and fetches nothing.
fn offline(command: &mut Command) -> &mut Command {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("go");
    command.env("GOCACHE", cache.join("cache")).env("GOPATH", cache.join("path"));
    command.env("GOTOOLCHAIN", "local").env("GOPROXY", "off")
}

fn has_platypus() -> bool {
    let mut ask = Command::new("perl");
    ask.args(["-MFFI::Platypus", "-e", "1"]).stdout(Stdio::null()).stderr(Stdio::null());
    tool::is_found("FFI::Platypus for Perl", ask.status().is_ok_and(|status| status.success()))
}

/// The Node.js module with koffi beside it, which npm fetches once.
fn node_folder() -> Option<PathBuf> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let install = || {
        if !(tool::is_there("node") && tool::is_there("npm")) {
            return None;
        }
        let folder = empty("ffi/node");
        for file in ["anchor.js", "package.json", "test.js"] {
            std::fs::copy(root().join("tests/package/ffi/node").join(file), folder.join(file))
                .expect("a file of the module");
        }
        let cached = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("npm");
        let mut npm = Command::new("npm");
        npm.current_dir(&folder).args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]);
        npm.arg("--cache").arg(cached).stdout(Stdio::null()).stderr(Stdio::null());
        tool::is_found("koffi for Node.js", npm.status().is_ok_and(|status| status.success())).then_some(folder)
    };
    FOLDER.get_or_init(install).clone()
}

/// The snippets below `## From other languages`, by the language that their fence names.
fn snippets(readme: &str) -> Option<Vec<(&str, &str)>> {
    let (_, section) = readme.split_once("\n## From other languages\n")?;
    let section = section.split("\n## ").next()?;
    let fenced = section.split("\n```").skip(1).step_by(2);
    Some(fenced.filter_map(|fence| fence.split_once('\n')).collect())
}

const SNIPPET_LANGUAGES: [&str; 6] = ["python", "js", "go", "lua", "ruby", "perl"];

/// Each snippet waits for `login_done`, and prints what it was signaled with.
#[test]
fn the_snippets_of_the_readme() {
    let readme = include_str!("../../README.md");
    let snippets = snippets(readme).expect("the README has the section `From other languages`");
    let languages: Vec<&str> = snippets.iter().map(|(language, _)| *language).collect();
    assert_eq!(languages, SNIPPET_LANGUAGES, "one snippet for each language, in this order");
    for (language, snippet) in snippets {
        assert!(snippet.lines().count() < 10, "{language}: under ten lines");
        if let Some(mut program) = snippet_program(language, snippet) {
            let server = Server::start();
            let mut signal = server.command(library::debug().folder.join("anchor-events").to_str().expect("UTF-8"));
            tool::output(signal.args(["signal", "login_done", r#"{"user":"ada"}"#]));
            let mut run = server.command(program.remove(0).as_str());
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
        _ => panic!("{language} is not known here"),
    };
    let there = match language {
        "js" => node_folder().is_some(),
        "perl" => has_platypus(),
        _ => tool::is_there(tool),
    };
    let folder =
        if language == "js" { node_folder()? } else { PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ffi/snippets") };
    std::fs::create_dir_all(&folder).expect("the target directory can be written");
    let file = folder.join(format!("snippet.{ending}"));
    std::fs::write(&file, snippet).expect("the target directory can be written");
    let mut command = vec![tool.to_owned()];
    command.extend(arguments.iter().map(|&argument| argument.to_owned()));
    command.push(file.to_str().expect("UTF-8").to_owned());
    there.then_some(command)
}
