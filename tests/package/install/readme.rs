//! What the README and docs/ say about installing, linking, the command and working without an account, followed to the
//! letter by a new user: with an empty home, in an empty folder.

use super::consumers::{folder_with, runs};
use crate::installed::{outside, tree};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use testkit::local_server::LocalServer;
use testkit::{empty_scratch, library, process, root, tools};

fn document(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn section(text: &str, title: &str) -> String {
    let (_, rest) = text.split_once(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("no section {title}"));
    rest.split("\n## ").next().expect("it has a text").to_owned()
}

/// The fenced blocks of a text that are in this language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fenced = text.split("\n```").skip(1).step_by(2);
    fenced.filter_map(|block| Some(block.strip_prefix(language)?.strip_prefix('\n')?.to_owned())).collect()
}

/// A shell in a folder, for a user with this home. The toolchain stays where it is.
fn shell(home: &Path, folder: &Path, script: &str) -> Command {
    let mut shell = outside("sh");
    let old_home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    for (variable, place) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        shell.env(variable, std::env::var_os(variable).unwrap_or_else(|| old_home.join(place).into()));
    }
    shell.current_dir(folder).env("HOME", home).args(["-ec", script]);
    shell
}

#[test]
fn install_and_link() {
    let home = empty_scratch("install/home");
    let page = document("docs/install.md");
    let (install, link) = (section(&page, "Install"), section(&page, "Link"));
    let [commands, settings] = &blocks(&install, "sh")[..] else { panic!("{install}") };
    let [install, uninstall] = commands.lines().collect::<Vec<_>>()[..] else { panic!("{commands}") };
    // The debug build is there already, and is installed in the same way.
    process::output(shell(&home, root(), install).env("MAKEFLAGS", "PROFILE=dev"));
    let version = process::output(&mut shell(&home, &home, &format!("{settings}\nanchor-events --version")));
    assert_eq!(version.trim_end(), VERSION);

    let with_settings = |folder: &Path, line: &str| shell(&home, folder, &format!("{settings}\n{line}"));
    let [lines] = &blocks(&link, "sh")[..] else { panic!("{link}") };
    assert!(lines.lines().count() >= 4, "{lines}");
    for (at, line) in lines.lines().enumerate() {
        if !line.contains("pkg-config") || tools::has("pkg-config") {
            let folder = app(&format!("readme-{at}"), &[]);
            process::output(&mut with_settings(&folder, line));
            runs(with_settings(&folder, "./app"));
        }
    }
    let [cmake, meson] = ["cmake", "meson"].map(|language| blocks(&link, language).remove(0));
    for (tools, file, text, build) in [
        (&["cmake"][..], "CMakeLists.txt", cmake, "cmake -S . -B build && cmake --build build"),
        (&["meson", "ninja"], "meson.build", meson, "meson setup build && meson compile -C build"),
    ] {
        if tools.iter().all(|name| tools::has(name)) {
            let folder = app(&format!("readme-{}", tools[0]), &[(file, &text)]);
            process::output(&mut with_settings(&folder, build));
            runs(with_settings(&folder, "build/app"));
        }
    }
    the_readmes_three_lines(&home, install);

    process::output(&mut shell(&home, root(), uninstall));
    assert_eq!(tree(&home.join(".local")), [""; 0]);
}

/// The first is that of docs/install.md, which has run already.
fn the_readmes_three_lines(home: &Path, install: &str) {
    let block = blocks(&section(&document("README.md"), "Install"), "sh").remove(0);
    let (first, rest) = block.split_once('\n').expect("three lines");
    assert_eq!((first, rest.lines().count()), (install, 2));
    if tools::has("pkg-config") {
        let folder = app("readme-three-lines", &[]);
        runs(shell(home, &folder, &format!("{rest}\nanchor-events --version >/dev/null\n./app")));
    }
}

const VERSION: &str = concat!("anchor-events ", env!("CARGO_PKG_VERSION"));

/// A folder with a program in app.c, and these files.
fn app(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = folder_with(name, &["round.c"]);
    std::fs::rename(folder.join("round.c"), folder.join("app.c")).expect("a file of this test");
    for (file, text) in files {
        std::fs::write(folder.join(file), text).expect("the target directory can be written");
    }
    folder
}

/// Shells that find the command of this build.
fn terminal(home: &Path, script: &str) -> Command {
    let path = format!("{}:{}", library::debug().folder.display(), std::env::var("PATH").unwrap_or_default());
    let mut terminal = shell(home, home, script);
    terminal.env("PATH", path);
    terminal
}

/// A local server that a page starts with this line, on a free port instead, and its URL.
fn serving(home: &Path, line: &str) -> (std::process::Child, String) {
    let mut server =
        terminal(home, &format!("exec {line} --port 0 --log off")).stdout(Stdio::piped()).spawn().expect("sh runs");
    let mut url = String::new();
    BufReader::new(server.stdout.take().expect("it is piped")).read_line(&mut url).expect("the first line is the URL");
    (server, url.trim_end().to_owned())
}

