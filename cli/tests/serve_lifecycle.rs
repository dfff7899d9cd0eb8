//! Start and shutdown: the URL, the signals, the last answers, and thousands of waits at once.

mod server;

use std::io::Read;
use std::net::TcpStream;
use std::process::Command;

use server::{Http, Server};
use testkit::process::with_every_signal;

#[test]
fn the_first_line_is_the_url_and_the_server_is_ready_by_then() {
    let server = Server::start(&[]);
    let port = server.url.strip_prefix("http://127.0.0.1:").expect("a loopback URL");
    assert_ne!(port.parse::<u16>().unwrap(), 0);
    assert!(TcpStream::connect(server.address()).is_ok());
}

#[test]
fn a_signal_ends_the_server_with_0_and_answers_every_waiter() {
    for signal in ["-INT", "-TERM"] {
        let mut command = Command::new(server::program());
        let mut server = Server::spawn(with_every_signal(command.args(["serve", "--port", "0", "--log", "off"])));
        let mut waiters: Vec<Http> = (0..20).map(|_| server.connect()).collect();
        for waiter in &mut waiters {
            waiter.start_wait("a");
        }
        // A connection without a request must not delay the shutdown.
        let _idle = server.connect();
        server.until_waiting(20);
        assert_eq!(server.stop(signal).code(), Some(0));
        for waiter in &mut waiters {
            let answer = waiter.read().expect("an answer");
            assert_eq!((answer.status, answer.error_code()), (503, 503));
        }
        let mut rest = String::new();
        server.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "stdout is the URL and nothing else");
    }
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let anchor = env!("CARGO_BIN_EXE_anchor-events");
    for ignored in [&["HUP"][..], &["HUP", "INT"]] {
        let line = format!("trap '' {}; exec \"$0\" serve --port 0", ignored.join(" "));
        let mut server = Server::spawn(Command::new("sh").args(["-c", &line, anchor]));
        for signal in ignored {
            server::kill(&server.child, &format!("-{signal}"));
        }
        server.signal("a", "{}");
        assert_eq!(server.take("a", 1000).as_deref(), Some("{}"), "{ignored:?}");
        assert_eq!(server.stop("-TERM").code(), Some(0), "{ignored:?}");
    }
}

#[test]
fn a_port_in_use_is_an_error_and_says_so() {
    let server = Server::start(&[]);
    let port = server.address().rsplit_once(':').unwrap().1.to_owned();
    let second = Command::new(server::program()).args(["serve", "--port", &port]).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("cannot listen on 127.0.0.1:"), "{second:?}");
    assert!(second.stdout.is_empty());
}

#[test]
fn five_thousand_wait_at_once_in_little_memory_and_each_gets_its_own() {
    let server = Server::start(&[]);
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let mut waiters: Vec<Http> = (0..5000).map(|_| server.connect()).collect();
    for (number, waiter) in waiters.iter_mut().enumerate() {
        waiter.start_wait(&format!("e{number}"));
    }
    server.until_waiting(5000);
    let state: serde_json::Value =
        serde_json::from_str(&server.admin("GET", "/admin/state?filter=E49%39", "").body).unwrap();
    assert_eq!((&state["waitingCount"], &state["waitingMatching"]), (&5000.into(), &11.into()));
    let listed = state["waiting"].as_array().unwrap();
    assert!(listed.iter().any(|wait| wait["event"] == "e4999"), "the filter finds what the whole list leaves out");
    let resident = resident_kib(server.child.id());
    assert!(resident < 150 * 1024, "{resident} KiB for 5,000 waiting clients");
    println!("5,000 waiting clients: {resident} KiB resident");
    let mut signaler = server.connect();
    for number in 0..waiters.len() {
        let body = format!(r#"{{"data":{{"n":{number}}}}}"#);
        assert_eq!(signaler.post(&format!("/v1/events/e{number}"), &body).status, 200);
    }
    for (number, waiter) in waiters.iter_mut().enumerate() {
        assert_eq!(waiter.read().unwrap().data(), format!(r#"{{"n":{number}}}"#));
    }
}

fn resident_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a running process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
