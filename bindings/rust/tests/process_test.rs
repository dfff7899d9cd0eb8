//! What concerns the whole process: Ctrl-C, signal handlers, exit, fork, memory.

mod server;

use server::{client, signal, until_waiting};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

/// A program of src/bin/child.rs.
fn child(name: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_child"));
    command.arg(name).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a child")
}

fn send(child: &Child, signal: i32) {
    let process = i32::try_from(child.id()).unwrap();
    // SAFETY: it passes numbers; the child was not waited for yet, so the number is still its own.
    assert_eq!(unsafe { libc::kill(process, signal) }, 0);
}

fn line_of(output: &mut impl BufRead) -> String {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    line.trim().to_owned()
}

/// C17: Ctrl-C ends the process, as it ends every program of Rust.
#[test]
fn ctrl_c_ends_the_process() {
    let mut program = child("wait_for_ctrl_c");
    until_waiting("wait_for_ctrl_c", 1);
    send(&program, libc::SIGINT);
    assert_eq!(program.wait().unwrap().signal(), Some(libc::SIGINT));
    until_waiting("wait_for_ctrl_c", 0);
}

/// C17, C18: a signal handler that returns does not end a wait, and one that cancels a token does.
#[test]
fn a_signal_handler_ends_a_wait_only_by_a_token() {
    let mut program = child("handler");
    let mut output = BufReader::new(program.stdout.take().unwrap());
    until_waiting("handler", 1);
    for _ in 0..5 {
        send(&program, libc::SIGUSR1);
        assert_eq!(line_of(&mut output), "handled");
    }
    signal(&client(), "handler", "{}");
    assert_eq!(line_of(&mut output), "taken");
    until_waiting("handler", 1);
    send(&program, libc::SIGINT);
    assert_eq!(line_of(&mut output), "Cancelled");
    assert!(program.wait().unwrap().success());
}

/// C43: a process exits at once with waits open.
#[test]
fn a_process_exits_with_waits_open() {
    let mut program = child("exit");
    until_waiting("exit", 2);
    program.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert_eq!(program.wait().unwrap().code(), Some(7));
    until_waiting("exit", 0);
}

/// C44: a child of fork uses a client of its parent.
#[test]
fn a_child_of_fork_uses_a_client_of_its_parent() {
    let output = child("fork").wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "the child exits with 0\n");
    assert!(output.status.success());
}

/// C45: thousands of calls leave no memory and no descriptor behind.
#[test]
fn thousands_of_calls_leave_nothing_behind() {
    let mut program = child("many_calls");
    let mut output = BufReader::new(program.stdout.take().unwrap());
    let mut numbers = || {
        let line = line_of(&mut output);
        let (memory, descriptors) = line.split_once(' ').expect("two numbers");
        (memory.parse::<i64>().unwrap(), descriptors.parse::<usize>().unwrap())
    };
    let (before, after) = (numbers(), numbers());
    assert!(program.wait().unwrap().success());
    // Answers that were not freed would be 16,000 KiB.
    assert!(after.0 - before.0 < 4_000 && after.1 == before.1, "{before:?} {after:?}");
}
