//! The signals that end a command, and those that it was started to ignore.

mod command;
mod server;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};

use command::{Held, accept, after, anchor, stderr, stdout};
use server::{Server, kill, until};

const SIGNALS: [(&str, i32); 3] = [("HUP", 1), ("INT", 2), ("TERM", 15)];

fn has_ended(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_some()
}

#[test]
fn a_wait_ends_at_once_by_the_signal_itself_and_hangs_up() {
    let server = Server::start(&[]);
    for (name, number) in SIGNALS {
        let mut wait = anchor(Some(&server), &["wait", "a", "--timeout", "forever"]);
        let mut child = wait.stderr(Stdio::piped()).spawn().unwrap();
        server.until_waiting(1);
        kill(&child, &format!("-{name}"));
        until("the wait ends", || has_ended(&mut child));
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.signal(), output.status.code()), (Some(number), None), "{name}");
        assert_eq!(stderr(&output), "anchor-events: interrupted\n");
        server.until_waiting(0);
    }
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let server = Server::start(&[]);
    for (name, _) in SIGNALS {
        let mut child =
            after(&format!("trap '' {name}"), &server, &["wait", "a"]).stdout(Stdio::piped()).spawn().unwrap();
        server.until_waiting(1);
        kill(&child, &format!("-{name}"));
        server.signal("a", "{}");
        until("the wait ends", || has_ended(&mut child));
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stdout(&output)), (Some(0), "{}\n"), "{name}");
    }
}

#[test]
fn a_signal_does_not_end_the_command_that_runs_and_what_came_is_printed() {
    let server = Server::start(&[]);
    let held = Held::new();
    let command = format!("({}) >/dev/null; exit 3", held.command());
    let mut wait = anchor(Some(&server), &["wait", "a", "b", "c", "--follow", "--exec", &command]);
    let mut child = wait.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    server.until_waiting(3);
    server.signal("a", r#"{"n":1}"#);
    held.until_running();
    server.signal("b", r#"{"n":2}"#);
    server.until_waiting(1);
    kill(&child, "-TERM");
    server.until_waiting(0);
    held.end();
    until("the wait ends", || has_ended(&mut child));
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(15));
    assert_eq!(stdout(&output), "a\t{\"n\":1}\nb\t{\"n\":2}\n");
    assert!(stderr(&output).contains("exit code 3"), "{}", stderr(&output));
    assert!(stderr(&output).contains("the command was not run after SIGTERM"), "{}", stderr(&output));
}

#[test]
fn a_second_signal_ends_it_while_its_command_runs() {
    let server = Server::start(&[]);
    let held = Held::new();
    let mut child = anchor(Some(&server), &["wait", "a", "--exec", &held.command()]).spawn().unwrap();
    server.until_waiting(1);
    server.signal("a", "{}");
    held.until_running();
    kill(&child, "-TERM");
    until("the second signal ends it", || {
        kill(&child, "-TERM");
        has_ended(&mut child)
    });
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    held.end();
}

#[test]
fn an_interrupted_drain_prints_how_many_signals_are_gone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut drain = anchor(None, &["drain", "a", "--base-url", &url]);
    let child = drain.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut socket = accept(&listener);
    assert!(socket.read(&mut [0; 4096]).unwrap() > 0);
    socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"data\":{}}").unwrap();
    assert!(socket.read(&mut [0; 4096]).unwrap() > 0, "the drain goes on");
    kill(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.signal(), stdout(&output)), (Some(2), "1\n"), "{}", stderr(&output));
}

#[test]
fn an_interrupted_signal_says_that_it_may_have_been_delivered() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let child = anchor(None, &["signal", "a", "--base-url", &url]).stderr(Stdio::piped()).spawn().unwrap();
    let mut socket = accept(&listener);
    assert!(socket.read(&mut [0; 4096]).unwrap() > 0);
    kill(&child, "-TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(15));
    assert_eq!(stderr(&output), "anchor-events: interrupted; the signal may have been delivered\n");
}

#[test]
fn the_status_of_a_command_is_known_where_the_parent_ignores_sigchld() {
    let server = Server::start(&[]);
    for (command, code) in [("true", 0), ("exit 3", 6)] {
        server.signal("a", "{}");
        let output = after("trap '' CHLD", &server, &["wait", "a", "--exec", command]).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    }
}
