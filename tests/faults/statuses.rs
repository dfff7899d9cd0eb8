//! Every HTTP status from 200 to 599 as a refusal with JSON, with HTML, and with nothing; and redirects.

use super::scripted::Server;
use super::scripted::places::{KEY, config};
use super::scripted::script::{Script, Step, answer, refusal, reply};
use super::table::{Outcome, Row, Signal, Wait, both, check, once, row, twice};
use anchor::{Client, Origin, Phase, Status};
use std::time::Duration;

/// The service answers every request like this.
fn always(bytes: Vec<u8>) -> Script {
    vec![Step::AnswerAll(bytes)]
}

fn fatal(status: Status) -> Outcome {
    once(status, Phase::Receive, false)
}

#[test]
fn statuses_that_are_final() {
    let rows = [
        (400, Status::BadRequest),
        (401, Status::Unauthorized),
        (403, Status::Forbidden),
        (404, Status::NotFound),
        (405, Status::HttpError),
        (413, Status::BadRequest),
        (418, Status::HttpError),
        (422, Status::BadRequest),
        (500, Status::ServerError),
        (501, Status::ServerError),
        (599, Status::ServerError),
    ];
    check(rows.into_iter().flat_map(|(code, status)| both("a refusal", &always(refusal(code)), fatal(status))));
    let page = |code| answer(code, "content-type: text/html\r\n", "<h1>no</h1>");
    check(rows.into_iter().flat_map(|(code, status)| both("a page", &always(page(code)), fatal(status))));
    let empty = |code| answer(code, "", "");
    check(rows.into_iter().flat_map(|(code, status)| both("nothing", &always(empty(code)), fatal(status))));
    let cut = |code| answer(code, "", "{\"error\":{\"mess");
    check(rows.into_iter().flat_map(|(code, status)| both("JSON cut short", &always(cut(code)), fatal(status))));
}

/// They may pass: a wait asks again. A signal may have been delivered behind the gateway: it is sent once.
#[test]
fn statuses_that_a_wait_tries_again() {
    let statuses = [
        (429, Status::RateLimited),
        (502, Status::ServerError),
        (503, Status::ServerError),
        (504, Status::ServerError),
    ];
    check(statuses.into_iter().flat_map(|(code, status)| {
        let page = always(answer(code, "content-type: text/html\r\n", "<h1>gateway</h1>"));
        let again = twice(status, Phase::Receive, false).over_one_connection();
        [row("a gateway's page", Wait, page.clone(), again), row("a gateway's page", Signal, page, fatal(status))]
    }));
}

#[test]
fn a_signal_that_gets_408_is_refused() {
    check([row("408", Signal, always(refusal(408)), fatal(Status::HttpError))]);
}

/// The service's words, and where they come from.
#[test]
fn a_refusal_is_told_in_the_services_words() {
    let server = Server::always(always(answer(
        403,
        "x-request-id: req-77\r\n",
        &format!(r#"{{"error":{{"code":403,"message":"the key {KEY} may not wait"}}}}"#),
    )));
    let client = Client::new(&config(&server.http())).unwrap();
    let error = client.wait("e", Some(Duration::from_secs(20)), None).unwrap_err();
    assert_eq!(error.message(), "the key [key] may not wait");
    assert_eq!((error.origin(), error.http_status()), (Origin::Service, Some(403)));
    assert_eq!(error.request_id(), Some("req-77"));
    assert!(!error.to_json().contains(KEY));
}

/// A service that quotes what it refused does not bring the payload into an error.
#[test]
fn a_refusal_that_quotes_the_payload_is_not_repeated() {
    let server = Server::always(always(answer(422, "", r#"{"error":{"message":"bad value: code-9182"}}"#)));
    let client = Client::new(&config(&server.http())).unwrap();
    let error = client.signal("e", Some(r#"{"code":"code-9182"}"#)).unwrap_err();
    assert_eq!(error.status(), Status::BadRequest);
    assert!(!error.to_json().contains("9182"));
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::always(always(super::scripted::script::event()));
    for code in [300, 301, 302, 303, 307, 308] {
        let location = format!("http://localhost:{}/v1/events/e/wait", elsewhere.address.port());
        let server = Server::always(always(answer(code, &format!("location: {location}\r\n"), "")));
        let client = Client::new(&config(&server.http())).unwrap();
        let errors =
            [client.wait("e", Some(Duration::from_secs(20)), None).unwrap_err(), client.signal("e", None).unwrap_err()];
        for error in errors {
            assert_eq!((error.status(), error.http_status()), (Status::HttpError, Some(code)), "{error}");
            assert!(error.message().contains(&location), "{error}");
            assert_eq!((error.attempts(), error.maybe_consumed()), (1, false), "{error}");
        }
        assert_eq!(server.requests().len(), 2);
    }
    assert_eq!(elsewhere.connections(), 0, "the key reached another host");
}

#[test]
fn a_redirect_without_a_location_or_to_nowhere_is_an_http_error_too() {
    let expected = fatal(Status::HttpError);
    let bare = both("no location", &reply(answer(302, "", "")), expected);
    let odd = both("an odd location", &reply(answer(302, "location: \u{1}not a url\r\n", "")), expected);
    check(
        bare.into_iter()
            .chain(odd.into_iter().map(|row| Row { expected: once(Status::Protocol, Phase::Receive, true), ..row })),
    );
    check(both("304", &reply(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()), expected));
}
