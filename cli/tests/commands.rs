//! `anchor-events wait`, `signal`, `drain` and `probe` as a script uses them: what is on stdout, and the exit code.

mod server;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use server::{Server, kill, until};

/// The command, pointed at the server, and at nothing else if there is none.
fn anchor(server: Option<&Server>, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_anchor-events"));
    let url = server.map_or("http://127.0.0.1:1", |server| &server.url);
    command.args(arguments).env("ANCHORBROWSER_BASE_URL", url).env("ANCHORBROWSER_API_KEY", "test-key");
    command.env_remove("HTTP_PROXY").env_remove("ALL_PROXY").stdin(Stdio::null());
    command
}

fn run(server: &Server, arguments: &[&str]) -> Output {
    anchor(Some(server), arguments).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// What was printed by a command that did what was asked, and said nothing else.
fn printed(server: &Server, arguments: &[&str]) -> String {
    let output = run(server, arguments);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""), "{arguments:?}");
    stdout(&output).to_owned()
}

#[test]
fn a_signal_takes_its_data_in_many_ways() {
    let server = Server::start(&[]);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), r#"{"from":"file"}"#).unwrap();
    let at_file = format!("@{}", file.path().display());
    for (given, taken) in [
        (&[][..], "{}"),
        (&[r#"{ "n": 1.50 }"#], r#"{ "n": 1.50 }"#),
        (&["code=123456", "n:=1.50", "ok:=true"], r#"{"code":"123456","n":1.50,"ok":true}"#),
        (&[at_file.as_str()], r#"{"from":"file"}"#),
    ] {
        assert_eq!(printed(&server, &[&["signal", "a"], given].concat()), "");
        assert_eq!(server.take("a", 1000).as_deref(), Some(taken));
    }
    let mut piped = anchor(Some(&server), &["signal", "a", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    piped.stdin.take().unwrap().write_all(br#"{"from":"stdin"}"#).unwrap();
    assert!(piped.wait().unwrap().success());
    assert_eq!(server.take("a", 1000).as_deref(), Some(r#"{"from":"stdin"}"#));
    assert_eq!(printed(&server, &["signal", "a", "--raw"]), "{\"data\":{\"status\":\"signaled\"}}\n");
}

#[test]
fn a_wait_prints_the_event_as_it_is_asked_to() {
    let server = Server::start(&[]);
    for (options, expected) in [
        (&[][..], "{\"code\":\"12\",\"n\":1.50}\n"),
        (&["--json"], "{\"event\":\"a\",\"data\":{\"code\":\"12\",\"n\":1.50}}\n"),
        (&["--raw"], "{\"data\":{\"code\":\"12\",\"n\":1.50}}\n"),
        (&["--pointer", "/data/code"], "12\n"),
        (&["--pointer", "/data/n"], "1.50\n"),
    ] {
        server.signal("a", r#"{"code":"12","n":1.50}"#);
        assert_eq!(printed(&server, &[&["wait", "a"], options].concat()), expected);
    }
}

#[test]
fn an_event_without_what_was_asked_for_is_not_thrown_away() {
    let server = Server::start(&[]);
    server.signal("a", r#"{"other":1}"#);
    let output = run(&server, &["wait", "a", "--pointer", "/data/code"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), "{\"data\":{\"other\":1}}\n"));
    assert!(stderr(&output).contains("/data/code is not in the event"));
}

#[test]
fn any_ends_with_the_first_event_and_all_with_the_last() {
    let server = Server::start(&[]);
    let any = anchor(Some(&server), &["wait", "a", "b"]).stdout(Stdio::piped()).spawn().unwrap();
    server.until_waiting(2);
    server.signal("b", r#"{"n":1}"#);
    let any = any.wait_with_output().unwrap();
    assert_eq!((any.status.code(), stdout(&any)), (Some(0), "b\t{\"n\":1}\n"));

    let all = anchor(Some(&server), &["wait", "a", "b", "--all", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    server.until_waiting(2);
    server.signal("b", "{}");
    server.until_waiting(1);
    server.signal("a", "{}");
    let all = all.wait_with_output().unwrap();
    assert_eq!(all.status.code(), Some(0));
    let mut lines: Vec<_> = stdout(&all).lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, [r#"{"event":"a","data":{}}"#, r#"{"event":"b","data":{}}"#]);
}

#[test]
fn all_fails_if_one_is_missing_and_still_prints_the_others() {
    let server = Server::start(&[]);
    server.signal("a", "{}");
    let output = run(&server, &["wait", "a", "b", "--all", "--timeout", "100ms"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), "a\t{}\n"));
}

#[test]
fn exec_hands_the_event_to_a_command() {
    let server = Server::start(&[]);
    server.signal("a", r#"{"n":1}"#);
    let said = printed(&server, &["wait", "a", "--exec", r#"printf '%s: ' "$ANCHOR_EVENT_NAME"; cat"#]);
    assert_eq!(said, "a: {\"n\":1}\n");
    server.signal("a", "{}");
    let failed = run(&server, &["wait", "a", "--exec", "exit 7"]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(stderr(&failed).contains("the command failed: exit status: 7"), "{}", stderr(&failed));
    server.signal("a", &format!(r#"{{"x":"{}"}}"#, "x".repeat(200_000)));
    assert_eq!(printed(&server, &["wait", "a", "--exec", "true"]), "", "a command need not read its input");
}

#[test]
fn drain_tells_how_many() {
    let server = Server::start(&[]);
    for _ in 0..3 {
        server.signal("a", "{}");
    }
    assert_eq!(printed(&server, &["drain", "a"]), "3\n");
    assert_eq!(printed(&server, &["drain", "a"]), "0\n");
}

#[test]
fn each_class_of_outcome_has_its_exit_code() {
    let server = Server::start(&["--api-key", "test-key", "--fault", "lost=drop-after-consume,on=signal"]);
    let code = |command: &mut Command| {
        let output = command.output().unwrap();
        assert_eq!(stdout(&output), "");
        assert!(!stderr(&output).is_empty());
        output.status.code()
    };
    assert_eq!(code(&mut anchor(Some(&server), &["wait", "a", "--timeout", "0s"])), Some(2));
    assert_eq!(code(anchor(Some(&server), &["wait", "a"]).env("ANCHORBROWSER_API_KEY", "wrong")), Some(3));
    let mut no_key = anchor(Some(&server), &["wait", "a"]);
    no_key.env_remove("ANCHORBROWSER_API_KEY").env_remove("ANCHOR_API_KEY");
    assert_eq!(code(&mut no_key), Some(3));
    assert_eq!(code(&mut anchor(None, &["wait", "a", "--timeout", "0s"])), Some(4));
    assert_eq!(code(&mut anchor(Some(&server), &["signal", "lost"])), Some(5));
    for usage in [
        &["wait"][..],
        &["wait", "a", "--timeout", "soon"],
        &["wait", "a", "b", "--any", "--all"],
        &["wait", "a", "--json", "--raw"],
        &["wait", ".."],
        &["signal", "a", "nonsense"],
        &["signal", "a", "[1]"],
        &["signal", "a", "@/does/not/exist"],
        &["serve", "--fault", "a=explode"],
        &["serve", "--latency", "fast"],
        &["explode"],
    ] {
        assert_eq!(code(&mut anchor(Some(&server), usage)), Some(1), "{usage:?}");
    }
    for fine in [&["--help"][..], &["--version"], &["wait", "--help"]] {
        assert_eq!(anchor(None, fine).output().unwrap().status.code(), Some(0), "{fine:?}");
    }
}

#[test]
fn quiet_leaves_it_to_the_exit_code() {
    let server = Server::start(&[]);
    let output = run(&server, &["wait", "a", "--timeout", "0s", "--quiet"]);
    assert_eq!((output.status.code(), stdout(&output), stderr(&output)), (Some(2), "", ""));
}

#[test]
fn verbose_tells_what_is_done_and_no_secret() {
    let server = Server::start(&[]);
    let mut signal = anchor(Some(&server), &["signal", "a", "--verbose", "code=the-secret-code"]);
    let signal = signal.env("ANCHORBROWSER_API_KEY", "the-secret-key").output().unwrap();
    let mut wait = anchor(Some(&server), &["wait", "a", "--verbose"]);
    let wait = wait.env("ANCHORBROWSER_API_KEY", "the-secret-key").output().unwrap();
    assert_eq!(stdout(&wait), "{\"code\":\"the-secret-code\"}\n");
    for output in [&signal, &wait] {
        assert!(stderr(output).contains("debug:"), "{}", stderr(output));
        assert!(!stderr(output).contains("secret"), "{}", stderr(output));
    }
}

#[test]
fn an_interrupted_wait_ends_at_once_and_hangs_up() {
    let server = Server::start(&[]);
    for (signal, name) in [("-INT", "a"), ("-TERM", "b")] {
        let child = anchor(Some(&server), &["wait", name, "--timeout", "forever"]).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        server.until_waiting(1);
        kill(&child, signal);
        until("the wait ends", || child.try_wait().unwrap().is_some());
        assert_eq!(child.wait().unwrap().code(), Some(130));
        server.until_waiting(0);
    }
}

#[test]
fn an_event_that_cannot_be_printed_is_a_failure() {
    let server = Server::start(&[]);
    server.signal("a", "{}");
    let closed = std::fs::File::create("/dev/full").unwrap();
    let output = anchor(Some(&server), &["wait", "a"]).stdout(closed).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("the event came and could not be printed"), "{}", stderr(&output));
}

#[test]
fn probe_finds_out_how_the_service_behaves() {
    let server = Server::start(&["--max-wait", "1500ms"]);
    let found = printed(&server, &["probe", "--max-hold", "3s", "--json"]);
    let found: Vec<serde_json::Value> = serde_json::from_str(&found).unwrap();
    let answer = |question: &str| {
        let finding = found.iter().find(|finding| finding["question"] == question);
        finding.unwrap_or_else(|| panic!("{question}: {found:?}"))["answer"].as_str().unwrap()
    };
    assert_eq!(answer("a signal that nobody waits for"), "is kept for the next wait");
    assert_eq!(answer("several of one name"), "come first in, first out");
    assert_eq!(answer("one signal, two waiters"), "ends one wait: the one that started first");
    assert!(answer("a wait of 3s").starts_with("is cut short: answered after 1.5"), "{}", answer("a wait of 3s"));
    assert!(answer("latency of a signal").contains(" ms (from "));
    server.until("nothing is left behind", |state| state["waitingCount"] == 0 && state["queuedCount"] == 0);
    let table = printed(&Server::start(&[]), &["probe", "--max-hold", "1s"]);
    assert!(table.contains("\na wait of 1s                    is honoured: answered after 1."), "{table}");
    assert_eq!(anchor(None, &["probe", "--max-hold", "1s"]).output().unwrap().status.code(), Some(4));
}

#[test]
fn completions_and_manual_pages_are_made_for_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = anchor(None, &["completions", shell]).output().unwrap();
        assert!(script.status.success());
        assert!(stdout(&script).contains("drain"), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(anchor(None, &["man", folder.path().to_str().unwrap()]).status().unwrap().success());
    let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    for name in ["wait", "signal", "drain", "probe", "serve", "completions"] {
        assert!(page(&format!("anchor-events-{name}.1")).contains(".SH OPTIONS"), "{name}");
    }
    let main = page("anchor-events.1");
    for section in ["SYNOPSIS", "SUBCOMMANDS", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES"] {
        assert!(main.contains(section), "{section}");
    }
    assert!(!main.contains("events\\-help") && !main.contains("events\\-man"), "{main}");
}
