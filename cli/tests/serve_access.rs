//! Who may use the server: API keys, the admin token, the page's host names, and other web pages.

mod server;

use std::path::Path;
use std::process::{Command, Output};

use server::{Http, Server};

#[test]
fn the_admin_endpoint_requires_the_token_and_refuses_other_pages() {
    let server = Server::start(&[]);
    let ask = |headers: &[(&str, &str)], path: &str| get(&server, path, headers);
    let token = ("anchor-admin-token", server::TOKEN);
    assert_eq!(ask(&[token], "/admin/faults"), 200);
    assert_eq!(ask(&[], "/admin/faults?token=test-token"), 200);
    assert_eq!(ask(&[], "/admin/faults"), 403);
    assert_eq!(ask(&[("anchor-admin-token", "wrong")], "/admin/faults"), 403);
    assert_eq!(ask(&[token, ("origin", "http://evil.example")], "/admin/faults"), 403);
    assert_eq!(ask(&[token, ("origin", "http://127.0.0.1:1"), ("host", "127.0.0.1:1")], "/admin/faults"), 200);
    assert_eq!(ask(&[token, ("host", "evil.example")], "/admin/faults"), 403);
    assert_eq!(ask(&[("host", "evil.example")], "/"), 403);
    assert_eq!(ask(&[], "/"), 200);
}

#[test]
fn another_page_cannot_signal_even_with_a_key() {
    let server = Server::start(&[]);
    let mut http = server.connect();
    let headers = [("anchor-api-key", "any"), ("origin", "https://evil.example")];
    http.send_with("POST", "/v1/events/a", &headers, r#"{"data":{}}"#);
    assert_eq!(http.read().unwrap().status, 403);
    let rebound = [("anchor-api-key", "any"), ("origin", "http://evil.example"), ("host", "evil.example")];
    http.send_with("POST", "/v1/events/a", &rebound, r#"{"data":{}}"#);
    assert_eq!(http.read().unwrap().status, 403);
}

#[test]
fn a_token_of_any_visible_characters_works_in_a_header_and_in_a_query() {
    let token = r#"a+b/c==&d%41?#"<~"#;
    let server = Server::start(&["--admin-token", token]);
    let header = |token| get(&server, "/admin/state", &[("anchor-admin-token", token)]);
    let query = |query: &str| get(&server, &format!("/admin/state?{query}"), &[]);
    assert_eq!(header(token), 200);
    // As encodeURIComponent writes it, with only what must be encoded, and after another parameter.
    assert_eq!(query("token=a%2Bb%2Fc%3D%3D%26d%2541%3F%23%22%3C~"), 200);
    assert_eq!(query("token=a+b/c==%26d%2541?%23%22%3c~"), 200);
    assert_eq!(query("page=1&token=a+b/c==%26d%2541?%23%22%3c~"), 200);
    for wrong in ["token=", "token=a+b/c==", "token=a%20b/c==%26d%2541?%23%22%3c~", "other=a+b/c==%26d%2541?%23%22%3c~"]
    {
        assert_eq!(query(wrong), 403, "{wrong}");
    }
    for wrong in ["a%2Bb%2Fc%3D%3D%26d%2541%3F%23%22%3C~", "a b/c==&d%41?#\"<~", "a+b/c==&d%41?#\"<", ""] {
        assert_eq!(header(wrong), 403, "{wrong}");
    }
}

#[test]
fn an_empty_token_is_as_if_there_were_none_and_an_unusable_one_is_refused() {
    let server = Server::start(&["--admin-token", ""]);
    assert_eq!(get(&server, "/admin/state?token=", &[]), 403);
    assert_eq!(get(&server, "/admin/state", &[("anchor-admin-token", "")]), 403);
    for unusable in ["two words", "tab\t", "é"] {
        let refused = serve(&["--admin-token", unusable], None);
        assert_eq!(refused.status.code(), Some(1));
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains("the admin token") && !said.contains(unusable), "{said}");
    }
}

#[test]
fn keys_come_from_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    std::fs::write(&path, "\u{feff}one\r\n\n  two  \n").unwrap();
    let server = Server::start(&["--api-key-file", text(&path), "--api-key", "three"]);
    for (key, status) in [("one", 200), ("two", 200), ("three", 200), ("four", 401)] {
        let answer = server.connect().with_key(key).post("/v1/events/a", r#"{"data":{}}"#);
        assert_eq!(answer.status, status, "{key}");
    }
}

#[test]
fn a_key_comes_from_the_environment_if_no_other_is_given() {
    let start = |options: &[&str], key: &str| {
        let mut command = Command::new(server::program());
        Server::spawn(command.args(["serve", "--port", "0"]).args(options).env("ANCHOR_SERVE_API_KEY", key))
    };
    let status =
        |server: &Server, key| server.connect().with_key(key).post("/v1/events/a/wait", r#"{"timeoutMs":0}"#).status;
    let server = start(&[], "one");
    assert_eq!((status(&server, "one"), status(&server, "two")), (408, 401));
    let server = start(&["--api-key", "two"], "one");
    assert_eq!((status(&server, "one"), status(&server, "two")), (401, 408));
    let server = start(&[], "");
    assert_eq!(status(&server, "any"), 408, "an empty variable is as if unset");
}

#[test]
fn a_key_that_cannot_be_used_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let missing = folder.path().join("missing");
    let empty = path("empty", "\n \n");
    let control = path("control", "good\nse\u{1}cret\n");
    let cases: [(&[&str], &str); 4] = [
        (&["--api-key", ""], "an empty API key"),
        (&["--api-key-file", text(&missing)], text(&missing)),
        (&["--api-key-file", text(&empty)], "no API key"),
        (&["--api-key-file", text(&control)], "line 2"),
    ];
    for (options, words) in cases {
        let refused = serve(options, None);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains(words) && !said.contains("cret"), "{words}: {said}");
        assert!(refused.stdout.is_empty());
    }
    let refused = serve(&[], Some("se\u{1}cret"));
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("ANCHOR_SERVE_API_KEY"));
}

