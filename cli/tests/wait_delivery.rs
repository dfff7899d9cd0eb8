//! An event that came is never lost without a word: whatever happens to stdout, stderr and the command of `--exec`.

mod command;
mod server;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixStream;
use std::process::{Command, Output, Stdio};

use command::{after, anchor, printed, run, stderr, stdout};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use server::{Server, until};

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// The writing end of a pipe whose reader is gone.
fn pipe_without_reader() -> Stdio {
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let writer = reader.stdin.take().unwrap();
    reader.wait().unwrap();
    // A process that another test is starting has a copy of the reading end, until it runs its program.
    until("the pipe has no reader", || {
        let mut fds = [PollFd::new(&writer, PollFlags::OUT)];
        poll(&mut fds, Some(&Timespec::default())).unwrap();
        fds[0].revents().contains(PollFlags::ERR)
    });
    writer.into()
}

#[test]
fn no_event_is_lost_by_a_stderr_that_cannot_be_written() {
    let server = Server::start(&[]);
    for broken in [|| full().into(), pipe_without_reader] {
        server.signal("a", "{}");
        let wait = anchor(Some(&server), &["wait", "a", "--verbose"]).stderr(broken()).output().unwrap();
        assert_eq!((wait.status.code(), stdout(&wait)), (Some(0), "{}\n"));
        let code = |arguments: &[&str]| anchor(Some(&server), arguments).stderr(broken()).status().unwrap().code();
        assert_eq!(code(&["wait", "a", "--timeout", "0"]), Some(2));
        assert_eq!(code(&["signal", "a", "--verbose"]), Some(0));
        assert_eq!(code(&["drain", "a", "--verbose"]), Some(0));
        assert_eq!(code(&["wait", "a", "--explode"]), Some(1));
        server.signal("a", "{}");
        let exec = ["wait", "a", "--exec", "exit 7"];
        let exec = anchor(Some(&server), &exec).stderr(broken()).output().unwrap();
        assert_eq!((exec.status.code(), stdout(&exec)), (Some(6), "{}\n"));
    }
    server.signal("a", "{}");
    let closed = after("exec 2>&-", &server, &["wait", "a", "--verbose"]).output().unwrap();
    assert_eq!((closed.status.code(), stdout(&closed)), (Some(0), "{}\n"));
}

