//! The programs that tests/process_test.rs starts.

use anchor::{CancelToken, Client, Config, Timeout};
use std::fs::{read_dir, read_to_string};
use std::io::Write;
use std::process::exit;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

static TOKEN: OnceLock<CancelToken> = OnceLock::new();

fn main() {
    let client = Client::new(&Config::from_env()).expect("a client");
    match std::env::args().nth(1).as_deref() {
        Some("wait_for_ctrl_c") => drop(client.wait("wait_for_ctrl_c", None, None)),
        Some("handler") => handler(&client),
        Some("exit") => exit_with_waits_open(client),
        Some("fork") => fork(&client),
        Some("many_calls") => many_calls(&client),
        other => panic!("{other:?}"),
    }
}

extern "C" fn handle(signal: i32) {
    if signal == libc::SIGINT {
        TOKEN.get().expect("a token").cancel();
        return;
    }
    // SAFETY: write is async-signal-safe, and the text is of this length.
    let _ = unsafe { libc::write(1, c"handled\n".as_ptr().cast(), 8) };
}

fn handler(client: &Client) {
    TOKEN.set(CancelToken::new().expect("a token")).expect("the first");
    for signal in [libc::SIGUSR1, libc::SIGINT] {
        // SAFETY: the handler calls async-signal-safe functions only.
        unsafe { libc::signal(signal, handle as *const () as libc::sighandler_t) };
    }
    client.wait("handler", None, TOKEN.get()).expect("an event");
    say("taken");
    let error = client.wait("handler", None, TOKEN.get()).expect_err("it is cancelled");
    say(&format!("{:?}", error.status()));
}

fn exit_with_waits_open(client: Client) {
    let started = client.start("exit", None).expect("a wait");
    let other = client.clone();
    thread::spawn(move || other.wait("exit", None, None));
    std::io::stdin().read_line(&mut String::new()).expect("a line");
    std::mem::forget(started);
    exit(7);
}

fn fork(client: &Client) {
    client.signal("fork", Some(r#"{"for":"the child"}"#), Timeout::Request, None).expect("a signal");
    // SAFETY: this process has one thread.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let is_taken = client
            .wait("fork", Some(Duration::from_secs(60)), None)
            .is_ok_and(|it| it == r#"{"data":{"for":"the child"}}"#);
        exit(i32::from(!is_taken));
    }
    let mut status = -1;
    // SAFETY: the status is written to a variable of this function.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    client.drain("fork", Timeout::Request, None).expect("the parent's connections are its own");
    say(&format!("the child exits with {status}"));
}

fn many_calls(client: &Client) {
    let data = format!(r#"{{"filler":"{}"}}"#, "x".repeat(8192));
    let calls = |count: usize| {
        for _ in 0..count {
            client.signal("many", Some(&data), Timeout::Request, None).expect("a signal");
            client.wait("many", Some(Duration::from_secs(60)), None).expect("an event");
        }
    };
    for count in [500, 2000] {
        calls(count);
        let status = read_to_string("/proc/self/status").expect("/proc");
        let memory = status.split("VmRSS:").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a number");
        say(&format!("{memory} {}", read_dir("/proc/self/fd").expect("/proc").count()));
    }
}

fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().expect("written");
}
