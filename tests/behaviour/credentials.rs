//! The key and the headers that a program adds: each request carries them, and a key can be replaced while waits run.

use anchor::{Client, Status, Timeout};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::PATIENCE;
use testkit::certificates::{Certificate, tls};
use testkit::scripted::script::{EVENT, Gate, Step, answer, event, refusal};
use testkit::scripted::{Request, ScriptedServer};
use testkit::settings::{KEY, client, config};
use testkit::way::{Way, each_way};

const LONG: Option<Duration> = Some(PATIENCE);
const LONGER_KEY: &str = "another-key-that-is-longer-7d1e";
const SHORTER_KEY: &str = "k-5";

/// Which of the keys it is. Failure output shows no key.
fn key_of(request: &Request) -> &'static str {
    match request.header("anchor-api-key") {
        Some(KEY) => "first",
        Some(LONGER_KEY) => "longer",
        Some(SHORTER_KEY) => "shorter",
        _ => "unknown",
    }
}

#[each_way]
fn every_request_carries_the_headers_that_were_added(way: Way) {
    for is_tls in [false, true] {
        let answers = Step::AnswerAll(event());
        let script = if is_tls { vec![Step::Handshake(tls(Certificate::Good)), answers] } else { vec![answers] };
        let server = ScriptedServer::always(script);
        let mut config = config(&if is_tls { server.https() } else { server.http() });
        config.add_header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
        config.add_header("X-Gate", "pass, two: three").unwrap().add_header("x-empty", "").unwrap();
        let client = Client::new(&config).unwrap();
        way.wait(&client, "e", LONG).unwrap();
        way.wait(&client, "e", LONG).unwrap();
        client.signal("e", Some(r#"{"n":1}"#), Timeout::Request, None).unwrap();
        assert_eq!(server.requests().len(), 3);
        for request in server.requests() {
            assert_eq!(key_of(&request), "first");
            assert_eq!(request.header("traceparent").map(str::len), Some(55));
            assert_eq!(request.header("x-gate"), Some("pass, two: three"));
            assert_eq!(request.header("x-empty"), Some(""));
            assert!(request.head.contains("\r\nX-Gate: "), "the name is sent as it was given");
        }
    }
}

#[each_way]
fn a_replaced_key_is_sent_from_then_on(way: Way) {
    for (key, name) in [(LONGER_KEY, "longer"), (SHORTER_KEY, "shorter")] {
        let ask = Gate::default();
        let script =
            vec![Step::ReadRequest, Step::Await(ask.clone()), Step::Send(refusal(408)), Step::AnswerAll(event())];
        let server = ScriptedServer::always(script);
        let mut config = config(&server.http());
        let client = Client::new(config.add_header("x-gate", "open").unwrap()).unwrap();
        let waiting = way.begin(&client, "e", LONG);
        server.until_requests(1);
        client.set_api_key(key).unwrap();
        ask.open();
        assert_eq!(waiting.end().unwrap(), EVENT);
        client.signal("e", None, Timeout::Request, None).unwrap();
        let requests = server.requests();
        assert_eq!(requests.iter().map(key_of).collect::<Vec<_>>(), ["first", name, name]);
        assert!(requests.iter().all(|request| request.header("x-gate") == Some("open")));
    }
}

/// The key is put in when the request is sent, not when its connection is begun.
#[each_way]
fn a_request_that_still_connects_is_sent_with_the_new_key(way: Way) {
    let shake = Gate::default();
    let script = vec![Step::Await(shake.clone()), Step::Handshake(tls(Certificate::Good)), Step::AnswerAll(event())];
    let server = ScriptedServer::always(script);
    let client = client(&server.https());
    let waiting = way.begin(&client, "e", LONG);
    server.until("a connection", |record| record.connections == 1);
    waiting.until_asleep();
    client.set_api_key(LONGER_KEY).unwrap();
    shake.open();
    assert_eq!(waiting.end().unwrap(), EVENT);
    assert_eq!(server.requests().iter().map(key_of).collect::<Vec<_>>(), ["longer"]);
}

#[test]
fn a_key_that_is_refused_leaves_the_one_before() {
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let client = client(&server.http());
    for key in ["", "two\r\nlines", "é", &"x".repeat(4097)] {
        let error = client.set_api_key(key).unwrap_err();
        assert!(error.status() == Status::InvalidArgument && error.message().starts_with("api_key "), "{error}");
    }
    client.signal("e", None, Timeout::Request, None).unwrap();
    assert_eq!(key_of(&server.requests()[0]), "first");
}

/// A service or a gateway may quote what it was sent, also by an earlier request.
#[each_way]
fn no_error_and_no_log_line_shows_them(way: Way) {
    const TOKEN: &str = "gateway-token-91c4";
    let words = format!("{KEY} and {TOKEN} are not {LONGER_KEY}");
    let body = format!(r#"{{"error":{{"message":"{words}"}}}}"#);
    let server = ScriptedServer::always(vec![Step::AnswerAll(answer(401, "", &body))]);
    let lines = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&lines);
    let mut config = config(&server.http());
    config.add_header("x-gate", TOKEN).unwrap().set_log(move |_, line: &str| sink.lock().unwrap().push_str(line));
    let client = Client::new(&config).unwrap();
    client.set_api_key(LONGER_KEY).unwrap();
    let error = way.wait(&client, "e", LONG).unwrap_err();
    let shown = format!("{error} {error:?} {config:?} {client:?} {}", lines.lock().unwrap());
    for (secret, name) in [(KEY, "the first key"), (LONGER_KEY, "the second key"), (TOKEN, "the token")] {
        assert!(!shown.contains(secret), "{name} is shown");
    }
    assert!(error.message().contains("and") && error.message().contains("are not"), "the rest is readable");
}