fn stop(mut server: std::process::Child) {
    let _ = server.kill();
    let _ = server.wait();
}

/// Three terminals: the server, a wait, and a signal that ends it.
#[test]
fn without_an_account() {
    let page = document("docs/local-server.md");
    let section = section(&page, "Without an account");
    let lines = blocks(&section, "sh");
    let serve = lines[0].lines().last().expect("the first block ends with the server");
    let signal = section.split('`').find(|code| code.starts_with("anchor-events signal")).expect("it is there");
    let home = empty_scratch("install/account");

    let (server, url) = serving(&home, serve);
    let here = |script: &str| script.replace("http://127.0.0.1:8642", &url);
    let settings = lines[1].lines().next().expect("it begins with the variables");
    let mut waiting = terminal(&home, &here(&lines[1]));
    let waiting = waiting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh runs");
    process::output(&mut terminal(&home, &here(&format!("{settings}\n{signal}"))));
    let printed = waiting.wait_with_output().expect("a child of this test");
    stop(server);
    assert_eq!(process::text(&printed.stdout), "{\"code\":\"123456\"}\n", "{printed:?}");
    let addresses = ["//127.0.0.1:8642", "//devbox:8642"].map(|address| page.matches(address).count());
    assert_eq!(page.matches(":8642").count(), addresses.iter().sum::<usize>(), "{addresses:?}");
    assert!(process::output(&mut terminal(&home, "anchor-events serve --help")).contains("[default: 8642]"));
}

/// The server takes the rules that the page shows, and its admin endpoint the requests.
#[test]
fn faults_on_purpose() {
    let page = document("docs/local-server.md");
    let [serve, requests] = &blocks(&section(&page, "Faults"), "sh")[..] else { panic!("{page}") };
    let home = empty_scratch("install/faults");
    let (server, url) = serving(&home, &format!("{} --admin-token TOKEN", serve.trim_end()));
    if tools::has("curl") {
        let script =
            requests.replace("http://127.0.0.1:8642", &url).replace("curl ", "curl --fail --no-progress-meter ");
        let state = process::output(&mut terminal(&home, &script));
        assert!(state.contains('{'), "{state}");
    }
    stop(server);
}

/// The server takes the options that open its page, with a token from the environment and a file of keys. On loopback here.
#[test]
fn from_other_machines() {
    let page = document("docs/local-server.md");
    let [serve] = &blocks(&section(&page, "From other machines"), "sh")[..] else { panic!("{page}") };
    let home = empty_scratch("install/others");
    std::fs::write(home.join("keys"), "key-of-a-test\n").expect("the target directory can be written");
    let serve = serve.trim_end().replace("0.0.0.0", "127.0.0.1");
    let (token, command) = serve.split_once(' ').expect("a variable and a command");
    let (server, url) = serving(&home, &format!("env {} {command}", token.replace("$TOKEN", "a+/=")));
    stop(server);
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
}

/// The page and the help of the command list the same exit codes.
#[test]
fn the_exit_codes_of_the_page() {
    let codes = |text: &str, start: &str| -> Vec<u8> {
        let rows = text.lines().filter_map(|line| line.trim_start().strip_prefix(start)?.split_whitespace().next());
        rows.filter_map(|word| word.parse().ok()).collect()
    };
    let help = process::output(&mut terminal(&empty_scratch("install/codes"), "anchor-events --help"));
    let (_, listed) = help.split_once("Exit status:\n").expect("the help lists them");
    let of_help = codes(listed.split("\n\n").next().expect("a list"), "");
    assert!(of_help.len() > 6, "{help}");
    assert_eq!(codes(&document("docs/command.md"), "| "), of_help);
}

/// Each line of docs/command.md, with the events that it waits for signaled before.
#[test]
fn the_commands_of_the_page() {
    let page = document("docs/command.md");
    let [lines] = &blocks(&page, "sh")[..] else { panic!("{page}") };
    let home = empty_scratch("install/commands");
    let server = LocalServer::start(&[]);
    let signals = "for name in mfa_code paid built tested deploy deploy deploy job job; do anchor-events signal $name code=31 --quiet; done";
    let mut shell = terminal(&home, &format!("{signals}\n{lines}\nanchor-events drain mfa_code"));
    let printed = process::output(server.configure(&mut shell));
    let events = r#"{"event":"paid","data":{"code":"31"}}"#;
    assert!(printed.starts_with(events), "{printed}");
    assert!(printed.contains("\n2\n") && printed.ends_with("\n0\n"), "what was signaled is drained: {printed}");
    assert_eq!(
        std::fs::read_to_string(home.join("deploys.log")).expect("it was made"),
        "{\"code\":\"31\"}\n".repeat(3)
    );
}
