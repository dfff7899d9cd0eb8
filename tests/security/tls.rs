//! Certificates and servers that must not be trusted: each is refused at once, with its reason, and is sent nothing.
//! Handshakes that merely break, and sessions that end early, are in tests/faults.

use anchor::{Client, Error, Phase, Status, Timeout};
use std::time::Duration;
use testkit::PATIENCE;
use testkit::certificates::{Certificate, mutual_tls, tls};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{Step, answer, event};
use testkit::settings::{KEY, client, config};

const LONG: Option<Duration> = Some(PATIENCE);

/// A wait and a signal, with retries allowed, end alike: refused once, for this reason, with nothing sent.
fn check_refused(name: &str, url: &str, reason: &str) {
    let mut config = config(url);
    let client = Client::new(config.set_retries(3)).unwrap();
    for error in [
        client.wait("e", LONG, None).unwrap_err(),
        client.signal("e", Some("{\"a\":1}"), Timeout::Request, None).unwrap_err(),
    ] {
        check_error(name, &error);
        assert!(error.message().contains(reason), "{name}: {error:?}");
    }
}

fn check_error(name: &str, error: &Error) {
    assert_eq!((error.status(), error.phase()), (Status::Tls, Some(Phase::Tls)), "{name}: {error:?}");
    assert_eq!((error.attempts(), error.maybe_consumed()), (1, false), "{name}: {error:?}");
    assert!(!error.to_json().contains(KEY), "{name}");
}

#[test]
fn invalid_certificates_are_refused() {
    for (kind, host, reason) in [
        (Certificate::Expired, "127.0.0.1", "expired"),
        (Certificate::NotYetValid, "127.0.0.1", "not valid before"),
        (Certificate::WrongHost, "localhost", "is not for localhost, but for elsewhere.example"),
        (Certificate::WrongHost, "127.0.0.1", "is not for 127.0.0.1, but for elsewhere.example"),
        (Certificate::WrongAddress, "127.0.0.1", "is not for 127.0.0.1, but for 127.0.0.2"),
        (Certificate::NoNames, "localhost", "subjectAltName"),
        (Certificate::ForClients, "127.0.0.1", "usage"),
        (Certificate::SelfSigned, "127.0.0.1", "an authority that is not trusted"),
        (Certificate::UnknownAuthority, "127.0.0.1", "an authority that is not trusted"),
        (Certificate::SignedByLeaf, "127.0.0.1", "not an authority's"),
        (Certificate::OutsideConstraints, "localhost", "may not sign for this host"),
        (Certificate::TooDeep, "127.0.0.1", "no other authority below it"),
        (Certificate::ExpiredAuthority, "127.0.0.1", "expired"),
    ] {
        let server = ScriptedServer::always(vec![Step::Handshake(tls(kind)), Step::AnswerAll(event())]);
        let url = format!("https://{host}:{}", server.address.port());
        check_refused(&format!("{kind:?} at {host}"), &url, reason);
        server.until("alerts", |record| record.handshakes.len() == 2);
        server.read(|record| assert!(record.handshakes.iter().all(|said| said.contains("alert")), "{kind:?}"));
        assert_eq!(server.requests().len(), 0, "{kind:?}");
    }
}

/// A ServerHello of this version whose random bytes end in this way, up to the server's first choice being known.
fn server_hello(version: [u8; 2], random_end: &[u8; 8]) -> Vec<u8> {
    let session_and_suite = [0, 0xc0, 0x2f, 0];
    let extensions = [0, 5, 0xff, 1, 0, 1, 0];
    let body = [&version[..], &[7; 24], random_end, &session_and_suite, &extensions].concat();
    let message = [&[2, 0, 0, body.len() as u8], &body[..]].concat();
    [&[22, 3, 3, 0, message.len() as u8], &message[..]].concat()
}

#[test]
fn an_older_tls_version_is_refused() {
    for (name, version, random_end, reason) in [
        ("TLS 1.1", [3, 2], b"whatever", "neither TLS 1.2 nor 1.3"),
        ("SSL 3.0", [3, 0], b"whatever", "neither TLS 1.2 nor 1.3"),
        ("1.2 by a server that could do 1.3", [3, 3], b"DOWNGRD\x01", "fell back to TLS 1.2"),
    ] {
        let hello = Step::Send(server_hello(version, random_end));
        let server = ScriptedServer::always(vec![Step::ReadSome, hello, Step::Hang]);
        check_refused(name, &server.https(), reason);
    }
}

/// With TLS 1.3 the server refuses after the request was sent, and has read nothing of it.
#[test]
fn a_server_that_wants_a_certificate_of_the_client_is_final() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let server = ScriptedServer::always(vec![Step::Handshake(mutual_tls(version)), Step::AnswerAll(event())]);
        let client = client(&server.https());
        let is_13 = version.version == rustls::ProtocolVersion::TLSv1_3;
        for outcome in [client.wait("e", LONG, None), client.signal("e", None, Timeout::Request, None)] {
            let error = outcome.unwrap_err();
            assert_eq!((error.status(), error.phase()), (Status::Tls, Some(Phase::Tls)), "{version:?}: {error:?}");
            // In TLS 1.3 the request leaves with the client's last flight: nobody here can know whether it was read.
            assert_eq!((error.attempts(), error.maybe_consumed()), (1, is_13), "{version:?}: {error:?}");
            assert!(error.message().contains(if is_13 { "client certificate" } else { "alert" }), "{error:?}");
        }
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
        let error = client.signal("e", Some(&large), Timeout::Request, None).unwrap_err();
        assert_eq!((error.status(), error.attempts()), (Status::Tls, 1), "{version:?}: {error:?}");
        assert_eq!((server.connections(), server.requests().len()), (3, 0), "{version:?}");
    }
}

#[test]
fn a_proxy_that_wants_a_certificate_of_the_client_is_refused_like_a_server() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let proxy = ScriptedServer::always(vec![Step::Handshake(mutual_tls(version)), Step::Hang]);
        let mut config = config("https://localhost:9");
        let client = Client::new(config.set_proxy(&proxy.https()).unwrap()).unwrap();
        check_error(&format!("{version:?}"), &client.signal("e", None, Timeout::Request, None).unwrap_err());
    }
}

/// Neither by an answer in clear on the port of TLS, nor by a redirect.
#[test]
fn nothing_leads_from_tls_to_clear_text() {
    let answering = ScriptedServer::always(vec![Step::ReadSome, Step::Send(event()), Step::Hang]);
    check_refused("clear text", &answering.https(), "does not speak TLS on this port");
    let clear = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let location = format!("location: {}/v1/events/e/wait\r\n", clear.http());
    let redirect = answer(307, &location, "");
    let server = ScriptedServer::always(vec![Step::Handshake(tls(Certificate::Good)), Step::AnswerAll(redirect)]);
    let error = client(&server.https()).wait("e", LONG, None).unwrap_err();
    assert_eq!((error.status(), error.http_status()), (Status::HttpError, Some(307)), "{error:?}");
    assert_eq!(clear.connections(), 0);
    for url in ["http://api.example", "http://192.0.2.1"] {
        let error = Client::new(&config(url)).unwrap_err();
        assert!(error.message().contains("plain http to another machine"), "{error:?}");
    }
}
