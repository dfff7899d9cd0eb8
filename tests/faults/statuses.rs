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
    let gateways = |code, status| Outcome { maybe_consumed: code >= 500, ..fatal(status) };
    let page = |code| answer(code, "content-type: text/html\r\n", "<h1>no</h1>");
    check(rows.into_iter().flat_map(|(code, status)| both("a page", &always(page(code)), gateways(code, status))));
    let empty = |code| answer(code, "", "");
    check(rows.into_iter().flat_map(|(code, status)| both("nothing", &always(empty(code)), gateways(code, status))));
    let cut = |code| answer(code, "", "{\"error\":{\"mess");
    check(
        rows.into_iter().flat_map(|(code, status)| both("JSON cut short", &always(cut(code)), gateways(code, status))),
    );
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
        let again = twice(status, Phase::Receive, code >= 500).over_one_connection();
        let refused = Outcome { maybe_consumed: code >= 500, ..fatal(status) };
        [row("a gateway's page", Wait, page.clone(), again), row("a gateway's page", Signal, page, refused)]
    }));
}

/// 502 and 504 say by themselves that there was no answer to pass on; 503 is the service's word if it is in its words.
#[test]
fn a_gateway_that_writes_like_the_service_is_a_gateway() {
    check([502, 503, 504].into_iter().flat_map(|code| {
        let open = code != 503;
        let once = Outcome { maybe_consumed: open, ..fatal(Status::ServerError) };
        let again = twice(Status::ServerError, Phase::Receive, open).over_one_connection();
        let script = always(refusal(code));
        [
            row("in the service's words", Wait, script.clone(), again),
            row("in the service's words", Signal, script, once),
        ]
    }));
}

#[test]
fn a_signal_that_gets_408_is_refused() {
    check([row("408", Signal, always(refusal(408)), fatal(Status::HttpError))]);
}

/// A proxy answers 408 when it has not read the request in time, so it says nothing about the event: neither that it was
/// not signaled, nor that none is left to drain.
#[test]
fn a_408_of_a_gateway_is_a_failure() {
    let page = always(answer(408, "content-type: text/html\r\n", "<h1>408 Request Time-out</h1>"));
    let again = twice(Status::HttpError, Phase::Receive, false).over_one_connection();
    check([
        row("a 408 page", Wait, page.clone(), again),
        row("a 408 page", Signal, page.clone(), fatal(Status::HttpError)),
    ]);
    let server = Server::always(page);
    let client = Client::new(&config(&server.http())).unwrap();
    assert_eq!(client.drain("e").unwrap_err().source.status(), Status::HttpError);
    let error = client.wait("e", Some(Duration::from_millis(20)), None).unwrap_err();
    assert_eq!(
        (error.status(), error.http_status(), error.origin()),
        (Status::Timeout, None, Origin::Client),
        "{error}"
    );
    assert_eq!(error.last_error(), Some("HTTP 408, without a message of the API"));
    assert_eq!(client.stats().unanswered, 0);
}

#[test]
fn what_was_never_answered_is_counted_even_if_the_call_succeeds() {
    let page = answer(504, "content-type: text/html\r\n", "<h1>504</h1>");
    let server = Server::start(vec![
        vec![Step::ReadRequest, Step::Send(page), Step::ReadRequest, Step::Reset],
        always(super::scripted::script::event()),
    ]);
    let client = Client::new(&config(&server.http())).unwrap();
    client.wait("e", Some(Duration::from_secs(20)), None).unwrap();
    assert_eq!((client.stats().unanswered, server.requests().len()), (2, 3));
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

/// Whatever the service says, an error holds 500 characters of it at most.
#[test]
fn long_words_are_cut() {
    let long = "é".repeat(2_000);
    let headers = format!("x-request-id: {0}\r\nlocation: /{0}\r\n", "w".repeat(2_000));
    for (status, body) in [(403, format!(r#"{{"error":{{"message":"{long}"}}}}"#)), (302, String::new())] {
        let server = Server::always(always(answer(status, &headers, &body)));
        let error = Client::new(&config(&server.http())).unwrap().signal("e", None).unwrap_err();
        assert_eq!(error.http_status(), Some(status));
        assert_eq!(error.request_id().map(|id| (id.len(), id.ends_with("w..."))), Some((503, true)));
        assert!((503..600).contains(&error.message().chars().count()) && error.message().ends_with("..."), "{error}");
    }
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