#[test]
fn an_event_that_cannot_be_printed_is_a_failure_that_says_so() {
    let server = Server::start(&[]);
    server.signal("a", r#"{"code":"123456"}"#);
    let output = anchor(Some(&server), &["wait", "a"]).stdout(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("the event came and could not be printed: it is taken"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("123456"), "its data is not for stderr");
}

#[test]
fn no_event_is_taken_for_a_stdout_that_cannot_be_written() {
    let server = Server::start(&[]);
    server.signal("a", "{}");
    let is_refused = |output: &Output| {
        assert_eq!(output.status.code(), Some(1), "{}", stderr(output));
        assert!(stderr(output).contains("stdout cannot be written, so no event was taken"), "{}", stderr(output));
    };
    is_refused(&after("exec >&-", &server, &["wait", "a"]).output().unwrap());
    is_refused(&after("exec 1</dev/null", &server, &["wait", "a"]).output().unwrap());
    is_refused(&anchor(Some(&server), &["wait", "a"]).stdout(pipe_without_reader()).output().unwrap());
    assert_eq!(printed(&server, &["drain", "a"]), "1\n", "it is still there");
    server.signal("a", "{}");
    let thrown_away = anchor(Some(&server), &["wait", "a"]).stdout(Stdio::null()).output().unwrap();
    assert_eq!(thrown_away.status.code(), Some(0), "/dev/null is a choice");
}

#[test]
fn a_wait_ends_when_nobody_reads_stdout_any_more() {
    let server = Server::start(&[]);
    let mut wait = anchor(Some(&server), &["wait", "a", "--follow"]);
    let mut child = wait.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    server.signal("a", "{}");
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    server.until_waiting(1);
    drop(reader);
    until("the wait ends", || child.try_wait().unwrap().is_some());
    let output = child.wait_with_output().unwrap();
    assert_eq!((line.as_str(), output.status.code()), ("{}\n", Some(1)));
    assert!(stderr(&output).contains("nobody reads stdout any more"), "{}", stderr(&output));
    server.until_waiting(0);
    server.signal("a", "{}");
    assert_eq!(printed(&server, &["drain", "a"]), "1\n", "the next event was not taken");
}

#[test]
fn follow_takes_no_event_after_one_that_could_not_be_printed() {
    let server = Server::start(&[]);
    for _ in 0..3 {
        server.signal("a", "{}");
    }
    let output = anchor(Some(&server), &["wait", "a", "--follow", "--timeout", "5"]).stdout(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(printed(&server, &["drain", "a"]), "2\n");
}

#[test]
fn a_stdout_that_somebody_made_non_blocking_gets_the_whole_event() {
    let server = Server::start(&[]);
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    let data = format!(r#"{{"x":"{}"}}"#, "x".repeat(900_000));
    server.signal("a", &data);
    let mut wait = anchor(Some(&server), &["wait", "a"]);
    let mut child = wait.stdout(std::os::fd::OwnedFd::from(theirs)).spawn().unwrap();
    drop(wait);
    server.until("the event is taken", |state| state["queuedCount"] == 0);
    let mut got = String::new();
    ours.read_to_string(&mut got).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(got == format!("{data}\n"), "{} bytes of {}", got.len(), data.len() + 1);
}

#[test]
fn exec_hands_the_event_to_a_command() {
    let server = Server::start(&[]);
    server.signal("a", r#"{"n":1}"#);
    let said = printed(&server, &["wait", "a", "--exec", r#"printf '%s: ' "$ANCHOR_EVENT_NAME"; cat"#]);
    assert_eq!(said, "a: {\"n\":1}\n");
    server.signal("a", &format!(r#"{{"x":"{}"}}"#, "x".repeat(200_000)));
    assert_eq!(printed(&server, &["wait", "a", "--exec", "true"]), "", "a command need not read its input");
    server.signal("a", "{}");
    let closed = after("exec >&-", &server, &["wait", "a", "--exec", "true"]).output().unwrap();
    assert_eq!(closed.status.code(), Some(0), "stdout is not needed for a command that succeeds");
}

#[test]
fn an_event_whose_command_fails_is_printed() {
    let server = Server::start(&[]);
    for (command, reason) in [
        ("exit 7", "the event came, and the command failed: exit code 7; the event is on stdout"),
        ("no-such-command", "the command failed: exit code 127"),
        ("kill -9 $$", "the command failed: killed by SIGKILL"),
        ("cat >/dev/null; exit 1", "the command failed: exit code 1"),
    ] {
        server.signal("a", r#"{"code":"123456"}"#);
        let output = run(&server, &["wait", "a", "--pointer", "/data/code", "--exec", command]);
        assert_eq!((output.status.code(), stdout(&output)), (Some(6), "123456\n"), "{command}");
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
    }
    server.signal("a", "{}");
    let quiet = run(&server, &["wait", "a", "--quiet", "--exec", "exit 7"]);
    assert_eq!((quiet.status.code(), stdout(&quiet), stderr(&quiet)), (Some(6), "{}\n", ""));
}

#[test]
fn an_event_whose_command_cannot_be_started_is_printed() {
    let server = Server::start(&[]);
    let mut not_started = 0;
    // With few descriptors the wait fails and takes nothing; with a few more it succeeds, and the pipe to the command fails. How
    // many that are depends on what was open where the tests were started, so they grow until the command runs.
    for limit in 4..256 {
        server.signal("a", "{}");
        let arguments = ["wait", "a", "--timeout", "5s", "--retries", "0", "--exec", "cat"];
        let output = after(&format!("ulimit -n {limit}"), &server, &arguments).output().unwrap();
        let queued = usize::from(server.take("a", 0).is_some());
        let printed = stdout(&output).lines().count();
        assert_eq!(printed + queued, 1, "with {limit} descriptors: {}", stderr(&output));
        if stderr(&output).contains("the command could not be started") {
            assert_eq!((output.status.code(), stdout(&output)), (Some(6), "{}\n"));
            not_started += 1;
        }
        if output.status.success() {
            break;
        }
    }
    assert!(not_started > 0);
}

#[test]
fn a_failing_command_does_not_end_follow_and_the_exit_code_remembers_it() {
    let server = Server::start(&[]);
    for n in 0..3 {
        server.signal("a", &format!(r#"{{"n":{n}}}"#));
    }
    let command = r#"[ "$(cat)" != 1 ]"#;
    let arguments = ["wait", "a", "--follow", "--count", "3", "--pointer", "/data/n", "--exec", command];
    let output = run(&server, &arguments);
    assert_eq!((output.status.code(), stdout(&output)), (Some(6), "1\n"));
    assert_eq!(stderr(&output).matches("exit code 1;").count(), 1, "{}", stderr(&output));
}

#[test]
fn an_event_that_neither_its_command_nor_stdout_took_is_reported() {
    let server = Server::start(&[]);
    server.signal("a", "{}");
    let output = anchor(Some(&server), &["wait", "a", "--exec", "exit 7"]).stdout(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    assert!(stderr(&output).contains("exit code 7; it could not be printed either"), "{}", stderr(&output));
}

#[test]
fn what_else_is_printed_fails_without_a_panic() {
    let server = Server::start(&[]);
    for (arguments, said) in [
        (&["--help"][..], "cannot print the help"),
        (&["wait", "--help"], "cannot print the help"),
        (&["--version"], "cannot print the help"),
        (&["completions", "bash"], "No space left"),
        (&["drain", "a"], "0 signals were discarded, and stdout failed"),
        (&["signal", "a", "--raw"], "the event was signaled, and stdout failed"),
    ] {
        let output = anchor(Some(&server), arguments).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    }
    let closed = after("exec >&-", &server, &["--help"]).output().unwrap();
    assert_eq!(closed.status.code(), Some(1));
    let mut both = anchor(Some(&server), &["--help"]);
    assert_eq!(both.stdout(pipe_without_reader()).stderr(full()).status().unwrap().code(), Some(1));
}
