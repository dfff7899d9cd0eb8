//! Calls through a proxy: what the proxy gets to see, what it does not, and what its failures are. The proxy here is a scripted
//! one; real ones are in `tunnels`.

use anchor::{Client, Config, Phase, Status, Timeout};
use std::time::Duration;
use testkit::PATIENCE;
use testkit::certificates::{Certificate, tls};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Script, Step, answer, event};
use testkit::settings::{KEY, config};
use testkit::way::{Way, each_way};

pub const LONG: Option<Duration> = Some(PATIENCE);
const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

/// A proxy that takes a CONNECT and then acts as the service itself.
pub fn tunnel(then: impl IntoIterator<Item = Step>) -> Script {
    [Step::ReadRequest, Step::Send(ESTABLISHED.to_vec())].into_iter().chain(then).collect()
}

pub fn tls_service() -> [Step; 2] {
    [Step::Handshake(tls(Certificate::Good)), Step::AnswerAll(event())]
}

/// A client of a service that only the proxy can reach.
fn through(proxy: &str) -> Config {
    let mut config = config("https://localhost:9");
    config.set_proxy(proxy).unwrap().set_retries(1);
    config
}

#[each_way]
fn the_proxy_is_asked_for_a_tunnel_and_never_sees_the_key(way: Way) {
    let proxy = ScriptedServer::always(tunnel(tls_service()));
    let url = format!("http://us%20er:p%40ss%3Aword@{}", proxy.address);
    let client = Client::new(&through(&url)).unwrap();
    for _ in 0..3 {
        assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
    }
    assert_eq!(proxy.connections(), 1, "a tunnel is used again");
    let requests = proxy.requests();
    assert!(requests[0].head.starts_with("CONNECT localhost:9 HTTP/1.1\r\n"));
    assert_eq!(requests[0].header("host"), Some("localhost:9"));
    assert_eq!(requests[0].header("proxy-authorization"), Some("Basic dXMgZXI6cEBzczp3b3Jk"));
    assert!(!requests[0].head.contains(KEY));
    for inside in &requests[1..] {
        assert_eq!((inside.path(), inside.header("proxy-authorization")), ("/v1/events/e/wait", None));
    }
}

#[each_way]
fn without_credentials_none_are_sent(way: Way) {
    let proxy = ScriptedServer::always(tunnel(tls_service()));
    let client = Client::new(&through(&format!("{}/", proxy.http()))).unwrap();
    assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
    assert_eq!(proxy.requests()[0].header("proxy-authorization"), None);
}

/// The proxy gets the requests themselves, in the absolute form.
#[each_way]
fn requests_to_a_plain_service_are_forwarded(way: Way) {
    let outer = Step::Handshake(tls(Certificate::Good));
    for (scheme, script) in [("http", vec![]), ("https", vec![outer])] {
        let proxy = ScriptedServer::always(script.into_iter().chain([Step::AnswerAll(event())]).collect());
        let mut config = through(&format!("{scheme}://us%20er:p%40ss@{}", proxy.address));
        config.set_base_url("http://localhost:9/gate").unwrap().set_allow_http(true);
        config.add_header("x-one", "1").unwrap();
        let client = Client::new(&config).unwrap();
        for _ in 0..3 {
            assert_eq!(way.wait(&client, "a/b", LONG).unwrap(), EVENT);
        }
        client.set_api_key("another-key").unwrap();
        client.signal("e", Some("{\"n\":1}"), Timeout::Request, None).unwrap();
        assert_eq!(proxy.connections(), 1, "the connection is used again");
        let requests = proxy.requests();
        let [first, .., signal] = &requests[..] else { panic!("four requests") };
        assert!(first.head.starts_with("POST http://localhost:9/gate/v1/events/a%2Fb/wait HTTP/1.1\r\n"));
        assert!(signal.head.starts_with("POST http://localhost:9/gate/v1/events/e HTTP/1.1\r\n"));
        assert_eq!(signal.body, b"{\"data\":{\"n\":1}}");
        for (request, key) in [(first, KEY), (signal, "another-key")] {
            assert_eq!(request.header("host"), Some("localhost:9"));
            assert_eq!(request.header("proxy-authorization"), Some("Basic dXMgZXI6cEBzcw=="));
            assert_eq!((request.header("anchor-api-key"), request.header("x-one")), (Some(key), Some("1")));
        }
    }
}

