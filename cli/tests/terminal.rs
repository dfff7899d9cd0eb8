//! A person's session in a terminal: the spinner, Ctrl-C, colours and pipes. Played in tmux.

mod server;
mod tools;

use std::process::Command;
use std::time::{Duration, Instant};

use server::{PATIENCE, Server, until};
use tempfile::TempDir;
use testkit::process::without_settings;

/// A shell in a terminal of its own, pointed at the server.
struct Terminal {
    /// Where tmux has its socket: not where other sessions have theirs.
    folder: TempDir,
}

impl Terminal {
    fn open(server: &Server) -> Self {
        let terminal = Self { folder: tempfile::tempdir().expect("a folder") };
        let environment = [
            format!("ANCHORBROWSER_BASE_URL={}", server.url),
            "ANCHORBROWSER_API_KEY=test-key".into(),
            format!("A={}", env!("CARGO_BIN_EXE_anchor-events")),
            format!("E={}", terminal.folder.path().join("errors").display()),
        ];
        let mut arguments = vec!["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "24"];
        environment.iter().for_each(|variable| arguments.extend(["-e", variable]));
        arguments.push("env -u NO_COLOR sh");
        terminal.tmux(&arguments);
        terminal.until_prompt();
        terminal
    }

    /// Blocks until the shell waits for a line, below what commands have left on the screen.
    fn until_prompt(&self) {
        until("a prompt", || self.screen().trim_end().ends_with(['$', '#']));
    }

    fn run(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.tmux(&["send-keys", "Enter"]);
    }

    fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    fn coloured_screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e"])
    }

