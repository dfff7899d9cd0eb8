//! The ways to a service that a base URL and its host do not tell alone: Unix sockets, another address to connect to, IPv6 zones.
//! Proxies are in `tests/faults`.

use anchor::{CancelToken, Client, Phase, Status, Timeout};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;
use testkit::certificates::{Certificate, tls};
use testkit::local_server::LocalServer;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, event};
use testkit::settings::{KEY, config};
use testkit::way::{Way, each_way};
use testkit::{PATIENCE, until};

const LONG: Option<Duration> = Some(PATIENCE);

/// A folder of this test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("anchor-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("a socket")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn unix_client(path: &Path) -> Client {
    let mut config = config(&format!("unix:{}", path.display()));
    config.set_retries(1);
    Client::new(&config).unwrap()
}

#[each_way]
fn a_service_at_a_unix_socket(way: Way) {
    let folder = Folder::new(&way.of("unix").replace("::", "-"));
    let server = LocalServer::at_unix(&folder.socket());
    assert_eq!(server.url, format!("unix:{}", folder.socket().display()));
    let client = unix_client(&folder.socket());
    let wait = way.begin(&client, "e", LONG);
    server.until_holding("e");
    client.signal("e", Some("{\"n\":1}"), Timeout::Request, None).unwrap();
    assert!(wait.end().unwrap().contains("\"n\":1"));
    client.signal("e", None, Timeout::Request, None).unwrap();
    assert_eq!(client.drain("e", Timeout::Request, None).unwrap(), 1);
    let stats = client.stats();
    assert!(stats.connections_reused > 0, "{stats:?}");
    let error = way.wait(&client, "nobody", Some(Duration::from_millis(50))).unwrap_err();
    assert_eq!(error.status(), Status::Timeout, "{error:?}");
}

#[each_way]
fn a_cancel_ends_a_wait_at_a_unix_socket(way: Way) {
    let folder = Folder::new(&way.of("unix-cancel").replace("::", "-"));
    let server = LocalServer::at_unix(&folder.socket());
    let client = unix_client(&folder.socket());
    let wait = way.begin(&client, "e", None);
    server.until_holding("e");
    client.cancel_all();
    let error = wait.end().unwrap_err();
    assert_eq!((error.status(), error.maybe_consumed()), (Status::Cancelled, true), "{error:?}");
    // The service takes the event back that it could not hand over.
    server.until_waiting(0);
}

#[each_way]
fn a_wait_at_a_unix_socket_survives_a_restart_of_the_service(way: Way) {
    let folder = Folder::new(&way.of("unix-restart").replace("::", "-"));
    let mut server = LocalServer::at_unix(&folder.socket());
    let client = Client::new(server.config().set_retries(u32::MAX)).unwrap();
    let wait = way.begin(&client, "e", None);
    server.until_holding("e");
    server.stop("-KILL");
    until("a failure", || client.stats().retries > 0);
    let server = LocalServer::at_unix(&folder.socket());
    server.until_holding("e");
    server.signal("e", "{\"n\":2}");
    assert!(wait.end().unwrap().contains("\"n\":2"));
}

#[each_way]
fn a_unix_socket_that_nobody_serves_is_not_sent(way: Way) {
    let folder = Folder::new(&way.of("unix-nobody").replace("::", "-"));
    for part in ["No such file", "refused"] {
        let error = way.wait(&unix_client(&folder.socket()), "e", LONG).unwrap_err();
        assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Connect)), "{error:?}");
        assert_eq!((error.attempts(), error.maybe_consumed()), (2, false), "{error:?}");
        assert!(error.message().contains(part), "{error:?}");
        // Its file stays.
        drop(UnixListener::bind(folder.socket()));
    }
}

/// A full queue is an outage, and no lack of memory.
#[test]
fn a_unix_socket_whose_queue_is_full_is_not_sent() {
    let folder = Folder::new("unix-full");
    let listener = UnixListener::bind(folder.socket()).unwrap();
    socket2::SockRef::from(&listener).listen(0).unwrap();
    let _filling = std::os::unix::net::UnixStream::connect(folder.socket()).unwrap();
    let error = unix_client(&folder.socket()).signal("e", None, Timeout::Request, None).unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Status::NotSent, 2), "{error:?}");
    assert!(error.message().contains("the queue of the Unix socket is full"), "{error:?}");
}

