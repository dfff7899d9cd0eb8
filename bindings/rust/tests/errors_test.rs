//! Errors, settings, and the ways to the service.

mod server;

use anchor::{CancelToken, Client, Config, Error, Options, Phase, Status, Timeout, Trust};
use server::{PATIENCE, client, client_with, signal, take, variable};
use std::fs::read_to_string;
use std::time::{Duration, Instant};

/// C20: each HTTP status is an error of its own.
#[test]
fn each_http_status_is_an_error() {
    let (client, mut options) = (client(), Options::new());
    options.set_retries(0);
    for (code, status) in [
        (400, Status::BadRequest),
        (401, Status::Unauthorized),
        (403, Status::Forbidden),
        (404, Status::NotFound),
        (409, Status::HttpError),
        (413, Status::BadRequest),
        (422, Status::BadRequest),
        (429, Status::RateLimited),
        (500, Status::ServerError),
        (502, Status::ServerError),
        (503, Status::ServerError),
        (504, Status::ServerError),
    ] {
        let name = format!("status_{code}");
        let wait = client.wait_with(&name, Some(PATIENCE), &options, None).unwrap_err();
        let sent = client.signal_with(&name, None, Timeout::Request, &options, None).unwrap_err();
        for error in [wait, sent] {
            assert_eq!(
                (error.status(), error.http_status(), error.phase()),
                (status, Some(code), Some(Phase::Receive))
            );
        }
    }
}

/// C21: an answer that was never read may have consumed the event.
#[test]
fn an_answer_that_was_not_read() {
    let client = client();
    signal(&client, "not_dropped", "{}");
    let error = client.signal("drop", None, Timeout::Request, None).unwrap_err();
    assert_eq!(error.status(), Status::ConnectionLost);
    assert!(error.maybe_consumed() && matches!(error.phase(), Some(Phase::Wait | Phase::Receive)), "{error:?}");
}

/// C22: a missing key is reported when the client is made.
#[test]
fn a_missing_key_is_named() {
    let error = Client::new(&Config::bare()).unwrap_err();
    assert!(error.message().contains("ANCHORBROWSER_API_KEY"), "{error}");
}

