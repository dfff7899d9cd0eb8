//! `anchor-events wait` for several events: `--any`, `--all` and `--follow`.

mod command;
mod server;

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use command::{Held, anchor, run, stderr, stdout};
use server::{Server, kill};

#[test]
fn any_ends_with_the_first_event() {
    let server = Server::start(&[]);
    let any = anchor(Some(&server), &["wait", "a", "b"]).stdout(Stdio::piped()).spawn().unwrap();
    server.until_waiting(2);
    server.signal("b", r#"{"n":1}"#);
    let any = any.wait_with_output().unwrap();
    assert_eq!((any.status.code(), stdout(&any)), (Some(0), "b\t{\"n\":1}\n"));
}

#[test]
fn any_takes_no_other_event_while_the_command_of_the_first_runs() {
    let server = Server::start(&[]);
    let held = Held::new();
    let arguments = ["wait", "a", "b", "c", "--timeout", "forever", "--exec", &held.command()];
    let any = anchor(Some(&server), &arguments).stdout(Stdio::piped()).spawn().unwrap();
    server.until_waiting(3);
    server.signal("a", r#"{"n":1}"#);
    held.until_running();
    server.until_waiting(0);
    server.signal("b", r#"{"n":2}"#);
    held.end();
    let any = any.wait_with_output().unwrap();
    assert_eq!((any.status.code(), stdout(&any)), (Some(0), "{\"n\":1}\n"));
    assert_eq!(server.take("b", 0).as_deref(), Some(r#"{"n":2}"#), "the second event is still queued");
}

#[test]
fn any_prints_every_event_that_it_took() {
    let server = Server::start(&[]);
    for round in 0..20 {
        server.signal("a", "{}");
        server.signal("b", "{}");
        let any = run(&server, &["wait", "a", "b", "--any"]);
        assert_eq!(any.status.code(), Some(0));
        let printed: Vec<&str> = stdout(&any).lines().collect();
        assert!(!printed.is_empty(), "round {round}");
        for (name, line) in [("a", "a\t{}"), ("b", "b\t{}")] {
            // The server needs a moment to see that a wait has hung up, and to queue its event again.
            let is_printed = printed.contains(&line);
            let is_queued = server.take(name, if is_printed { 0 } else { 60_000 }).is_some();
            assert!(is_printed != is_queued, "round {round}: {name} printed {is_printed}, queued {is_queued}");
        }
    }
}

#[test]
fn all_ends_with_the_last_event() {
    let server = Server::start(&[]);
    let mut all = anchor(Some(&server), &["wait", "a", "b", "--all", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(all.stdout.take().unwrap()).lines();
    server.until_waiting(2);
    server.signal("b", "{}");
    assert_eq!(lines.next().unwrap().unwrap(), r#"{"event":"b","data":{}}"#, "printed when it comes");
    server.until_waiting(1);
    server.signal("a", "{}");
    assert_eq!(lines.next().unwrap().unwrap(), r#"{"event":"a","data":{}}"#);
    assert!(lines.next().is_none());
    assert_eq!(all.wait().unwrap().code(), Some(0));
}

#[test]
fn all_fails_if_one_is_missing_and_still_prints_the_others() {
    let server = Server::start(&[]);
    server.signal("a", "{}");
    let output = run(&server, &["wait", "a", "b", "--all", "--timeout", "1500ms"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), "a\t{}\n"));
}

#[test]
fn a_name_cannot_forge_a_line_or_a_column() {
    let server = Server::start(&[]);
    for name in ["a%0Ab%09c", "%1B%5B2J%E2%80%AEx"] {
        server.signal(name, "{}");
    }
    let output = run(&server, &["wait", "a\nb\tc", "\u{1b}[2J\u{202e}x", "--all"]);
    let mut lines: Vec<_> = stdout(&output).lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["\\u001b[2J\\u202ex\t{}", "a\\nb\\tc\t{}"]);
}

#[test]
fn follow_prints_event_after_event_until_it_is_interrupted() {
    let server = Server::start(&[]);
    let mut child = anchor(Some(&server), &["wait", "a", "--follow"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for n in 0..5 {
        server.signal("a", &format!(r#"{{"n":{n}}}"#));
        assert_eq!(lines.next().unwrap().unwrap(), format!(r#"{{"n":{n}}}"#));
    }
    server.until_waiting(1);
    kill(&child, "-INT");
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2), "{status}");
    assert!(lines.next().is_none());
}

#[test]
fn follow_ends_with_the_last_of_a_count_and_takes_no_more() {
    let server = Server::start(&[]);
    for n in 0..4 {
        server.signal("a", &format!(r#"{{"n":{n}}}"#));
    }
    let output = run(&server, &["wait", "a", "--follow", "--count", "3", "--pointer", "/data/n"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), "0\n1\n2\n"));
    assert_eq!(server.take("a", 0).as_deref(), Some(r#"{"n":3}"#));

    let arguments = ["wait", "a", "b", "--follow", "--count", "3", "--json"];
    let several = anchor(Some(&server), &arguments).stdout(Stdio::piped()).spawn().unwrap();
    for name in ["b", "a", "b"] {
        server.until_waiting(2);
        server.signal(name, "{}");
    }
    let several = several.wait_with_output().unwrap();
    let names: Vec<_> = stdout(&several).lines().map(|line| &line[10..11]).collect();
    assert_eq!((several.status.code(), names), (Some(0), vec!["b", "a", "b"]));
}

#[test]
fn the_timeout_of_follow_is_for_all_events_together() {
    let server = Server::start(&[]);
    server.signal("a", "{}");
    server.signal("a", "{}");
    let start = Instant::now();
    let output = run(&server, &["wait", "a", "--follow", "--count", "3", "--timeout", "1.5"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), "{}\n{}\n"));
    assert!(stderr(&output).contains("2 of 3 events came within the time"), "{}", stderr(&output));
    assert!(start.elapsed() >= Duration::from_millis(1500));

    server.signal("a", "{}");
    let some = run(&server, &["wait", "a", "--follow", "--timeout", "1500ms"]);
    assert_eq!((some.status.code(), stdout(&some), stderr(&some)), (Some(0), "{}\n", ""));
    let none = run(&server, &["wait", "a", "--follow", "--timeout", "1500ms"]);
    assert_eq!((none.status.code(), stdout(&none)), (Some(2), ""));
}

#[test]
fn follow_ends_with_a_failure_that_ends_a_wait() {
    let server = Server::start(&["--api-key", "test-key", "--fault", "a=status:403,on=wait"]);
    let output = run(&server, &["wait", "a", "b", "--follow"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(3), ""));
}

#[test]
fn count_is_for_follow_and_follow_is_neither_any_nor_all() {
    let server = Server::start(&[]);
    for arguments in [
        &["wait", "a", "--count", "3"][..],
        &["wait", "a", "--follow", "--count", "0"],
        &["wait", "a", "b", "--follow", "--all"],
        &["wait", "a", "b", "--follow", "--any"],
    ] {
        assert_eq!(run(&server, arguments).status.code(), Some(1), "{arguments:?}");
    }
}