    fn until_shown(&self, text: &str) {
        let start = Instant::now();
        while !self.screen().contains(text) {
            assert!(start.elapsed() < PATIENCE, "never on the screen: {text:?}\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().expect("tmux runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        without_settings(&mut command);
        command.arg("-S").arg(self.folder.path().join("socket")).env_remove("TMUX");
        command
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.command().arg("kill-server").status();
    }
}

#[test]
fn a_wait_shows_that_it_lives_and_leaves_only_the_event() {
    if !tools::has("tmux") {
        return;
    }
    let server = Server::start(&[]);
    let terminal = Terminal::open(&server);
    terminal.run("$A wait mfa_code --timeout 5m; echo code $?");
    terminal.until_shown("waiting for mfa_code");
    // A busy machine may not look at the screen in each second.
    let clock = |seconds: u32| format!("{}:{:02}", seconds / 60, seconds % 60);
    let times = |elapsed: u32| format!("{} elapsed, {} left", clock(elapsed), clock(299 - elapsed));
    until("a later second", || {
        let screen = terminal.screen();
        (1..299).any(|elapsed| screen.contains(&times(elapsed)))
    });
    server.signal("mfa_code", r#"{"code":"123456"}"#);
    terminal.until_shown("code 0");
    let screen = terminal.screen();
    assert!(screen.contains(r#"{"code":"123456"}"#), "{screen}");
    assert!(!screen.contains("waiting for") && !screen.contains("elapsed"), "{screen}");
}

#[test]
fn ctrl_c_ends_a_wait_at_once() {
    if !tools::has("tmux") {
        return;
    }
    let server = Server::start(&[]);
    let terminal = Terminal::open(&server);
    terminal.run("$A wait never --timeout forever");
    terminal.until_shown(" elapsed");
    server.until_waiting(1);
    terminal.press("C-c");
    server.until_waiting(0);
    // What is typed before that would move the cursor off the line that is removed.
    terminal.until_prompt();
    assert!(!terminal.screen().contains("elapsed"), "{}", terminal.screen());
    terminal.run("echo code $?");
    terminal.until_shown("code 130");
}

#[test]
fn ctrl_c_ends_the_loop_and_the_script_around_a_wait() {
    if !(tools::has("tmux") && tools::has("bash")) {
        return;
    }
    let server = Server::start(&[]);
    let terminal = Terminal::open(&server);
    let scripts = ["for i in 1 2 3; do $A wait never --timeout forever; done", "$A wait never; echo went-on >&2"];
    for (number, script) in scripts.iter().enumerate() {
        // Without `true`, bash would become the last command instead of starting it.
        terminal.run(&format!("clear; bash -c '{script}; true' 2>$E"));
        server.until_waiting(1);
        terminal.press("C-c");
        server.until_waiting(0);
        terminal.run(&format!("s=$?; cat $E; echo shell {number} $s"));
        terminal.until_shown(&format!("shell {number} 130"));
        server.until_waiting(0);
        assert!(!terminal.screen().contains("went-on"), "{}", terminal.screen());
    }
}

#[test]
fn a_job_in_the_background_draws_nothing_until_it_is_in_the_foreground() {
    if !tools::has("tmux") {
        return;
    }
    let server = Server::start(&[]);
    let terminal = Terminal::open(&server);
    terminal.run("$A wait a --timeout 5m &");
    server.until_waiting(1);
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(600) {
        assert!(!terminal.screen().contains("elapsed"), "{}", terminal.screen());
    }
    terminal.run("fg");
    terminal.until_shown("elapsed");
    server.signal("a", r#"{"n":1}"#);
    terminal.until_shown(r#"{"n":1}"#);
    // It is drawn once more below the event, until the command ends.
    until("a screen without the spinner", || !terminal.screen().contains("elapsed"));
}

#[test]
fn nothing_that_comes_from_outside_controls_the_terminal() {
    if !tools::has("tmux") {
        return;
    }
    let server = Server::start(&[]);
    let terminal = Terminal::open(&server);
    terminal.run(r#"$A wait "$(printf 'a\033[2Jb\nc')" --timeout 5m"#);
    terminal.until_shown(r"waiting for a\u001b[2Jb\nc");
    terminal.press("C-c");
    server.until_waiting(0);
    terminal.run(r#"clear; $A wait "--$(printf 'x\033[2Jy')""#);
    terminal.until_shown(r"unexpected argument '--x\u001b[2Jy'");
    for (format, shown) in [("--pointer /data/x", r"\u001b[2Jy\u202e"), ("", r#"{"x":"\u001b[2Jy\u202e"}"#)] {
        server.signal("a", "{\"x\":\"\\u001b[2Jy\u{202e}\"}");
        terminal.run(&format!("clear; $A wait a {format}"));
        terminal.until_shown(shown);
    }
}

#[test]
fn in_a_pipe_there_is_the_event_and_nothing_else() {
    if !tools::has("tmux") {
        return;
    }
    let server = Server::start(&[]);
    server.signal("a", r#"{"n":1}"#);
    let terminal = Terminal::open(&server);
    terminal.run("$A wait a 2>$E | od -c | head -1; wc -c <$E");
    terminal.until_shown("0000000   {   \"   n   \"   :   1   }  \\n");
    until("an empty stderr", || terminal.screen().lines().any(|line| line.trim() == "0"));
}

#[test]
fn colours_are_for_terminals_and_for_those_who_want_them() {
    if !tools::has("tmux") {
        return;
    }
    let server = Server::start(&[]);
    let terminal = Terminal::open(&server);
    terminal.run("$A wait a --timeout 0s; echo code $?");
    terminal.until_shown("code 2");
    let red = "\u{1b}[1m\u{1b}[31manchor-events:";
    assert!(terminal.coloured_screen().contains(red), "{:?}", terminal.coloured_screen());
    terminal.run("clear; NO_COLOR=1 $A wait a --timeout 0s; echo again $?");
    terminal.until_shown("again 2");
    until("a screen without colour", || !terminal.coloured_screen().contains(red));
    terminal.run("clear; NO_COLOR=1 $A wait a --timeout 200s");
    terminal.until_shown(" elapsed");
    assert!(!terminal.coloured_screen().contains("\u{1b}[36m"), "{:?}", terminal.coloured_screen());
    terminal.press("C-c");
}

#[test]
fn quiet_and_verbose_and_a_dumb_terminal_show_no_spinner() {
    if !tools::has("tmux") {
        return;
    }
    let server = Server::start(&[]);
    let terminal = Terminal::open(&server);
    for (number, command) in ["$A wait a --quiet", "$A wait a --verbose", "TERM=dumb $A wait a"].iter().enumerate() {
        terminal.run(&format!("{command} --timeout 1500ms; echo {number} $?"));
        until("the end", || {
            assert!(!terminal.screen().contains("elapsed"), "{}", terminal.screen());
            terminal.screen().contains(&format!("{number} 2"))
        });
    }
}