#[test]
fn a_port_that_is_the_schemes_is_not_named_to_a_proxy() {
    let proxy = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let mut config = through(&proxy.http());
    config.set_base_url("http://service.test:80").unwrap().set_allow_http(true);
    Client::new(&config).unwrap().signal("e", None, Timeout::Request, None).unwrap();
    assert!(proxy.requests()[0].head.starts_with("POST http://service.test/v1/events/e HTTP/1.1\r\n"));
    assert_eq!(proxy.requests()[0].header("proxy-authorization"), None);
}

/// A request has no place for another address, so the proxy is asked for a tunnel to it.
#[each_way]
fn another_address_of_a_plain_service_takes_a_tunnel(way: Way) {
    let proxy = ScriptedServer::always(tunnel([Step::AnswerAll(event())]));
    let mut config = through(&proxy.http());
    config.set_base_url("http://localhost:9").unwrap().set_allow_http(true);
    config.set_connect_to("localhost:9", "192.0.2.7:81").unwrap();
    assert_eq!(way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap(), EVENT);
    assert!(proxy.requests()[0].head.starts_with("CONNECT 192.0.2.7:81 HTTP/1.1\r\n"));
    assert!(!proxy.requests()[0].head.contains(KEY));
    assert_eq!(proxy.requests()[1].header("host"), Some("localhost:9"));
}

/// It answers instead of the service, which has not seen the request.
#[each_way]
fn what_a_forwarding_proxy_answers_is_a_gateways_answer(way: Way) {
    for (code, status, unanswered) in
        [(407, Status::HttpError, false), (403, Status::Forbidden, false), (502, Status::ServerError, true)]
    {
        let proxy = ScriptedServer::always(vec![Step::AnswerAll(answer(code, "", "<h1>no</h1>"))]);
        let mut config = through(&format!("http://user:hidden-77@{}", proxy.address));
        config.set_base_url("http://localhost:9").unwrap().set_allow_http(true).set_retries(0);
        let client = Client::new(&config).unwrap();
        for error in
            [way.wait(&client, "e", LONG).unwrap_err(), client.signal("e", None, Timeout::Request, None).unwrap_err()]
        {
            assert_eq!((error.status(), error.maybe_consumed()), (status, unanswered), "{code}: {error:?}");
            assert!(code != 407 || error.message().contains("a proxy wants a user name"), "{error:?}");
            assert!(!error.to_json().contains("hidden-77"), "{code}");
        }
    }
}

#[each_way]
fn a_proxy_may_be_reached_over_tls(way: Way) {
    let outer = Step::Handshake(tls(Certificate::Good));
    let proxy = ScriptedServer::always([outer].into_iter().chain(tunnel(tls_service())).collect());
    let client = Client::new(&through(&proxy.https())).unwrap();
    for _ in 0..2 {
        assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
    }
    assert_eq!(proxy.read(|record| (record.connections, record.handshakes.len())), (1, 2));
}

#[test]
fn a_proxy_with_a_bad_certificate_is_refused() {
    let outer = Step::Handshake(tls(Certificate::WrongHost));
    let proxy = ScriptedServer::always([outer].into_iter().chain(tunnel(tls_service())).collect());
    let error = Client::new(&through(&proxy.https())).unwrap().signal("e", None, Timeout::Request, None).unwrap_err();
    assert_eq!((error.status(), error.phase(), error.attempts()), (Status::Tls, Some(Phase::Tls), 1), "{error:?}");
    assert_eq!(proxy.requests().len(), 0);
}

