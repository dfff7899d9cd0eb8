//! SOCKS5 proxies: what the proxy gets to see, and what its refusals are. The proxy here is a scripted one; real ones are in
//! `tunnels`.

use super::proxies::{LONG, tls_service};
use anchor::{Client, Config, Phase, Status, Timeout};
use testkit::certificates::{Certificate, tls};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Script, Step, event};
use testkit::settings::{KEY, config};
use testkit::way::{Way, each_way};

const NO_LOGIN: [u8; 2] = [5, 0];
const LOGIN: [u8; 2] = [5, 2];
const LOGGED_IN: [u8; 2] = [1, 0];
const OPENED: [u8; 10] = [5, 0, 0, 1, 127, 0, 0, 1, 0, 80];

/// Answers one message of the client after the other.
fn answers(messages: &[&[u8]]) -> impl Iterator<Item = Step> {
    messages.iter().flat_map(|bytes| [Step::ReadSome, Step::Send(bytes.to_vec())]).collect::<Vec<_>>().into_iter()
}

/// A proxy that opens a tunnel and then acts as the service itself.
pub fn socks(then: impl IntoIterator<Item = Step>) -> Script {
    answers(&[&NO_LOGIN, &OPENED]).chain(then).collect()
}

fn through(proxy: &ScriptedServer, scheme: &str) -> Config {
    let mut config = config("https://localhost:9");
    config.set_proxy(&format!("{scheme}://{}", proxy.address)).unwrap().set_retries(1);
    config
}

#[each_way]
fn a_tunnel_is_used_again(way: Way) {
    let proxy = ScriptedServer::always(socks(tls_service()));
    let client = Client::new(&through(&proxy, "socks5h")).unwrap();
    for _ in 0..3 {
        assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
    }
    assert_eq!((proxy.connections(), proxy.requests().len()), (1, 3));
    assert!(proxy.requests().iter().all(|request| request.header("anchor-api-key") == Some(KEY)));
}

#[each_way]
fn a_plain_service_is_tunnelled_to_as_well(way: Way) {
    let proxy = ScriptedServer::always(socks([Step::AnswerAll(event())]));
    let mut config = through(&proxy, "socks5h");
    config.set_base_url("http://localhost:9").unwrap().set_allow_http(true);
    assert_eq!(way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap(), EVENT);
    assert!(proxy.requests()[0].head.starts_with("POST /v1/events/e/wait HTTP/1.1\r\n"));
}

/// The proxy refuses the first address that the client has found, and opens the tunnel to the next.
#[each_way]
fn each_address_of_the_service_is_asked_for(way: Way) {
    let refusing = answers(&[&NO_LOGIN, &[5, 4]]).collect();
    let proxy = ScriptedServer::start(vec![refusing, socks(tls_service())]);
    let mut config = through(&proxy, "socks5");
    // A name of two addresses on every machine, whatever its hosts file says of localhost.
    config.set_base_url("https://localhost:9").unwrap().set_retries(0);
    let client = Client::new(&config).unwrap();
    let outcome = way.wait(&client, "e", LONG);
    let addresses = std::net::ToSocketAddrs::to_socket_addrs(&("localhost", 9)).unwrap().count();
    match outcome {
        Ok(event) => assert_eq!((event.as_str(), proxy.connections(), client.stats().retries), (EVENT, 2, 0)),
        Err(error) => assert!(addresses == 1 && error.message().contains("cannot reach"), "{addresses}: {error:?}"),
    }
}

/// The service was never reached: nothing happened, whatever the proxy says.
#[each_way]
fn a_proxy_that_refuses_is_not_sent(way: Way) {
    for (messages, part, is_final) in [
        (&[&[5, 0xff][..]][..], "another login", true),
        (&[&LOGIN, &[1, 1]], "refuses the user name and the password", true),
        (&[&LOGIN, &LOGGED_IN, &[5, 2]], "does not allow this connection", true),
        (&[&LOGIN, &LOGGED_IN, &[5, 7]], "makes no connections", true),
        (&[&LOGIN, &LOGGED_IN, &[5, 1, 0, 1, 0, 0, 0, 0, 0, 0]], "failed to connect", false),
        (&[&LOGIN, &LOGGED_IN, &[5, 4]], "cannot reach the service", false),
        (&[&NO_LOGIN, &[5, 5]], "refused the connection", false),
        (&[&NO_LOGIN, &[5, 0, 0, 1, 127]], "closed the connection", false),
        (&[&NO_LOGIN], "closed the connection", false),
        (&[&[5]], "closed the connection", false),
        (&[b"HTTP/1.1 400 Bad Request\r\n\r\n"], "is not SOCKS5", false),
        (&[], "closed the connection", false),
    ] {
        let script = answers(messages).chain([Step::Finish, Step::Hang]).collect();
        let proxy = ScriptedServer::always(script);
        let mut config = config("https://localhost:9");
        config.set_proxy(&format!("socks5h://user:hidden-77@{}", proxy.address)).unwrap().set_retries(1);
        let client = Client::new(&config).unwrap();
        for error in
            [way.wait(&client, "e", LONG).unwrap_err(), client.signal("e", None, Timeout::Request, None).unwrap_err()]
        {
            assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Connect)), "{part}: {error:?}");
            let attempts = if is_final { 1 } else { 2 };
            assert_eq!((error.attempts(), error.maybe_consumed()), (attempts, false), "{part}: {error:?}");
            assert!(error.message().contains(part), "{part}: {error:?}");
            assert!(!error.to_json().contains("hidden-77"), "{part}");
        }
    }
}

#[test]
fn a_proxy_that_wants_a_login_is_told_so_if_there_is_none() {
    for messages in [&[5, 0xff], &LOGIN] {
        let proxy = ScriptedServer::always(answers(&[messages]).chain([Step::Hang]).collect());
        let client = Client::new(&through(&proxy, "socks5h")).unwrap();
        let error = client.signal("e", None, Timeout::Request, None).unwrap_err();
        assert_eq!((error.status(), error.attempts()), (Status::NotSent, 1), "{error:?}");
        assert!(error.message().contains("the proxy wants a"), "{error:?}");
    }
}

#[each_way]
fn the_services_certificate_is_checked_through_the_tunnel(way: Way) {
    let proxy = ScriptedServer::always(socks([Step::Handshake(tls(Certificate::Expired)), Step::Hang]));
    let error = way.wait(&Client::new(&through(&proxy, "socks5h")).unwrap(), "e", LONG).unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::Tls, Some(Phase::Tls)), "{error:?}");
}

/// Nobody has asked yet, so it answers nothing.
#[test]
fn an_answer_to_a_request_that_was_not_sent_is_refused() {
    let proxy = ScriptedServer::always(
        answers(&[&NO_LOGIN, &[&OPENED[..], &event()].concat()]).chain([Step::Finish, Step::Hang]).collect(),
    );
    let mut config = through(&proxy, "socks5h");
    config.set_base_url("http://localhost:9").unwrap().set_allow_http(true).set_retries(0);
    let error = Client::new(&config).unwrap().signal("e", None, Timeout::Request, None).unwrap_err();
    assert_eq!((error.status(), error.maybe_consumed()), (Status::NotSent, false), "{error:?}");
}
