//! The two operations over plain HTTP: which request gets which answer.

mod server;

use server::Server;

#[test]
fn a_signal_is_kept_for_the_next_wait_and_given_once() {
    let server = Server::start(&[]);
    server.signal("mfa_code", r#"{"code":"123456"}"#);
    server.signal("mfa_code", r#"{ "code" : 1.50 }"#);
    assert_eq!(server.take("mfa_code", 1000).as_deref(), Some(r#"{"code":"123456"}"#));
    assert_eq!(server.take("mfa_code", 1000).as_deref(), Some(r#"{ "code" : 1.50 }"#));
    assert_eq!(server.take("mfa_code", 1), None);
}

#[test]
fn a_wait_is_held_until_the_signal_comes() {
    let server = Server::start(&[]);
    let mut waiter = server.connect();
    waiter.start_wait("login_done");
    server.signal("login_done", "{}");
    let answer = waiter.read().unwrap();
    assert_eq!((answer.status, answer.data().as_str()), (200, "{}"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[test]
fn the_receipt_and_the_refusals_have_the_api_s_shapes() {
    let server = Server::start(&[]);
    let receipt = server.post("/v1/events/a", r#"{"data":{}}"#);
    assert_eq!((receipt.status, receipt.body.as_str()), (200, r#"{"data":{"status":"signaled"}}"#));
    let timeout = server.post("/v1/events/b/wait", r#"{"timeoutMs":1}"#);
    assert_eq!((timeout.status, timeout.error_code()), (408, 408));
    for body in ["", "{}", r#"{"data":[]}"#, r#"{"data":null}"#, "no json", "[]"] {
        let refused = server.post("/v1/events/a", body);
        assert_eq!((refused.status, refused.error_code()), (400, 400), "{body}");
    }
    let refused = server.post("/v1/events/a/wait", r#"{"timeoutMs":"soon"}"#);
    assert_eq!((refused.status, refused.error_code()), (400, 400));
    // Hardly larger than the limit, so that all of it is read: the server closes before it has read more.
    let large = format!(r#"{{"data":{{"x":"{}"}}}}"#, "x".repeat(1 << 20));
    let refused = server.post("/v1/events/a", &large);
    assert_eq!((refused.status, refused.error_code()), (413, 413));
}

#[test]
fn an_answer_has_the_id_of_its_request() {
    let server = Server::start(&[]);
    let mut http = server.connect();
    let own: [(&str, &str); 2] = [("anchor-api-key", "key"), ("x-request-id", "id-1")];
    for (path, body, status) in [
        ("/v1/events/a", r#"{"data":{}}"#, 200),
        ("/v1/events/a/wait", r#"{"timeoutMs":1}"#, 200),
        ("/v1/events/a/wait", r#"{"timeoutMs":1}"#, 408),
        ("/v1/events/a/wait", "no json", 400),
    ] {
        http.send_with("POST", path, &own, body);
        let answer = http.read().unwrap();
        assert_eq!((answer.status, answer.header("x-request-id")), (status, Some("id-1")), "{path}");
    }
    assert_eq!(http.post("/v1/events/a", r#"{"data":{}}"#).header("x-request-id"), None);
}

#[test]
fn deeply_nested_data_is_delivered_and_too_deep_data_is_refused() {
    let nested = |depth: usize| format!(r#"{{"data":{}{}}}"#, r#"{"a":"#.repeat(depth) + "0", "}".repeat(depth));
    let lists = |depth: usize| format!(r#"{{"data":{{"a":{}{}}}}}"#, "[".repeat(depth), "]".repeat(depth));
    let server = Server::start(&["--max-body", "20000000"]);
    for body in [nested(200), lists(200), nested(500), lists(500)] {
        let answer = server.post("/v1/events/deep", &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let data = &body[r#"{"data":"#.len()..body.len() - 1];
        assert!(server.take("deep", 1000).as_deref() == Some(data), "not byte for byte");
    }
    for body in [nested(600), lists(600), nested(1_000_000), lists(3_000_000)] {
        for path in ["/v1/events/deep", "/v1/events/deep/wait"] {
            let refused = server.post(path, &body);
            assert_eq!((refused.status, refused.error_code()), (400, 400), "{path}");
            assert!(refused.body.contains("nested more than 512 levels deep"), "{}", refused.body);
        }
    }
    assert_eq!(server.take("deep", 0), None, "the server is there, and has no event");
}

#[test]
fn what_is_not_the_api_is_refused_in_its_shape() {
    let server = Server::start(&[]);
    for path in ["/v1", "/v1/events", "/v1/events/", "/v1/events//wait", "/v1/events/a/b", "/v2/events/a"] {
        let answer = server.post(path, r#"{"data":{}}"#);
        assert_eq!((answer.status, answer.error_code()), (404, 404), "{path}");
    }
    let mut http = server.connect();
    http.send("GET", "/v1/events/a", "");
    let answer = http.read().unwrap();
    assert_eq!((answer.status, answer.error_code()), (405, 405));
    assert_eq!(answer.header("allow"), Some("POST"));
}

#[test]
fn a_name_is_one_path_segment_percent_decoded() {
    let server = Server::start(&[]);
    for (signaled, waited) in [
        ("a%2Fb", "a%2fb"),
        ("%61", "a"),
        ("100%25", "100%25"),
        ("a%20b", "a%20b"),
        ("%F0%9F%94%91", "%f0%9f%94%91"),
        ("wait", "wait"),
        ("%00", "%00"),
    ] {
        server.signal(signaled, r#"{"n":1}"#);
        assert_eq!(server.take(waited, 1000).as_deref(), Some(r#"{"n":1}"#), "{signaled}");
    }
    server.signal("a%2Fb", "{}");
    assert_eq!(server.take("a", 1), None);
    let refused = server.post("/v1/events/%ff", r#"{"data":{}}"#);
    assert_eq!((refused.status, refused.error_code()), (400, 400));
}

#[test]
fn a_key_is_always_needed_and_any_will_do() {
    let server = Server::start(&[]);
    let refused = server.connect().with_key("").post("/v1/events/a/wait", "");
    assert_eq!((refused.status, refused.error_code()), (401, 401));
    server.connect().with_key("one").post("/v1/events/a", r#"{"data":{"of":1}}"#);
    assert_eq!(server.connect().with_key("two").wait("a", 1), None);
    assert_eq!(server.connect().with_key("one").wait("a", 1).as_deref(), Some(r#"{"of":1}"#));
}

#[test]
fn given_keys_are_the_only_ones() {
    let server = Server::start(&["--api-key", "one", "--api-key", "two"]);
    for (key, status) in [("one", 200), ("two", 200), ("three", 401), ("", 401)] {
        let answer = server.connect().with_key(key).post("/v1/events/a", r#"{"data":{}}"#);
        assert_eq!(answer.status, status, "{key}");
        assert!(!answer.body.contains("three"), "a key in an answer");
    }
}

#[test]
fn a_connection_carries_one_request_after_another() {
    let server = Server::start(&[]);
    let mut http = server.connect();
    for round in 0..50 {
        let data = format!(r#"{{"round":{round}}}"#);
        assert_eq!(http.post("/v1/events/a", &format!(r#"{{"data":{data}}}"#)).status, 200);
        assert_eq!(http.wait("a", 1000), Some(data));
    }
}