/// The service was never reached: nothing happened, whatever the proxy says.
#[each_way]
fn a_proxy_that_refuses_is_not_sent(way: Way) {
    for (name, reply) in [
        ("407", answer(407, "proxy-authenticate: Basic realm=\"x\"\r\n", "<h1>who are you?</h1>")),
        ("403", answer(403, "", "no")),
        ("502", answer(502, "", "")),
        ("no HTTP", b"SSH-2.0-OpenSSH\r\n".to_vec()),
        ("half a head", b"HTTP/1.1 20".to_vec()),
        ("a code of one digit", b"HTTP/1.1 2\r\n\r\n".to_vec()),
        ("a code with letters", b"HTTP/1.1 2zz\r\n\r\n".to_vec()),
        ("an answer to a request that was not sent", [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), event()].concat()),
        ("nothing", Vec::new()),
    ] {
        let proxy = ScriptedServer::always(vec![Step::ReadRequest, Step::Send(reply), Step::Finish, Step::Hang]);
        let client = Client::new(&through(&format!("http://user:hidden-77@{}", proxy.address))).unwrap();
        for error in
            [way.wait(&client, "e", LONG).unwrap_err(), client.signal("e", None, Timeout::Request, None).unwrap_err()]
        {
            assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Connect)), "{name}: {error:?}");
            // What a proxy refuses, it refuses again.
            let attempts = if name.starts_with('4') { 1 } else { 2 };
            assert_eq!((error.attempts(), error.maybe_consumed()), (attempts, false), "{name}: {error:?}");
            assert!(!error.to_json().contains("hidden-77"), "{name}");
            assert!(!name.starts_with('4') || error.message().contains(name), "{name}: {error:?}");
        }
        assert_eq!(proxy.connections(), if name.starts_with('4') { 2 } else { 4 }, "{name}");
    }
}

#[test]
fn a_proxy_that_resets_is_not_sent() {
    let proxy = ScriptedServer::always(vec![Step::ReadRequest, Step::Reset]);
    let error = Client::new(&through(&proxy.http())).unwrap().signal("e", None, Timeout::Request, None).unwrap_err();
    assert_eq!((error.status(), error.phase(), error.maybe_consumed()), (Status::NotSent, Some(Phase::Connect), false));
}

#[test]
fn a_tunnel_that_breaks_in_the_handshake_is_not_sent() {
    let proxy = ScriptedServer::always(tunnel([Step::ReadSome, Step::Finish, Step::Hang]));
    let error = Client::new(&through(&proxy.http())).unwrap().signal("e", None, Timeout::Request, None).unwrap_err();
    assert_eq!((error.status(), error.phase(), error.maybe_consumed()), (Status::NotSent, Some(Phase::Tls), false));
}

#[test]
fn a_tunnel_that_breaks_after_the_request_is_lost() {
    let proxy = ScriptedServer::always(tunnel([tls_service()[0].clone(), Step::ReadRequest, Step::Reset]));
    let error = Client::new(&through(&proxy.http())).unwrap().signal("e", None, Timeout::Request, None).unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::ConnectionLost, Some(Phase::Wait)), "{error:?}");
    assert!(error.maybe_consumed());
}

#[each_way]
fn the_services_certificate_is_checked_through_the_tunnel(way: Way) {
    let proxy = ScriptedServer::always(tunnel([Step::Handshake(tls(Certificate::Expired)), Step::Hang]));
    let error = way.wait(&Client::new(&through(&proxy.http())).unwrap(), "e", LONG).unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::Tls, Some(Phase::Tls)), "{error:?}");
}

#[each_way]
fn a_tunnel_opens_whatever_the_proxy_adds_to_its_answer(way: Way) {
    let headers: String = (0..100).map(|number| format!("x-{number}: y\r\n")).collect();
    for head in [format!("HTTP/1.1 200 OK\r\n{headers}\r\n"), "HTTP/1.0 204 No Content\r\n\r\n".to_owned()] {
        let script = [Step::ReadRequest, Step::Send(head.into_bytes())].into_iter().chain(tls_service()).collect();
        let proxy = ScriptedServer::always(script);
        assert_eq!(way.wait(&Client::new(&through(&proxy.http())).unwrap(), "e", LONG).unwrap(), EVENT);
    }
}

/// The client does not read it without limit until the time to connect is over.
#[test]
fn an_answer_of_a_proxy_that_has_no_end_is_refused() {
    let endless = [b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'y'; 100_000]].concat();
    let proxy = ScriptedServer::always(vec![Step::ReadRequest, Step::Send(endless), Step::Hang]);
    let error = Client::new(&through(&proxy.http())).unwrap().signal("e", None, Timeout::Request, None).unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Connect)), "{error:?}");
    assert!(error.message().contains("larger than the limit"), "{error:?}");
}
