//! The commands as a script uses them: what they print on stdout, and their exit codes. More of `wait` is in the
//! files that begin with its name.

mod command;
mod server;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use command::{accept, anchor, printed, run, stderr, stdout};
use server::Server;
use testkit::addresses::ReservedPort;

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
    let mut piped = anchor(Some(&server), &["signal", "a", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    piped.stdin.take().unwrap().write_all("\u{feff}{}".as_bytes()).unwrap();
    assert!(piped.wait().unwrap().success(), "a byte order mark is not part of the JSON");
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
fn what_is_no_json_pointer_is_refused_before_an_event_is_taken() {
    let server = Server::start(&[]);
    server.signal("a", r#"{"code":"12"}"#);
    for pointer in ["data/code", "code", "#/data", "/data/~2"] {
        let output = run(&server, &["wait", "a", "--pointer", pointer]);
        assert_eq!((output.status.code(), stdout(&output)), (Some(1), ""), "{pointer}");
        assert!(stderr(&output).contains("JSON pointer"), "{}", stderr(&output));
    }
    assert_eq!(server.take("a", 0).as_deref(), Some(r#"{"code":"12"}"#));
}

#[test]
fn a_timeout_without_a_unit_is_in_seconds() {
    let server = Server::start(&[]);
    let start = Instant::now();
    assert_eq!(run(&server, &["wait", "a", "--timeout", "1.5"]).status.code(), Some(2));
    let seconds = start.elapsed().as_secs_f64();
    assert!((1.5..100.0).contains(&seconds), "{seconds} s");
    let wait = anchor(Some(&server), &["wait", "a", "--timeout", "90"]).stdout(Stdio::piped()).spawn().unwrap();
    server.until("a wait of 90 s, of which a request asks for 50", |state| state["waiting"][0]["timeoutMs"] == 50_000);
    server.signal("a", "{}");
    assert_eq!(wait.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn a_signal_and_a_drain_take_as_long_as_they_may() {
    let server = Server::start(&["--fault", "hang=hang,on=both"]);
    let code = |arguments: &[&str]| run(&server, arguments).status.code();
    for time in ["5s", "forever"] {
        assert_eq!(code(&["signal", "a", "--timeout", time]), Some(0));
        assert_eq!(code(&["drain", "a", "--timeout", time]), Some(0));
    }
    let began = Instant::now();
    assert_eq!(code(&["signal", "hang", "--timeout", "1s"]), Some(5));
    assert_eq!(code(&["drain", "hang", "--timeout", "1s"]), Some(2));
    assert!(began.elapsed() >= Duration::from_secs(2));
    assert_eq!(code(&["signal", "a", "--timeout", "0s"]), Some(1), "nothing can be sent");
    run(&server, &["signal", "a"]);
    run(&server, &["signal", "a"]);
    assert_eq!(code(&["drain", "a", "--timeout", "0s"]), Some(2), "one may be left");
    assert_eq!(server.queued(), 1);
}

#[test]
fn retries_are_those_of_the_command_line() {
    for (retries, code, event) in [("0", 1, ""), ("1", 1, ""), ("2", 0, "{}\n"), ("always", 0, "{}\n")] {
        let server = Server::start(&["--fault", "a=status:503,times=2,on=wait"]);
        server.signal("a", "{}");
        let output = run(&server, &["wait", "a", "--retries", retries]);
        assert_eq!((output.status.code(), stdout(&output)), (Some(code), event), "{retries}: {}", stderr(&output));
    }
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
        &["wait", "a", "--retries", "never"],
        &["explode"],
    ] {
        assert_eq!(code(&mut anchor(Some(&server), usage)), Some(1), "{usage:?}");
    }
    for fine in [&["--help"][..], &["--version"], &["wait", "--help"]] {
        assert_eq!(anchor(None, fine).output().unwrap().status.code(), Some(0), "{fine:?}");
    }
}

#[test]
fn a_request_that_was_sent_and_not_answered_is_not_called_safe_to_repeat() {
    // No server of another test gets the port when this one has ended.
    let port = ReservedPort::bind();
    let listener = TcpListener::bind(port.address()).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut wait = anchor(None, &["wait", "a", "--timeout", "30s", "--retries", "1"]);
    let child = wait.env("ANCHORBROWSER_BASE_URL", url).stderr(Stdio::piped()).spawn().unwrap();
    // The request is read, so that the event may be taken; then the connection breaks, and no other can be made.
    let mut socket = accept(&listener);
    drop(listener);
    assert!(socket.read(&mut [0; 4096]).unwrap() > 0);
    drop(socket);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("the event may have been taken"), "{}", stderr(&output));
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
    let mut unanswered = anchor(None, &["wait", "a", "--verbose", "--timeout", "100ms"]);
    let unanswered = unanswered.env("ANCHORBROWSER_API_KEY", "the-secret-key").output().unwrap();
    for output in [&signal, &wait, &unanswered] {
        assert!(stderr(output).contains("debug:"), "{}", stderr(output));
        assert!(!stderr(output).contains("secret"), "{}", stderr(output));
        let is_debug_output = ["{", "Some(", "None", "Err(", "Ok("].iter().any(|word| stderr(output).contains(word));
        assert!(!is_debug_output, "words of Rust: {}", stderr(output));
    }
}

#[test]
fn probe_finds_out_how_the_service_behaves() {
    let server = Server::start(&["--max-wait", "1500ms"]);
    let probe = || -> Vec<serde_json::Value> {
        serde_json::from_str(&printed(&server, &["probe", "--max-hold", "59s", "--json"])).unwrap()
    };
    let answer_in = |found: &[serde_json::Value], question: &str| {
        let finding = found.iter().find(|finding| finding["question"] == question);
        finding.unwrap_or_else(|| panic!("{question}: {found:?}"))["answer"].as_str().unwrap().to_owned()
    };
    // On a busy machine the wait that started first may come second, but not each time.
    let is_in_order =
        |found: &Vec<_>| answer_in(found, "one signal, two waiters") == "ends one wait: the one that started first";
    let found = (0..5).map(|_| probe()).find(is_in_order).expect("the wait that started first is served");
    let answer = |question: &str| answer_in(&found, question);
    assert_eq!(answer("a signal that nobody waits for"), "is kept for the next wait");
    assert_eq!(answer("several of one name"), "come first in, first out");
    // A busy machine may answer later, but long before the wait would have ended.
    let cut_short = |said: &str| {
        let seconds = said.strip_prefix("is cut short: answered after ")?.strip_suffix(" s")?;
        seconds.parse().ok().filter(|seconds| (1.5..57.0).contains(seconds))
    };
    assert!(cut_short(&answer("a wait of 59s")).is_some(), "{}", answer("a wait of 59s"));
    assert!(answer("latency of a signal").contains(" ms (from "));
    server.until("nothing is left behind", |state| state["waitingCount"] == 0 && state["queuedCount"] == 0);
    let table = printed(&Server::start(&[]), &["probe", "--max-hold", "1s"]);
    assert!(table.contains("\na wait of 1s                    is honoured: answered after "), "{table}");
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
        let text = page(&format!("anchor-events-{name}.1"));
        assert!(text.contains(".SH OPTIONS"), "{name}");
        let talks_to_a_service = !["serve", "completions"].contains(&name);
        assert_eq!(text.contains(".SH \"EXIT STATUS\""), talks_to_a_service, "{name}");
        let help = anchor(None, &[name, "--help"]).output().unwrap();
        assert_eq!(stdout(&help).contains("  6    The event came, but its"), talks_to_a_service, "{name}");
    }
    let main = page("anchor-events.1");
    for section in ["SYNOPSIS", "SUBCOMMANDS", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES"] {
        assert!(main.contains(section), "{section}");
    }
    assert!(!main.contains("events\\-help") && !main.contains("events\\-man"), "{main}");
}
