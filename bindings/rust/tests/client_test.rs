//! Calls, their ends, and what threads share.

mod server;

use anchor::{CancelToken, Options, Status, Timeout, json_get};
use server::{PATIENCE, client, client_with, signal, take, until, until_waiting, variable};
use std::thread;
use std::time::{Duration, Instant};

/// C01: a blocked wait gets the event.
#[test]
fn a_blocked_wait_gets_the_event() {
    let client = client();
    thread::scope(|scope| {
        let end = scope.spawn(|| take(&client, "blocked"));
        until_waiting("blocked", 1);
        signal(&client, "blocked", r#"{"code":"123456"}"#);
        assert_eq!(json_get(&end.join().unwrap(), "/data/code").as_deref(), Some("123456"));
    });
}

/// C02, C08, C10: a signal before the wait is kept, one without data is an empty object, and the answer is there byte for byte.
#[test]
fn a_signal_before_the_wait_is_kept() {
    let client = client();
    client.signal("kept", None, Timeout::Request, None).unwrap();
    assert_eq!(take(&client, "kept"), r#"{"data":{}}"#);
}

/// C03, C41: each signal ends one of the waits of threads that share a client.
#[test]
fn each_signal_ends_one_wait() {
    let client = client();
    let mut taken: Vec<String> = thread::scope(|scope| {
        let ends: Vec<_> = (0..4).map(|_| scope.spawn(|| take(&client, "several"))).collect();
        until_waiting("several", 4);
        for number in 0..4 {
            signal(&client, "several", &format!(r#"{{"n":{number}}}"#));
        }
        ends.into_iter().map(|end| json_get(&end.join().unwrap(), "/data/n").unwrap()).collect()
    });
    taken.sort();
    assert_eq!(taken, ["0", "1", "2", "3"]);
}

/// C04, C05: a wait ends at its timeout, and one of zero asks once.
#[test]
fn a_wait_ends_at_its_timeout() {
    for timeout in [Duration::ZERO, Duration::from_millis(200)] {
        let began = Instant::now();
        let error = client().wait("quiet", Some(timeout), None).unwrap_err();
        assert!(began.elapsed() >= timeout && error.timed_out());
        // In a short time a busy machine may not get as far as to the service. The one request of zero has a time of its own.
        let is_asked = error.status() == Status::Timeout && error.http_status() == Some(408) && !error.maybe_consumed();
        assert!(is_asked || !timeout.is_zero(), "{error:?}");
    }
}

/// C06, C29: None sets no limit, and the longest Duration is as good as none.
#[test]
fn a_wait_without_limit() {
    let client = client();
    for timeout in [None, Some(Duration::MAX)] {
        thread::scope(|scope| {
            let end = scope.spawn(|| client.wait("endless", timeout, None));
            until_waiting("endless", 1);
            signal(&client, "endless", "{}");
            assert!(end.join().unwrap().is_ok());
        });
    }
}

/// C07: data of every JSON kind arrives as it was sent.
#[test]
fn data_arrives_as_it_was_sent() {
    let data = r#"{"null":null,"booleans":[true,false],"numbers":[0,-1,9007199254740993,1e300,0.1],"text":"\u0000 ✓ 🔑 \\ \" \n","nested":{"":[[],{},[{"a":[null]}]]}}"#;
    let client = client();
    signal(&client, "kinds", data);
    let answer = take(&client, "kinds");
    for (pointer, text) in [
        ("/null", "null"),
        ("/booleans", "[true,false]"),
        ("/nested/", "[[],{},[{\"a\":[null]}]]"),
        ("/numbers/2", "9007199254740993"),
    ] {
        assert!(json_get(&answer, &format!("/data{pointer}")).as_deref() == Some(text), "{pointer}");
    }
    assert!(json_get(&answer, "/data/text").as_deref() == Some("\0 ✓ 🔑 \\ \" \n"));
    assert!(json_get(&answer, "/data/numbers/3").unwrap().parse::<f64>() == Ok(1e300));
}

/// C09: any text is a name.
#[test]
fn any_text_is_a_name() {
    let client = client();
    for name in ["a b/c", "100%", "%2F", "événement ✓ 🔑", "...", "a?b#c"] {
        signal(&client, name, "{}");
        assert_eq!(take(&client, name), r#"{"data":{}}"#);
    }
}

/// C11: events in a loop, which can be left.
#[test]
fn events_in_a_loop() {
    let client = client();
    for number in 0..3 {
        signal(&client, "loop", &format!(r#"{{"n":{number}}}"#));
    }
    let mut taken = Vec::new();
    while let Ok(answer) = client.wait("loop", Some(PATIENCE), None) {
        taken.push(json_get(&answer, "/data/n").unwrap());
        if taken.len() == 2 {
            break;
        }
    }
    assert_eq!(taken, ["0", "1"]);
    assert_eq!(take(&client, "loop"), r#"{"data":{"n":2}}"#);
}

/// C12: a drain counts what it drops.
#[test]
fn a_drain_counts_what_it_drops() {
    let client = client();
    for _ in 0..3 {
        signal(&client, "drained", "{}");
    }
    assert_eq!(client.drain("drained", Timeout::Request, None).unwrap(), 3);
    assert_eq!(client.drain("drained", Duration::ZERO.into(), None).unwrap(), 0);
}

/// C13, C14, C15: a token ends waits and signals, and later ones at once; the service sees the waiter leave.
#[test]
fn a_token_ends_calls() {
    let (client, token) = (client(), CancelToken::new().unwrap());
    thread::scope(|scope| {
        let wait = scope.spawn(|| client.wait("cancelled", None, Some(&token)).map(drop));
        let hung = scope.spawn(|| client.signal("hang", None, Timeout::Request, Some(&token)).map(drop));
        until(|| client.stats().connections.waiting == 2);
        token.cancel();
        for end in [wait, hung] {
            assert_eq!(end.join().unwrap().unwrap_err().status(), Status::Cancelled);
        }
    });
    until_waiting("cancelled", 0);
    let sent = client.stats().bytes_sent;
    assert_eq!(client.wait("x", None, Some(&token)).unwrap_err().status(), Status::Cancelled);
    assert_eq!(client.signal("x", None, Timeout::Request, Some(&token)).unwrap_err().status(), Status::Cancelled);
    assert_eq!(client.drain("x", Timeout::Request, Some(&token)).unwrap_err().source.status(), Status::Cancelled);
    assert_eq!(client.stats().bytes_sent, sent);
}

/// C16: an event that had arrived when its wait was cancelled is still its outcome.
#[test]
fn an_event_that_had_arrived_is_returned() {
    let (client, other) = (client(), server::client());
    let wait = client.start("arrived", None).unwrap();
    until_waiting("arrived", 1);
    signal(&other, "arrived", "{}");
    until(|| client.stats().answers == 1);
    wait.cancel();
    assert_eq!(wait.finish(Some(PATIENCE)).unwrap(), r#"{"data":{}}"#);
}

/// C19: `cancel_all` ends the calls of a client, and no call outlives it.
#[test]
fn a_client_ends_its_calls() {
    let client = client();
    thread::scope(|scope| {
        let end = scope.spawn(|| client.wait("ended", None, None));
        until_waiting("ended", 1);
        client.cancel_all();
        assert_eq!(end.join().unwrap().unwrap_err().status(), Status::Cancelled);
    });
    until_waiting("ended", 0);
}

/// C32: options count for one call.
#[test]
fn options_count_for_one_call() {
    let (client, mut options) = (client(), Options::new());
    options.set_retries(0).set_request_id("trace-1").unwrap().add_header("x-one", "1").unwrap();
    let error = client.wait_with("status_503", Some(PATIENCE), &options, None).unwrap_err();
    assert_eq!((error.attempts(), error.request_id()), (1, Some("trace-1")));
    let error = client.wait("status_400", Some(PATIENCE), None).unwrap_err();
    assert_ne!(error.request_id(), Some("trace-1"));
    assert_eq!(options.add_header("content-length", "1").unwrap_err().status(), Status::InvalidArgument);
}

/// C35, C36: keys are accounts, and a key that was replaced is not sent any more.
#[test]
fn keys_are_accounts() {
    let (client, second) = (client(), variable("ANCHOR_TEST_KEY_2"));
    let other = client_with(|config| config.set_api_key(&second));
    signal(&client, "account", r#"{"of":"the first"}"#);
    assert_eq!(other.wait("account", Some(Duration::ZERO), None).unwrap_err().status(), Status::Timeout);
    other.set_api_key(&variable("ANCHORBROWSER_API_KEY")).unwrap();
    assert_eq!(take(&other, "account"), r#"{"data":{"of":"the first"}}"#);
    assert!(other.set_api_key("").unwrap_err().message().contains("api_key"));
}

/// C37: the statistics count the calls.
#[test]
fn statistics() {
    let client = client();
    signal(&client, "counted", "{}");
    take(&client, "counted");
    assert_eq!((client.stats().signals, client.stats().waits), (1, 1));
}