#[test]
fn a_path_that_is_too_long_for_a_unix_socket_is_refused() {
    let error = Client::new(&config(&format!("unix:/{}", "x".repeat(200)))).unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    assert!(error.message().contains("base_url is not a Unix socket here"), "{error}");
}

/// The certificate is checked for the host, and the request names it; only the connection goes elsewhere.
#[each_way]
fn another_address_is_connected_to(way: Way) {
    let server = ScriptedServer::always(vec![Step::Handshake(tls(Certificate::Good)), Step::AnswerAll(event())]);
    let mut config = config("https://service.test");
    for address in [server.address.to_string(), format!("localhost:{}", server.address.port())] {
        config.set_connect_to("service.test:443", &address).unwrap();
        assert_eq!(way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap(), EVENT);
    }
    assert!(server.requests().iter().all(|request| request.header("host") == Some("service.test")));
    config.set_connect_to("service.test:444", &server.address.to_string()).unwrap().set_retries(0);
    let error = way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Dns)), "another port: {error:?}");
}

#[each_way]
fn another_address_needs_the_certificate_of_the_host(way: Way) {
    let server = ScriptedServer::always(vec![Step::Handshake(tls(Certificate::Good)), Step::AnswerAll(event())]);
    let mut config = config("https://another.test");
    config.set_connect_to("another.test:443", &server.address.to_string()).unwrap();
    let error = way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap_err();
    assert_eq!((error.status(), server.requests().len()), (Status::Tls, 0), "{error:?}");
}

/// The key would leave this machine in clear.
#[each_way]
fn a_plain_request_to_another_address_stays_on_this_machine(way: Way) {
    let mut config = config("http://localhost:9");
    config.set_connect_to("localhost:9", "192.0.2.7:9").unwrap();
    let error = way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Status::NotSent, 1), "{error:?}");
    assert!(error.message().contains("would show the API key"), "{error:?}");
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    config.set_connect_to("localhost:9", &server.address.to_string()).unwrap();
    assert_eq!(way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap(), EVENT);
    assert_eq!(server.requests()[0].header("host"), Some("localhost:9"));
}

#[each_way]
fn a_zone_is_connected_to_and_never_sent(way: Way) {
    let server = ScriptedServer::start_at("[::1]:0".parse().unwrap(), vec![vec![Step::AnswerAll(event())]]);
    let port = server.address.port();
    for zone in ["%25lo", "%lo", "%251"] {
        let client = Client::new(&config(&format!("http://[::1{zone}]:{port}"))).unwrap();
        assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT, "{zone}");
    }
    assert!(server.requests().iter().all(|request| request.header("host") == Some(&*format!("[::1]:{port}"))));
    assert!(server.requests().iter().all(|request| request.header("anchor-api-key") == Some(KEY)));
}

#[each_way]
fn a_zone_that_this_machine_does_not_have_is_not_sent(way: Way) {
    let mut config = config("http://[fe80::1%25no-such-if]:9");
    config.set_allow_http(true).set_retries(0);
    let error = way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap_err();
    assert_eq!((error.status(), error.maybe_consumed()), (Status::NotSent, false), "{error:?}");
    assert!(error.message().contains("the IPv6 zone no-such-if"), "{error:?}");
}

/// A token ends a signal while the queue of the socket takes its connection and nobody reads.
#[test]
fn a_token_ends_a_signal_to_a_unix_socket_that_is_silent() {
    let folder = Folder::new("unix-silent");
    let listener = UnixListener::bind(folder.socket()).unwrap();
    let token = CancelToken::new().unwrap();
    thread::scope(|scope| {
        let client = unix_client(&folder.socket());
        let token = &token;
        let signal = scope.spawn(move || client.signal("e", None, Timeout::Never, Some(token)));
        let _accepted = listener.accept().unwrap();
        token.cancel();
        assert_eq!(signal.join().unwrap().unwrap_err().status(), Status::Cancelled);
    });
}
