//! Who may use the server: API keys, the admin token, the page's host names, and other web pages.

mod server;

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
        let mut command = Command::new(env!("CARGO_BIN_EXE_anchor-events"));
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
    let mut command = Command::new(env!("CARGO_BIN_EXE_anchor-events"));
    command.args(["serve", "--port", "0"]).args(options);
    command.env_remove("ANCHOR_SERVE_ADMIN_TOKEN").env_remove("ANCHOR_SERVE_API_KEY");
    command.envs(key.map(|key| ("ANCHOR_SERVE_API_KEY", key)));
    command.output().unwrap()
}
