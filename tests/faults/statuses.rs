//! HTTP statuses as refusals with the API's error, with a page, with nothing and with half of it; and redirects. (Each of 300
//! to 599 is in tests/c/statuses.c.)

use super::table::{Outcome, Row, Section, Signal, Wait, both, check, once, row, section, twice};
use anchor::{Client, Origin, Phase, Status, Timeout};
use std::time::Duration;
use testkit::PATIENCE;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{Script, Step, answer, refusal, reply};
use testkit::settings::{KEY, config};
use testkit::way::{Way, each_way};

/// The service answers every request like this.
fn always(bytes: Vec<u8>) -> Script {
    vec![Step::AnswerAll(bytes)]
}

fn fatal(status: Status) -> Outcome {
    once(status, Phase::Receive, false)
}

pub fn rows() -> [Section; 2] {
    [
        section("A status with the API's error", in_the_services_words()),
        section("A status with a page, with nothing, or with JSON cut short", in_other_words()),
    ]
}

#[each_way]
fn statuses_from_the_service(way: Way) {
    check(way, in_the_services_words());
}

#[each_way]
fn statuses_from_a_gateway(way: Way) {
    check(way, in_other_words());
}

const FINAL: [(u16, Status); 11] = [
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

/// A wait asks again, since they may pass. A signal is sent once, since it may have been delivered behind the gateway.
const PASSING: [(u16, Status); 4] =
    [(429, Status::RateLimited), (502, Status::ServerError), (503, Status::ServerError), (504, Status::ServerError)];

/// 502 and 504 mean that a gateway had no answer to pass on; any other status is the service's answer.
fn in_the_services_words() -> Vec<Row> {
    let finals =
        FINAL.into_iter().flat_map(|(code, status)| both(&code.to_string(), &always(refusal(code)), fatal(status)));
    let passing =
        PASSING.into_iter().flat_map(|(code, status)| passing(code, status, refusal(code), matches!(code, 502 | 504)));
    let of_a_signal = row("408", Signal, always(refusal(408)), fatal(Status::HttpError));
    finals.chain(passing).chain([of_a_signal]).collect()
}

fn passing(code: u16, status: Status, answer: Vec<u8>, maybe_consumed: bool) -> [Row; 2] {
    let (name, script) = (code.to_string(), always(answer));
    let again = twice(status, Phase::Receive, maybe_consumed).over_one_connection();
    [row(&name, Wait, script.clone(), again), row(&name, Signal, script, Outcome { maybe_consumed, ..fatal(status) })]
}

/// A gateway answers. With a 5xx, what became of the request is open; anything else is a refusal. With a 408, the gateway has
/// not read the request.
fn in_other_words() -> Vec<Row> {
    let page = |code| answer(code, "content-type: text/html\r\n", "<h1>no</h1>");
    let empty = |code| answer(code, "", "");
    let cut = |code| answer(code, "", "{\"error\":{\"mess");
    let finals = FINAL.into_iter().flat_map(|(code, status)| {
        let refused = Outcome { maybe_consumed: code >= 500, ..fatal(status) };
        [page(code), empty(code), cut(code)]
            .into_iter()
            .flat_map(move |answer| both(&code.to_string(), &always(answer), refused))
    });
    let passing = PASSING.into_iter().chain([(408, Status::HttpError)]).flat_map(|(code, status)| {
        [page(code), empty(code), cut(code)]
            .into_iter()
            .flat_map(move |answer| passing(code, status, answer, code >= 500))
    });
    finals.chain(passing).collect()
}

/// A proxy answers 408 when it has not read the request in time, so it says nothing about the event: neither that it was
/// not signaled, nor that none is left to drain.
#[each_way]
fn a_408_from_a_gateway_is_not_a_timeout_of_the_event(way: Way) {
    let page = always(answer(408, "content-type: text/html\r\n", "<h1>408 Request Time-out</h1>"));
    let server = ScriptedServer::always(page);
    let client = Client::new(&config(&server.http())).unwrap();
    assert_eq!(client.drain("e", Timeout::Request, None).unwrap_err().source.status(), Status::HttpError);
    let error = way.wait(&client, "e", Some(Duration::from_millis(20))).unwrap_err();
    assert_eq!(
        (error.status(), error.http_status(), error.origin()),
        (Status::Timeout, None, Origin::Client),
        "{error}"
    );
    assert_eq!(error.last_error(), Some("HTTP 408 without a message of the API"));
    assert_eq!(client.stats().unanswered, 0);
}

#[each_way]
fn unanswered_requests_are_counted_even_if_the_call_succeeds(way: Way) {
    let page = answer(504, "content-type: text/html\r\n", "<h1>504</h1>");
    let server = ScriptedServer::start(vec![
        vec![Step::ReadRequest, Step::Send(page), Step::ReadRequest, Step::Reset],
        always(testkit::scripted::script::event()),
    ]);
    let client = Client::new(&config(&server.http())).unwrap();
    way.wait(&client, "e", Some(PATIENCE)).unwrap();
    assert_eq!((client.stats().unanswered, server.requests().len()), (2, 3));
}

/// The service's message, and where it comes from.
#[each_way]
fn a_refusal_quotes_the_service(way: Way) {
    let server = ScriptedServer::always(always(answer(
        403,
        "x-request-id: req-77\r\n",
        &format!(r#"{{"error":{{"code":403,"message":"the key {KEY} may not wait"}}}}"#),
    )));
    let client = Client::new(&config(&server.http())).unwrap();
    let error = way.wait(&client, "e", Some(PATIENCE)).unwrap_err();
    assert_eq!(error.message(), "the key [key] may not wait");
    assert_eq!((error.origin(), error.http_status()), (Origin::Service, Some(403)));
    assert_eq!(error.request_id(), Some("req-77"));
    assert!(!error.to_json().contains(KEY));
}

/// An error quotes at most 500 characters of the service's message.
#[test]
fn a_long_message_is_cut() {
    let long = "é".repeat(2_000);
    let headers = format!("x-request-id: {0}\r\nlocation: /{0}\r\n", "w".repeat(2_000));
    for (status, body) in [(403, format!(r#"{{"error":{{"message":"{long}"}}}}"#)), (302, String::new())] {
        let server = ScriptedServer::always(always(answer(status, &headers, &body)));
        let error =
            Client::new(&config(&server.http())).unwrap().signal("e", None, Timeout::Request, None).unwrap_err();
        assert_eq!(error.http_status(), Some(status));
        assert_eq!(error.request_id().map(|id| (id.len(), id.ends_with("w..."))), Some((503, true)));
        assert!((503..600).contains(&error.message().chars().count()) && error.message().ends_with("..."), "{error}");
    }
}

/// If a service quotes what it refused, the payload still does not appear in an error.
#[test]
fn a_refusal_that_quotes_the_payload_is_not_repeated() {
    let server = ScriptedServer::always(always(answer(422, "", r#"{"error":{"message":"bad value: code-9182"}}"#)));
    let client = Client::new(&config(&server.http())).unwrap();
    let error = client.signal("e", Some(r#"{"code":"code-9182"}"#), Timeout::Request, None).unwrap_err();
    assert_eq!(error.status(), Status::BadRequest);
    assert!(!error.to_json().contains("9182"));
}

#[each_way]
fn a_redirect_is_not_followed(way: Way) {
    let elsewhere = ScriptedServer::always(always(testkit::scripted::script::event()));
    for code in [300, 301, 302, 303, 307, 308] {
        let location = format!("http://localhost:{}/v1/events/e/wait", elsewhere.address.port());
        let server = ScriptedServer::always(always(answer(code, &format!("location: {location}\r\n"), "")));
        let client = Client::new(&config(&server.http())).unwrap();
        let errors = [
            way.wait(&client, "e", Some(PATIENCE)).unwrap_err(),
            client.signal("e", None, Timeout::Request, None).unwrap_err(),
        ];
        for error in errors {
            assert_eq!((error.status(), error.http_status()), (Status::HttpError, Some(code)), "{error}");
            assert!(error.message().contains(&location), "{error}");
            assert_eq!((error.attempts(), error.maybe_consumed()), (1, false), "{error}");
        }
        assert_eq!(server.requests().len(), 2);
    }
    assert_eq!(elsewhere.connections(), 0, "the key reached another host");
}

#[each_way]
fn a_redirect_without_a_location_or_to_nowhere_is_an_http_error_too(way: Way) {
    let expected = fatal(Status::HttpError);
    let bare = both("no location", &reply(answer(302, "", "")), expected);
    let odd = both("an odd location", &reply(answer(302, "location: \u{1}not a url\r\n", "")), expected);
    check(way, bare.into_iter().chain(odd));
    check(way, both("304", &reply(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()), expected));
}
