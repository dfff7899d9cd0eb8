//! `serve` on a terminal: the lines to copy, and the log. The terminal is made by script(1).

mod server;
mod tools;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use server::Http;
use tempfile::TempDir;

/// A server whose stderr is a terminal and whose stdout is a file.
struct OnTerminal {
    script: Child,
    screen: BufReader<ChildStdout>,
    folder: TempDir,
}

impl OnTerminal {
    fn start(options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let line = format!("exec {} serve --port 0 {options} >stdout", env!("CARGO_BIN_EXE_anchor-events"));
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).current_dir(folder.path()).env_remove("ANCHOR_SERVE_API_KEY");
        let mut script = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("script runs");
        let screen = BufReader::new(script.stdout.take().expect("stdout is piped"));
        Self { script, screen, folder }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.screen.read_line(&mut line).expect("the terminal is there");
        line.trim_end().to_owned()
    }

    fn stdout(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stdout")).expect("a file")
    }

    /// Ends the terminal, which ends the server, and returns what is left to read.
    fn end(mut self) -> String {
        self.script.kill().expect("a child of ours");
        let mut rest = String::new();
        self.screen.read_to_string(&mut rest).expect("text");
        rest
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

#[test]
fn a_terminal_shows_the_lines_to_copy_and_stdout_does_not() {
    if !tools::has("script") {
        return;
    }
    let mut server = OnTerminal::start("");
    let url = server.line().strip_prefix("export ANCHORBROWSER_BASE_URL=").expect("the first line to copy").to_owned();
    let key = server.line().strip_prefix("export ANCHORBROWSER_API_KEY=").expect("the second line to copy").to_owned();
    assert_eq!(server.stdout(), format!("{url}\n"));
    let mut http = Http::connect(url.strip_prefix("http://").unwrap()).with_key(&key);
    assert_eq!(http.wait("a", 0), None, "both lines work");
    assert!(server.line().contains("  started "), "the log follows");
}

#[test]
fn over_tls_there_is_a_line_for_the_authority() {
    if !tools::has("script") {
        return;
    }
    let mut server = OnTerminal::start("--tls");
    let lines = [server.line(), server.line(), server.line()];
    let path = lines[2].strip_prefix("export SSL_CERT_FILE=").expect("the third line to copy");
    assert_eq!(server.stdout().lines().nth(1), Some(path));
}

#[test]
fn an_accepted_key_is_never_shown() {
    if !tools::has("script") {
        return;
    }
    let mut server = OnTerminal::start("--api-key the-secret");
    let lines = [server.line(), server.line()].concat();
    assert!(lines.contains("ANCHORBROWSER_API_KEY='one of the accepted keys'"), "{lines}");
    assert!(!(lines + &server.end()).contains("the-secret"));
}

#[test]
fn another_log_than_text_has_no_lines_to_copy() {
    if !tools::has("script") {
        return;
    }
    let mut server = OnTerminal::start("--log json");
    assert!(server.line().starts_with(r#"{"number":1,"#));
}
