//! What the command does in another way on Windows. The tests run on Linux, and the command under wine, where SIGINT is Ctrl-C:
//! packaging/cross/windows-command.sh, which runs most of the other tests so too.

mod command;
mod server;

use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;

use command::{accept, anchor, printed, run, stderr, stdout};
use server::{Http, Server, kill, until};

/// Neither Latin nor one code page has all of it.
const NAME: &str = "é Ընդ 日本 🎉";

fn folder_with_such_a_name() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join(NAME);
    std::fs::create_dir(&inner).unwrap();
    (folder, inner)
}

#[test]
fn ctrl_c_ends_a_wait_with_130_and_hangs_up() {
    let server = Server::start(&[]);
    let mut wait = anchor(Some(&server), &["wait", "a", "b", "--all", "--timeout", "forever"]);
    let mut child = wait.stderr(Stdio::piped()).spawn().unwrap();
    server.until_waiting(2);
    kill(&child, "-INT");
    until("the wait ends", || child.try_wait().unwrap().is_some());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(130), "anchor-events: interrupted\n"));
    server.until_waiting(0);
}

#[test]
fn a_second_ctrl_c_ends_it_while_its_command_runs() {
    let server = Server::start(&[]);
    let (_folder, inner) = folder_with_such_a_name();
    let running = inner.join("running");
    // It runs until the file is gone, and is gone with it when this test ends.
    let file = running.display();
    let command = format!("echo >\"{file}\" & for /L %i in (1,0,2) do @if not exist \"{file}\" exit");
    let mut child = anchor(Some(&server), &["wait", "a", "--exec", &command]).spawn().unwrap();
    server.until_waiting(1);
    server.signal("a", "{}");
    until("the command runs", || running.exists());
    kill(&child, "-INT");
    until("the second Ctrl-C ends it", || {
        kill(&child, "-INT");
        child.try_wait().unwrap().is_some()
    });
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn an_interrupted_signal_says_that_it_may_have_been_delivered() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let child = anchor(None, &["signal", "a", "--base-url", &url]).stderr(Stdio::piped()).spawn().unwrap();
    let mut socket = accept(&listener);
    assert!(socket.read(&mut [0; 4096]).unwrap() > 0);
    kill(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(stderr(&output), "anchor-events: interrupted; the signal may have been delivered\n");
}

#[test]
fn ctrl_c_ends_the_server_with_0_and_answers_every_waiter() {
    let mut server = Server::start(&[]);
    let mut waiters: Vec<Http> = (0..20).map(|_| server.connect()).collect();
    for waiter in &mut waiters {
        waiter.start_wait("a");
    }
    server.until_waiting(20);
    assert_eq!(server.stop("-INT").code(), Some(0));
    for waiter in &mut waiters {
        assert_eq!(waiter.read().expect("an answer").status, 503);
    }
}

#[test]
fn exec_runs_cmd_with_the_event_as_its_input() {
    let server = Server::start(&[]);
    for (command, expected) in [
        ("set /p event=& set event", "event={\"n\":1}\r\n"),
        ("echo %ANCHOR_EVENT_NAME%", "a\r\n"),
        (r#"echo "two words" & echo "more""#, "\"two words\" \r\n\"more\"\r\n"),
    ] {
        server.signal("a", r#"{"n":1}"#);
        let said = printed(&server, &["wait", "a", "--exec", command]);
        assert_eq!(said, expected, "{command}");
    }
    server.signal("a", r#"{"n":1}"#);
    let output = run(&server, &["wait", "a", "--exec", "exit 7"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(6), "{\"n\":1}\n"));
    assert!(stderr(&output).contains("the command failed: exit code 7; the event is on stdout"), "{}", stderr(&output));
}

#[test]
fn names_data_and_paths_are_those_of_unicode() {
    let server = Server::start(&[]);
    let (_folder, inner) = folder_with_such_a_name();
    let data = format!(r#"{{"name":"{NAME}"}}"#);
    let file = inner.join("data.json");
    std::fs::write(&file, &data).unwrap();
    for given in [format!("@{}", file.display()), format!("name={NAME}")] {
        assert_eq!(printed(&server, &["signal", NAME, &given]), "");
        assert_eq!(printed(&server, &["wait", NAME, "--timeout", "20"]), format!("{data}\n"));
    }
    let missing = run(&server, &["signal", "a", &format!("@{}", inner.join("missing").display())]);
    assert!(stderr(&missing).contains(NAME), "{}", stderr(&missing));
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn tls_by_an_authority_in_a_file_of_such_a_name() {
    let (_folder, inner) = folder_with_such_a_name();
    let chosen = inner.join("ca.pem");
    let chosen = chosen.to_str().unwrap();
    for options in [&["--tls"][..], &["--tls", "--ca-file", chosen]] {
        let mut server = Server::start(options);
        let ca_file = server.line();
        assert_eq!(ca_file.contains(NAME), options.len() > 1, "{ca_file}");
        let mut wait = anchor(Some(&server), &["wait", "a", "--ca-file", &ca_file]);
        let wait = wait.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The admin endpoint cannot be asked without TLS. A signal is kept until the wait comes.
        let signal = run(&server, &["signal", "a", "code=1", "--ca-file", &ca_file]);
        assert_eq!((signal.status.code(), stderr(&signal)), (Some(0), ""));
        let wait = wait.wait_with_output().unwrap();
        assert_eq!((wait.status.code(), stdout(&wait)), (Some(0), "{\"code\":\"1\"}\n"), "{}", stderr(&wait));
        let untrusted = run(&server, &["wait", "a", "--timeout", "5"]);
        assert_eq!(untrusted.status.code(), Some(4), "{}", stderr(&untrusted));
        assert_eq!(server.stop("-INT").code(), Some(0));
    }
}