/// C23, C25: a wrong key is refused, and nothing that is printed has the key or the data.
#[test]
fn nothing_that_is_printed_has_the_key_or_the_data() {
    let mut config = Config::from_env();
    config.set_api_key("a-wrong-key-of-this-test").unwrap().add_header("x-token", "a-token-of-this-test").unwrap();
    let wrong = Client::new(&config).unwrap();
    let error = wrong.signal("secret", Some(r#"{"secret":"data-of-this-test"}"#), Timeout::Request, None).unwrap_err();
    assert_eq!(error.status(), Status::Unauthorized);
    let mut options = Options::new();
    options.add_header("x-token", "a-token-of-this-test").unwrap();
    let (client, queue) = (client(), anchor::Queue::new().unwrap());
    signal(&client, "secret", r#"{"secret":"data-of-this-test"}"#);
    let wait = client.start_on(&queue, "secret", Some(PATIENCE), 1).unwrap();
    let completion = queue.next(Some(PATIENCE), None).unwrap();
    assert!(completion.outcome().is_ok());
    let shown = format!(
        "{config:?} {wrong:?} {error:?} {error} {} {options:?} {wait:?} {queue:?} {completion:?}",
        error.to_json()
    );
    for secret in ["data-of-this-test", "wrong-key", "a-token"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

/// C24: in an outage a wait ends at its timeout, as not sent.
#[test]
fn an_outage_ends_at_the_timeout() {
    let client = client_with(|config| config.set_base_url(&variable("ANCHOR_TEST_NOWHERE")));
    let (began, timeout) = (Instant::now(), Duration::from_millis(500));
    let error = client.wait("outage", Some(timeout), None).unwrap_err();
    assert!(began.elapsed() >= timeout);
    assert_eq!((error.status(), error.timed_out(), error.maybe_consumed()), (Status::NotSent, true, false));
}

fn refused<T>(result: Result<T, Error>, word: &str) {
    let Err(error) = result else { panic!("{word} is accepted") };
    assert_eq!(error.status(), Status::InvalidArgument);
    assert!(error.message().contains(word), "{word}: {error}");
}

/// C27: the names "", "." and ".." are refused.
#[test]
fn a_name_that_is_none_is_refused() {
    let client = client();
    for name in ["", ".", "..", &"x".repeat(4097)] {
        refused(client.wait(name, None, None), "event_name");
        refused(client.signal(name, None, Timeout::Request, None), "event_name");
        refused(client.drain(name, Timeout::Request, None).map_err(|error| error.source), "event_name");
        refused(client.start(name, None), "event_name");
    }
}

/// U+0000 is not cut off: a name has it, and a setting is refused.
#[test]
fn nul_is_not_cut_off() {
    let client = client();
    signal(&client, "cut\0off", r#"{"whole":true}"#);
    assert_eq!(client.wait("cut", Some(Duration::ZERO), None).unwrap_err().status(), Status::Timeout);
    assert_eq!(take(&client, "cut\0off"), r#"{"data":{"whole":true}}"#);
    let mut config = Config::from_env();
    refused(config.set_api_key("cut\0off"), "api_key");
    refused(config.set_base_url("http://127.0.0.1\0.example"), "base_url");
    refused(config.set_proxy("http://127.0.0.1\0.example"), "proxy");
    refused(config.set_user_agent("cut\0off"), "user_agent");
    refused(config.add_header("x-one", "cut\0off"), "header");
    refused(Client::new(config.set_ca_file("/nowhere\0").unwrap()), "ca_file");
    refused(Options::new().set_request_id("cut\0off"), "request_id");
}

/// C29: a time of zero, or a long one, is refused where it makes no sense. A Duration is neither negative nor infinite.
#[test]
fn a_time_that_is_none_is_refused() {
    let mut config = Config::from_env();
    refused(config.set_slice(Duration::ZERO), "slice");
    refused(config.set_grace(Duration::MAX), "grace");
    refused(config.set_connect_timeout(Duration::ZERO), "connect_timeout");
    refused(config.set_request_timeout(Duration::MAX), "request_timeout");
    refused(client().signal("x", None, Duration::ZERO.into(), None), "timeout");
}

/// C30: data that is not an object is refused before anything is sent.
#[test]
fn data_that_is_no_object_is_refused() {
    let client = client();
    for data in ["", "[]", "1", "null", "\"text\"", "{", "{}x", "{'a':1}", "{\"a\":NaN}"] {
        refused(client.signal("refused", Some(data), Timeout::Request, None), "data");
    }
    assert_eq!(client.stats().bytes_sent, 0);
}

/// C31: every setting and option of `anchor.h` is a setter of `Config` or `Options`.
#[test]
fn every_setting_is_there() {
    let read = |name: &str| read_to_string(variable(name)).expect("a file");
    let config = read("ANCHOR_CONFIG_RS") + &read("ANCHOR_CONFIG_TLS_RS");
    let (header, options) = (read("ANCHOR_CDEF"), read("ANCHOR_OPTIONS_RS"));
    let mut count = 0;
    for (handle, source) in [("anchor_config_", config), ("anchor_options_", options)] {
        for setter in header.split(handle).skip(1).filter_map(|rest| rest.split_once('(')).map(|(setter, _)| setter) {
            if setter.starts_with("set_") || setter.starts_with("add_") {
                // A callback is a closure here, and a time is a Duration.
                let name = setter.trim_end_matches("_callback").trim_end_matches("_ms");
                assert!(source.contains(&format!("pub fn {name}(")), "{handle}{setter}");
                count += 1;
            }
        }
    }
    assert!(count >= 29, "{count}");
}

/// C33: TLS with a certificate authority of one's own; without it the certificate is refused.
#[test]
fn tls() {
    let (url, file) = (variable("ANCHOR_TEST_TLS_URL"), variable("ANCHOR_TEST_TLS_CA"));
    let pem = read_to_string(&file).unwrap();
    let by_file = client_with(|config| config.set_base_url(&url)?.set_ca_file(&file));
    let by_text = client_with(|config| config.set_base_url(&url)?.set_ca_pem(&pem));
    for client in [by_file, by_text] {
        signal(&client, "tls", "{}");
        take(&client, "tls");
    }
    let distrustful = client_with(|config| Ok(config.set_base_url(&url)?.set_trust(Trust::Bundled)));
    let error = distrustful.wait("tls", None, None).unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::Tls, Some(Phase::Tls)));
}

/// C34: a proxy is used.
#[test]
fn a_proxy() {
    let tunnels = || read_to_string(variable("ANCHOR_TEST_PROXY_LOG")).unwrap().lines().count();
    let before = tunnels();
    let (url, file, proxy) =
        (variable("ANCHOR_TEST_TLS_URL"), variable("ANCHOR_TEST_TLS_CA"), variable("ANCHOR_TEST_PROXY"));
    signal(&client_with(|config| config.set_base_url(&url)?.set_ca_file(&file)?.set_proxy(&proxy)), "proxy", "{}");
    assert!(tunnels() > before);
}

/// C14: a token that is cancelled before is so for drains too, which report what they dropped.
#[test]
fn a_drain_that_is_cancelled() {
    let token = CancelToken::new().unwrap();
    token.cancel();
    let error = client().drain("x", Timeout::Request, Some(&token)).unwrap_err();
    assert_eq!((error.drained, error.source.status()), (0, Status::Cancelled));
}
