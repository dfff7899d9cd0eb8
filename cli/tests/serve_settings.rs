//! The options of `serve`: limits, retention, latency, the longest wait, TLS, the log, and the address.

mod server;

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use server::Server;
use testkit::process::without_settings;

#[test]
fn a_full_queue_is_a_clear_answer() {
    let server = Server::start(&["--queue-limit", "2"]);
    server.signal("a", "{}");
    server.signal("a", "{}");
    let refused = server.post("/v1/events/a", r#"{"data":{}}"#);
    assert_eq!((refused.status, refused.error_code()), (429, 429));
    assert!(refused.body.contains("2 signals of this name are queued already"), "{}", refused.body);
    assert!(refused.header("retry-after").is_some());
    server.signal("b", "{}");
    server.take("a", 1).unwrap();
    server.signal("a", "{}");
}

#[test]
fn all_queues_together_have_a_limit_too() {
    let server = Server::start(&["--queue-bytes", "10"]);
    server.signal("a", r#"{"n":1}"#);
    let refused = server.post("/v1/events/b", r#"{"data":{"n":1}}"#);
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("10 bytes at most"), "{}", refused.body);
}

#[test]
fn names_count_towards_the_limit_of_bytes() {
    let server = Server::start(&["--queue-bytes", "1000"]);
    server.signal(&"a".repeat(900), "{}");
    let refused = server.post(&format!("/v1/events/{}", "b".repeat(900)), r#"{"data":{}}"#);
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("1000 bytes at most"), "{}", refused.body);
    server.take(&"a".repeat(900), 0).expect("the first event");
    server.signal(&"b".repeat(900), "{}");
}

#[test]
fn a_signal_that_nobody_waits_for_expires() {
    let server = Server::start(&["--retention", "50ms"]);
    server.signal("a", "{}");
    server.until("the signal expires", |state| state["queuedCount"] == 0);
    assert_eq!(server.take("a", 1), None);
    assert!(server.history().contains(&"expired".to_owned()));
}

#[test]
fn a_larger_body_than_allowed_is_refused() {
    let server = Server::start(&["--max-body", "100"]);
    let refused = server.post("/v1/events/a", &format!(r#"{{"data":{{"x":"{}"}}}}"#, "x".repeat(100)));
    assert_eq!((refused.status, refused.error_code()), (413, 413));
}

#[test]
fn latency_is_added_and_the_longest_wait_is_enforced() {
    let server = Server::start(&["--latency", "30ms..40ms", "--max-wait", "20ms"]);
    let start = Instant::now();
    let answer = server.post("/v1/events/a/wait", r#"{"timeoutMs":60000}"#);
    assert_eq!(answer.status, 408);
    assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
}

#[test]
fn tls_uses_an_authority_whose_file_is_removed_at_the_end() {
    let mut server = Server::start(&["--tls"]);
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    let mut ca = String::new();
    server.stdout.read_line(&mut ca).unwrap();
    let ca = ca.trim_end();
    assert!(std::fs::read_to_string(ca).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    let anchor = |arguments: &[&str]| {
        let mut command = Command::new(server::program());
        without_settings(&mut command);
        command.args(arguments).env("ANCHORBROWSER_BASE_URL", &server.url).env("ANCHORBROWSER_API_KEY", "any");
        command.output().unwrap()
    };
    assert_eq!(anchor(&["signal", "a", "n:=1", "--ca-file", ca]).status.code(), Some(0));
    let event = anchor(&["wait", "a", "--ca-file", ca]);
    assert_eq!(String::from_utf8_lossy(&event.stdout), "{\"n\":1}\n");
    let stranger = anchor(&["signal", "a"]);
    assert_eq!(stranger.status.code(), Some(4), "{stranger:?}");
    assert_eq!(server.stop("-TERM").code(), Some(0));
    assert!(!std::path::Path::new(ca).exists());
}

#[test]
fn the_authority_can_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let mut server = Server::start(&["--tls", "--ca-file", path.to_str().unwrap()]);
    assert_eq!(server.stop("-TERM").code(), Some(0));
    assert!(path.exists());
}

#[test]
fn the_json_log_reports_what_happened_without_secrets() {
    let mut command = Command::new(server::program());
    command.args(["serve", "--port", "0", "--log", "json"]).stderr(Stdio::piped());
    let mut server = Server::spawn(&mut command);
    let mut waiter = server.connect().with_key("the-secret-key");
    waiter.start_wait("a");
    server.until_waiting(1);
    server.connect().with_key("the-secret-key").post("/v1/events/a", r#"{"data":{"code":"the-secret-code"}}"#);
    waiter.read().unwrap();
    // A client may have read its answer before the server logs that it was written.
    server::until("the delivery is logged", || server.history().contains(&"delivered".to_owned()));
    server.connect().with_key("").post("/v1/events/a", r#"{"data":{"code":"the-secret-code"}}"#);
    server.stop("-TERM");
    let mut log = String::new();
    server.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(!log.contains("secret"), "{log}");
    let entries: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let kinds: Vec<_> = entries.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["started", "waiting", "handed", "delivered", "refused", "stopped"]);
    assert_eq!(entries[1]["event"], "a");
    assert_eq!(entries[4]["status"], 401);
}

#[test]
fn a_log_that_nobody_reads_does_not_stop_the_server() {
    let mut command = Command::new(server::program());
    command.args(["serve", "--port", "0", "--log", "json"]).stderr(Stdio::piped());
    let server = Server::spawn(&mut command);
    let name = "n".repeat(2000);
    let mut http = server.connect();
    for _ in 0..200 {
        assert_eq!(http.post(&format!("/v1/events/{name}"), r#"{"data":{}}"#).status, 200);
        assert!(http.wait(&name, 1000).is_some());
    }
}

#[test]
fn exposed_without_a_key_it_warns_and_with_one_it_does_not() {
    for (options, warns) in [(&["--host", "0.0.0.0"][..], true), (&["--host", "0.0.0.0", "--api-key", "one"], false)] {
        let mut command = Command::new(server::program());
        command.args(["serve", "--port", "0"]).args(options).stderr(Stdio::piped());
        let mut server = Server::spawn(&mut command);
        assert!(server.url.starts_with("http://127.0.0.1:"), "{}", server.url);
        server.stop("-TERM");
        let stderr = BufReader::new(server.child.stderr.take().unwrap());
        let warning = stderr.lines().map_while(Result::ok).find(|line| line.contains("warning"));
        assert_eq!(warning.is_some_and(|line| line.contains("any API key is accepted")), warns);
    }
}

#[test]
fn it_listens_at_the_given_host() {
    let server = Server::start(&["--host", "localhost"]);
    assert_eq!(server.take("a", 1), None);
    // Too long for a name, so that no name server is asked: one may know every name, or none for a long time.
    let name = "x".repeat(300);
    let unknown = Command::new(server::program()).args(["serve", "--port", "0", "--host", &name]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains(&name));
}
