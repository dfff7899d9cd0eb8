//! Injected faults as a client sees them, and the endpoint that adds and removes fault rules.

mod server;

use std::io::Read;
use std::time::{Duration, Instant};

use server::Server;

const EVENT: &str = r#"{"n":1}"#;
const ANSWER: &str = r#"{"data":{"n":1}}"#;

/// A server with this rule and one signal for `a` in its queue.
fn with_rule(rule: &str) -> Server {
    let server = Server::start(&["--fault", rule]);
    server.signal("a", EVENT);
    server
}

/// Everything that a wait receives until the server ends the connection.
fn raw_wait(server: &Server) -> String {
    let mut http = server.connect();
    http.start_wait("a");
    let mut all = String::new();
    http.socket.read_to_string(&mut all).expect("an orderly end");
    all
}

#[test]
fn drop_after_consume_takes_the_event_and_does_not_answer() {
    let server = with_rule("a=drop-after-consume,times=1");
    assert_eq!(raw_wait(&server), "");
    assert_eq!(server.take("a", 1), None, "the event is gone");
    assert!(server.history().contains(&"fault".to_owned()));
}

#[test]
fn cut_body_ends_in_the_middle_of_the_announced_length() {
    let server = with_rule("a=cut-body");
    let all = raw_wait(&server);
    let (head, body) = all.split_once("\r\n\r\n").expect("a whole head");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains(&format!("content-length: {}", ANSWER.len())), "{head}");
    assert_eq!(body, &ANSWER[..ANSWER.len() / 2]);
    assert_eq!(server.take("a", 1), None, "the event is gone");
}

#[test]
fn hang_does_not_answer_and_does_not_take_the_event() {
    let mut server = with_rule("a=hang,times=1");
    let mut hanging = server.connect();
    hanging.start_wait("a");
    server.until("the rule is applied", |state| state["faults"] == serde_json::json!([]));
    assert_eq!(server.take("a", 1000).as_deref(), Some(EVENT));
    hanging.socket.set_nonblocking(true).unwrap();
    let silence = hanging.socket.read(&mut [0]).unwrap_err();
    assert_eq!(silence.kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(server.stop("-TERM").code(), Some(0), "a hanging request does not delay the shutdown");
}

#[test]
fn status_and_html_replace_the_answer_and_do_not_take_the_event() {
    let server = Server::start(&["--fault", "a=status:503,times=1", "--fault", "a=html:502,times=1"]);
    server.signal("a", EVENT);
    let refused = server.post("/v1/events/a/wait", "");
    assert_eq!((refused.status, refused.error_code()), (503, 503));
    let page = server.post("/v1/events/a/wait", "");
    assert_eq!(page.status, 502);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.body.starts_with("<html>"), "{}", page.body);
    assert_eq!(server.take("a", 1000).as_deref(), Some(EVENT));
}

#[test]
fn slow_sends_slowly_and_offers_the_event_again_if_the_client_gives_up() {
    let server = with_rule("a=slow:1b/ms");
    let start = Instant::now();
    assert_eq!(server.take("a", 1000).as_deref(), Some(EVENT));
    assert!(start.elapsed() >= Duration::from_millis(ANSWER.len() as u64 - 1));

    assert_eq!(server.admin("DELETE", "/admin/faults", "").status, 204);
    assert_eq!(server.admin("POST", "/admin/faults", "a=slow:1b/s,times=1").status, 201);
    server.signal("a", EVENT);
    let mut impatient = server.connect();
    impatient.start_wait("a");
    let mut first = [0; 10];
    impatient.socket.read_exact(&mut first).unwrap();
    drop(impatient);
    assert_eq!(server.take("a", 60_000).as_deref(), Some(EVENT));
}

#[test]
fn duplicate_delivers_the_event_to_two_waits() {
    let server = with_rule("a=duplicate");
    assert_eq!(server.take("a", 1000).as_deref(), Some(EVENT));
    assert_eq!(server.take("a", 1000).as_deref(), Some(EVENT));
    assert_eq!(server.take("a", 1), None);
}

#[test]
fn a_rule_can_be_for_signals() {
    let server =
        Server::start(&["--fault", "a=status:500,times=1,on=signal", "--fault", "a=drop-after-consume,on=signal"]);
    assert_eq!(server.post("/v1/events/a", r#"{"data":{}}"#).status, 500);
    let mut lost = server.connect();
    lost.send("POST", "/v1/events/a", r#"{"data":{"n":1}}"#);
    assert!(lost.read().is_err(), "the receipt is lost");
    assert_eq!(server.take("a", 1000).as_deref(), Some(EVENT), "the signal is not");
}

#[test]
fn rules_are_added_and_removed_while_the_server_runs() {
    let server = Server::start(&[]);
    let added = server.admin("POST", "/admin/faults", "*=status:503");
    assert_eq!((added.status, added.body.as_str()), (201, r#"{"id":1}"#));
    assert_eq!(server.admin("GET", "/admin/faults", "").body, r#"[{"id":1,"rule":"*=status:503"}]"#);
    assert_eq!(server.post("/v1/events/a/wait", r#"{"timeoutMs":1}"#).status, 503);
    assert_eq!(server.admin("DELETE", "/admin/faults/1", "").status, 204);
    assert_eq!(server.admin("DELETE", "/admin/faults/1", "").status, 404);
    assert_eq!(server.take("a", 1), None);
    let refused = server.admin("POST", "/admin/faults", "a=explode");
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("is not a fault"), "{}", refused.body);
}
