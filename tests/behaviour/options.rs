//! Options of one call take the place of the client's settings, for this call alone.

use anchor::{Client, Config, Error, Options, Queue, Status, Timeout};
use std::sync::Arc;
use std::time::Duration;
use testkit::PATIENCE;
use testkit::addresses::ReservedPort;
use testkit::scripted::script::{Step, after_request, answer, event, refusal};
use testkit::scripted::{Request, ScriptedServer};
use testkit::settings::config;

const LONG: Option<Duration> = Some(PATIENCE);

/// The calls that take options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Wait,
    Signal,
    Drain,
    Started,
    Queued,
}

const ALL: [Call; 5] = [Call::Wait, Call::Signal, Call::Drain, Call::Started, Call::Queued];
const WAITS: [Call; 3] = [Call::Wait, Call::Started, Call::Queued];

impl Call {
    fn make(self, client: &Client, options: &Options) -> Result<(), Error> {
        match self {
            Call::Wait => client.wait_with("e", LONG, options, None).map(drop),
            Call::Signal => client.signal_with("e", None, Timeout::Request, options, None).map(drop),
            Call::Drain => client.drain_with("e", Timeout::Request, options, None).map(drop).map_err(|e| e.source),
            Call::Started => client.start_with("e", LONG, options).unwrap().finish(None).map(drop),
            Call::Queued => {
                let queue = Queue::new().unwrap();
                client.start_on_with(&queue, "e", LONG, 1, options).unwrap();
                queue.next(LONG, None).unwrap().into_outcome().map(drop)
            }
        }
    }
}

fn client(config: &Config) -> Client {
    Client::new(config).unwrap()
}

#[test]
fn each_request_of_the_call_carries_its_headers_and_its_id() {
    for call in ALL {
        // The second request is another one of the same call, but for a signal.
        let again = answer(503, "retry-after: 0\r\n", "{}");
        let script = match call {
            Call::Signal => vec![Step::AnswerAll(event())],
            Call::Drain => vec![Step::ReadRequest, Step::Send(event()), Step::AnswerWith(Arc::new(nothing_is_left))],
            _ => vec![Step::ReadRequest, Step::Send(again), Step::AnswerAll(event())],
        };
        let server = ScriptedServer::always(script);
        let client = client(config(&server.http()).add_header("x-gate", "open").unwrap());
        let mut options = Options::new();
        options.add_header("x-tenant", "one").unwrap().set_request_id("id-1").unwrap();
        call.make(&client, &options).unwrap();
        let requests = server.requests();
        assert_eq!(requests.len(), if call == Call::Signal { 1 } else { 2 }, "{call:?}");
        for request in requests {
            let found = ["x-gate", "x-tenant", "x-request-id"].map(|name| request.header(name));
            assert_eq!(found, [Some("open"), Some("one"), Some("id-1")], "{call:?}");
        }
        client.signal("e", None, Timeout::Request, None).unwrap();
        let next = server.requests().pop().unwrap();
        assert_eq!((next.header("x-gate"), next.header("x-tenant")), (Some("open"), None), "{call:?}");
    }
}

fn nothing_is_left(request: &Request) -> Vec<u8> {
    if request.path().ends_with("/wait") { refusal(408) } else { event() }
}

#[test]
fn the_retries_of_the_call_count() {
    let refusing = ReservedPort::bind();
    let url = format!("http://{}", refusing.address());
    let client = client(config(&url).set_retries(0));
    // A drain does not try again.
    for call in ALL.into_iter().filter(|call| *call != Call::Drain) {
        for (retries, attempts) in [(0, 1), (2, 3)] {
            let error = call.make(&client, Options::new().set_retries(retries)).unwrap_err();
            assert_eq!((error.status(), error.attempts()), (Status::NotSent, attempts), "{call:?}");
        }
        assert_eq!(call.make(&client, &Options::new()).unwrap_err().attempts(), 1, "{call:?}: the settings again");
    }
}

#[test]
fn rearm_and_slice_of_the_call_count() {
    for call in WAITS {
        let server = ScriptedServer::start(vec![after_request([Step::Reset]), vec![Step::AnswerAll(event())]]);
        let client = client(&config(&server.http()));
        let mut options = Options::new();
        options.set_rearm(false).set_slice(Duration::from_millis(700)).unwrap();
        let error = call.make(&client, &options).unwrap_err();
        assert_eq!((error.status(), error.attempts()), (Status::ConnectionLost, 1), "{call:?}");
        call.make(&client, options.set_rearm(true)).unwrap();
        for request in server.requests() {
            // Started waits are spread over 10 %.
            assert!((630..=700).contains(&request.timeout_ms()), "{call:?}");
        }
        call.make(&client, &Options::new()).unwrap();
        assert!(server.requests().pop().unwrap().timeout_ms() > 40_000, "{call:?}: the settings again");
    }
}

/// A started wait has a copy.
#[test]
fn options_may_end_before_the_wait() {
    let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Send(refusal(408)), Step::AnswerAll(event())]);
    let client = client(&config(&server.http()));
    let mut options = Options::new();
    let wait = client.start_with("e", LONG, options.set_request_id("id-2").unwrap()).unwrap();
    drop(options);
    wait.finish(None).unwrap();
    assert!(server.requests().iter().all(|request| request.header("x-request-id") == Some("id-2")));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn no_error_shows_a_header_of_the_call() {
    const TOKEN: &str = "tenant-token-5c8e";
    let body = format!(r#"{{"error":{{"message":"{TOKEN} of id-long-enough is unknown"}}}}"#);
    for call in ALL {
        let server = ScriptedServer::always(vec![Step::AnswerAll(answer(401, "", &body))]);
        let mut options = Options::new();
        options.add_header("x-tenant", TOKEN).unwrap().set_request_id("id-long-enough").unwrap();
        let error = call.make(&client(&config(&server.http())), &options).unwrap_err();
        let shown = format!("{error} {error:?} {options:?}");
        assert!(!shown.contains(TOKEN), "{call:?} shows it");
        assert!(error.message().contains("of id-long-enough is unknown"), "{call:?}: an id is not a secret");
    }
}