#[test]
fn an_account_is_forgotten_when_it_holds_nothing() {
    let server = Server::start(&[]);
    assert_eq!(server.connect().with_key("signals").post("/v1/events/a", r#"{"data":{"n":1}}"#).status, 200);
    let mut waiting = server.connect().with_key("waits");
    waiting.start_wait("b");
    server.until_waiting(1);
    for key in 0..1000 {
        assert_eq!(server.connect().with_key(&format!("key-{key}")).wait("a", 0), None);
    }
    // The history of at most 200 records names accounts too.
    server.until("most accounts are forgotten", |state| state["accounts"].as_array().unwrap().len() <= 202);
    assert_eq!(server.state()["accounts"][0], 1);
    assert_eq!(server.connect().with_key("signals").wait("a", 0).as_deref(), Some(r#"{"n":1}"#));
    assert_eq!(server.connect().with_key("waits").post("/v1/events/b", r#"{"data":{"n":2}}"#).status, 200);
    assert_eq!(waiting.read().unwrap().data(), r#"{"n":2}"#);
}

#[test]
fn given_accounts_are_known_from_the_start() {
    let server = Server::start(&["--api-key", "one", "--api-key", "two"]);
    assert_eq!(server.connect().with_key("three").post("/v1/events/a", r#"{"data":{}}"#).status, 401);
    assert_eq!(server.state()["accounts"], serde_json::json!([1, 2]));
}

#[test]
fn the_page_opens_under_other_names_only_on_purpose_and_with_the_token() {
    let server = Server::start(&["--page-host", "Devbox.example", "--page-host", "192.168.0.9"]);
    let ask = |path: &str, host: &str| get(&server, path, &[("host", host)]);
    for host in ["devbox.example:8642", "DEVBOX.example", "192.168.0.9:1"] {
        assert_eq!(ask("/?token=test-token", host), 200, "{host}");
        assert_eq!(ask("/admin/state?token=test-token", host), 200, "{host}");
        assert_eq!(ask("/", host), 403, "{host}");
        assert_eq!(ask("/?token=wrong", host), 403, "{host}");
        assert_eq!(ask("/admin/state", host), 403, "{host}");
        let origin = format!("http://{host}");
        let own = [("host", host), ("origin", origin.as_str()), ("anchor-admin-token", server::TOKEN)];
        assert_eq!(get(&server, "/admin/state", &own), 200, "{host}");
        let foreign = [("host", host), ("origin", "http://127.0.0.1"), ("anchor-admin-token", server::TOKEN)];
        assert_eq!(get(&server, "/admin/state", &foreign), 403, "{host}");
    }
    assert_eq!(ask("/", "localhost"), 200, "this machine needs no token for the page");
    assert_eq!(ask("/?token=test-token", "evil.example"), 403);
    assert_eq!(get(&Server::start(&[]), "/?token=test-token", &[("host", "devbox.example")]), 403);
}

#[test]
fn opening_the_page_to_other_machines_needs_a_token_and_warns_without_tls() {
    let refused = serve(&["--page-host", "devbox.example"], None);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--admin-token"), "{refused:?}");
    for (value, port) in [("http://devbox", "0"), ("devbox:8642", "0"), ("", "0")] {
        let refused = serve(&["--admin-token", "t", "--port", port, "--page-host", value], None);
        assert_eq!(refused.status.code(), Some(1), "{value}");
    }
    for (options, warns) in [(&["--page-host", "devbox"][..], true), (&["--page-host", "devbox", "--tls"], false)] {
        let mut command = Command::new(server::program());
        command.args(["serve", "--port", "0"]).args(options).stderr(std::process::Stdio::piped());
        let mut server = Server::spawn(&mut command);
        server.stop("-TERM");
        let log = std::io::read_to_string(server.child.stderr.take().unwrap()).unwrap();
        assert_eq!(log.contains("can read the admin token"), warns, "{log}");
    }
}

fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut http: Http = server.connect();
    http.send_with("GET", path, headers, "");
    http.read().unwrap().status
}

/// A server that is expected to end at once. It gets no input of the test's own environment.
fn serve(options: &[&str], key: Option<&str>) -> Output {
    let mut command = Command::new(server::program());
    command.args(["serve", "--port", "0"]).args(options);
    command.env_remove("ANCHOR_SERVE_ADMIN_TOKEN").env_remove("ANCHOR_SERVE_API_KEY");
    command.envs(key.map(|key| ("ANCHOR_SERVE_API_KEY", key)));
    command.output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
