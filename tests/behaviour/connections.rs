//! A connection is reused while it is good, replaced once if it turns out dead, and set up to notice a dead peer. Proxies
//! and connections that break are in `tests/faults`.

use anchor::{Client, Status, Timeout};
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::thread;
use std::time::{Duration, Instant};
use testkit::certificates::{Certificate, tls, tls_versions};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Gate, Step, after_request, answer, event, refusal};
use testkit::settings::{client, config};
use testkit::way::{Way, each_way};
use testkit::{PATIENCE, until};

const LONG: Option<Duration> = Some(PATIENCE);

#[each_way]
fn one_connection_serves_many_calls(way: Way) {
    for script in [vec![], vec![Step::Handshake(tls(Certificate::Good))]] {
        let is_tls = !script.is_empty();
        let server = ScriptedServer::always(script.into_iter().chain([Step::AnswerAll(event())]).collect());
        let client = client(&if is_tls { server.https() } else { server.http() });
        for _ in 0..10 {
            way.wait(&client, "e", LONG).unwrap();
            client.signal("e", None, Timeout::Request, None).unwrap();
        }
        assert_eq!((server.connections(), server.requests().len()), (1, 20));
        let stats = client.stats();
        assert_eq!((stats.connections_made, stats.connections_reused), (1, 19));
        assert_eq!((stats.waits, stats.signals, stats.answers, stats.failures), (10, 10, 20, 0));
    }
}

#[each_way]
fn a_refusal_leaves_the_connection_usable(way: Way) {
    let server = ScriptedServer::always(vec![Step::AnswerAll(refusal(404))]);
    let client = client(&server.http());
    for _ in 0..3 {
        assert_eq!(way.wait(&client, "e", LONG).unwrap_err().status(), Status::NotFound);
    }
    assert_eq!(server.connections(), 1);
}

#[each_way]
fn a_connection_that_the_server_closes_is_not_used_again(way: Way) {
    for last in [answer(200, "connection: close\r\n", EVENT), answer(200, "", EVENT).replace("HTTP/1.1", "HTTP/1.0")] {
        let server = ScriptedServer::always(after_request([Step::Send(last), Step::Hang]));
        let client = client(&server.http());
        for calls in 1..=3 {
            way.wait(&client, "e", LONG).unwrap();
            assert_eq!(server.connections(), calls);
        }
    }
}

trait Replace {
    fn replace(self, from: &str, to: &str) -> Vec<u8>;
}

impl Replace for Vec<u8> {
    fn replace(self, from: &str, to: &str) -> Vec<u8> {
        String::from_utf8(self).unwrap().replace(from, to).into_bytes()
    }
}

/// The server ended it while it was idle, and the client notices before it sends anything.
#[each_way]
fn a_connection_that_ended_while_idle_costs_nothing(way: Way) {
    for end in [Step::Finish, Step::Reset] {
        let (idle, ended) = (Gate::default(), Gate::default());
        let until_idle = [Step::Send(event()), Step::Await(idle.clone()), end.clone(), Step::Open(ended), Step::Hang];
        let server = ScriptedServer::start(vec![after_request(until_idle), vec![Step::AnswerAll(event())]]);
        let client = client(&server.http());
        way.wait(&client, "e", LONG).unwrap();
        let socket = own_socket_to(server.address);
        idle.open();
        until_hung_up(socket);
        client.signal("e", None, Timeout::Request, None).unwrap();
        assert_eq!((server.connections(), server.requests().len()), (2, 2));
        assert_eq!(client.stats().retries, 0);
    }
}

/// Without re-arm a request is written once, be the connection one that was dead already.
#[each_way]
fn without_re_arm_no_second_request_is_written(way: Way) {
    let dying = vec![Step::ReadRequest, Step::Send(event()), Step::ReadRequest, Step::Finish];
    let gateway = vec![Step::AnswerAll(answer(502, "", "<html>"))];
    for (second, status) in [(dying, Status::ConnectionLost), (gateway, Status::ServerError)] {
        let takes_first = status == Status::ConnectionLost;
        let server = ScriptedServer::start(vec![second, vec![Step::AnswerAll(event())]]);
        let client = Client::new(config(&server.http()).set_rearm(false)).unwrap();
        if takes_first {
            way.wait(&client, "first", LONG).unwrap();
        }
        let error = way.wait(&client, "e", LONG).unwrap_err();
        assert_eq!((error.status(), error.attempts(), error.maybe_consumed()), (status, 1, true), "{error:?}");
        assert_eq!(server.requests().len(), 1 + usize::from(takes_first));
    }
}

/// The server ended it just as the next request was sent. A wait is sent once more, over a fresh connection and without a
/// pause. A signal is not, since it may have been delivered.
#[each_way]
fn a_reused_connection_that_dies_is_replaced_once(way: Way) {
    for end in [Step::Finish, Step::Reset] {
        let dying = vec![Step::ReadRequest, Step::Send(event()), Step::ReadRequest, end.clone(), Step::Hang];
        let server = ScriptedServer::start(vec![dying.clone(), vec![Step::AnswerAll(event())]]);
        let mut config = config(&server.http());
        let client = Client::new(config.set_retries(0)).unwrap();
        way.wait(&client, "first", LONG).unwrap();
        assert_eq!(way.wait(&client, "second", LONG).unwrap(), EVENT);
        assert_eq!((server.connections(), server.requests().len()), (2, 3));

        let server = ScriptedServer::start(vec![dying.clone(), dying[2..].to_vec()]);
        let client = Client::new(config.set_base_url(&server.http()).unwrap()).unwrap();
        way.wait(&client, "first", LONG).unwrap();
        let error = way.wait(&client, "second", LONG).unwrap_err();
        assert_eq!((error.status(), error.attempts()), (Status::ConnectionLost, 2), "{error:?}");
        assert_eq!((server.connections(), server.requests().len()), (2, 3));

        let server = ScriptedServer::start(vec![dying, vec![Step::AnswerAll(event())]]);
        let client = Client::new(config.set_base_url(&server.http()).unwrap().set_retries(5)).unwrap();
        way.wait(&client, "first", LONG).unwrap();
        let error = client.signal("second", None, Timeout::Request, None).unwrap_err();
        assert_eq!((error.status(), error.maybe_consumed()), (Status::ConnectionLost, true), "{error:?}");
        assert_eq!((server.connections(), server.requests().len()), (1, 2), "a signal is never sent twice");
    }
}

/// Once a byte of the answer has come, the connection was not a dead one.
#[each_way]
fn a_reused_connection_that_dies_within_the_answer_is_lost(way: Way) {
    let dying = vec![
        Step::ReadRequest,
        Step::Send(event()),
        Step::ReadRequest,
        Step::Send(b"H".to_vec()),
        Step::Finish,
        Step::Hang,
    ];
    let server = ScriptedServer::start(vec![dying, vec![Step::AnswerAll(event())]]);
    let client = Client::new(config(&server.http()).set_rearm(false)).unwrap();
    way.wait(&client, "first", LONG).unwrap();
    let error = way.wait(&client, "second", LONG).unwrap_err();
    assert_eq!((error.status(), error.attempts(), error.maybe_consumed()), (Status::ConnectionLost, 1, true));
    assert_eq!(server.connections(), 1);
}

/// Many idle connections die at once when a server restarts. The client checks each before use, and no call fails.
#[each_way]
fn calls_survive_a_restart_of_the_server(way: Way) {
    let gate = Gate::default();
    let first = after_request([Step::Await(gate.clone()), Step::Send(event()), Step::Hang]);
    let server = ScriptedServer::always(first);
    let address = server.address;
    let client = client(&server.http());
    let calls: Vec<_> = (0..10).map(|_| way.begin(&client, "e", LONG)).collect();
    server.until_requests(10);
    gate.open();
    calls.into_iter().for_each(|call| drop(call.end().unwrap()));
    let sockets = own_sockets_to(address);
    assert_eq!(sockets.len(), 10);
    drop(server);
    sockets.into_iter().for_each(until_hung_up);
    let again = start_again(address);
    client.signal("e", None, Timeout::Request, None).unwrap();
    assert_eq!((again.connections(), client.stats().retries), (1, 0));
}

fn start_again(address: SocketAddr) -> ScriptedServer {
    let began = Instant::now();
    loop {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        if socket.bind(&address.into()).and_then(|()| socket.listen(10)).is_ok() {
            return ScriptedServer::serve(socket.into(), vec![vec![Step::AnswerAll(event())]]);
        }
        assert!(began.elapsed() < PATIENCE, "the port never became free");
        thread::sleep(Duration::from_millis(5));
    }
}

#[each_way]
fn sockets_are_set_up_to_be_quick_and_to_notice_a_dead_peer(way: Way) {
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    way.wait(&client(&server.http()), "e", LONG).unwrap();
    let kept = client(&server.http());
    way.wait(&kept, "e", LONG).unwrap();
    let fd = own_socket_to(server.address);
    // SAFETY: the descriptor is open as long as `kept` pools its connection.
    let socket = unsafe { BorrowedFd::borrow_raw(fd) };
    let socket = socket2::SockRef::from(&socket);
    assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(15));
    assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(5));
    assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
    assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(30)));
    // SAFETY: as above; the call passes no pointers.
    assert_eq!(unsafe { libc::fcntl(fd, libc::F_GETFD) } & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
    drop(kept);
}

#[each_way]
fn a_request_is_what_the_service_documents(way: Way) {
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let client = client(&format!("{}/gate/api/v1/", server.http()));
    way.wait(&client, "a/b", LONG).unwrap();
    client.signal("a/b", Some(r#"{"n": 1e400}"#), Timeout::Request, None).unwrap();
    let requests = server.requests();
    assert!(requests[0].head.starts_with("POST /gate/v1/events/a%2Fb/wait HTTP/1.1\r\n"));
    assert!(requests[1].head.starts_with("POST /gate/v1/events/a%2Fb HTTP/1.1\r\n"));
    assert_eq!(requests[1].body, br#"{"data":{"n": 1e400}}"#);
    for request in requests {
        assert_eq!(request.header("host"), Some(server.address.to_string().as_str()));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("anchor-api-key").map(str::len), Some(testkit::settings::KEY.len()));
        assert_eq!(request.header("content-length"), Some(request.body.len().to_string().as_str()));
        assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("libanchor/")));
        assert_eq!((request.header("expect"), request.header("transfer-encoding")), (None, None));
    }
}

#[each_way]
fn a_second_connection_resumes_the_tls_session(way: Way) {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let settings = tls_versions(Certificate::Good, &[version]);
        let server = ScriptedServer::always(vec![
            Step::Handshake(settings),
            Step::ReadRequest,
            Step::Send(answer(200, "connection: close\r\n", EVENT)),
            Step::Hang,
        ]);
        let client = client(&server.https());
        for _ in 0..3 {
            way.wait(&client, "e", LONG).unwrap();
        }
        let handshakes = server.read(|record| record.handshakes.clone());
        assert_eq!(handshakes, ["Full", "Resumed", "Resumed"], "{version:?}");
    }
}

/// While the service holds a request, in the middle of its answer, afterwards, and when the wait is cancelled.
#[each_way]
fn the_statistics_count_connections_by_what_they_do(way: Way) {
    for handshake in [None, Some(Step::Handshake(tls(Certificate::Good)))] {
        let (begins, ends) = (Gate::default(), Gate::default());
        let (event, is_tls) = (event(), handshake.is_some());
        let (first, rest) = event.split_at(10);
        let answering = [Step::Await(begins.clone()), Step::Send(first.into()), Step::Await(ends.clone())];
        let script =
            after_request(answering.into_iter().chain([Step::Send(rest.into()), Step::ReadRequest, Step::Hang]));
        let server = ScriptedServer::always(handshake.into_iter().chain(script).collect());
        let client = client(&if is_tls { server.https() } else { server.http() });
        let until_there_are = |open, idle, waiting| {
            until("the connections are counted", || {
                let now = client.stats().connections;
                (now.open, now.idle, now.waiting) == (open, idle, waiting)
            });
        };
        until_there_are(0, 0, 0);
        let wait = way.begin(&client, "e", LONG);
        until_there_are(1, 0, 1);
        begins.open();
        until_there_are(1, 0, 0);
        ends.open();
        assert_eq!(wait.end().unwrap(), EVENT);
        until_there_are(1, 1, 0);
        let held = way.begin(&client, "e", LONG);
        until_there_are(1, 0, 1);
        let beside = way.begin(&client, "e", LONG);
        assert_eq!(beside.end().unwrap(), EVENT);
        until_there_are(2, 1, 1);
        held.cancel();
        assert_eq!(held.end().unwrap_err().status(), Status::Cancelled);
        until_there_are(1, 1, 0);
    }
}

fn own_socket_to(address: SocketAddr) -> i32 {
    *own_sockets_to(address).first().expect("a pooled connection")
}

/// This process's sockets that are connected to the address. The client does not expose its own.
fn own_sockets_to(address: SocketAddr) -> Vec<i32> {
    let is_connected_to = |fd: &i32| {
        // SAFETY: the descriptor may be closed by another test at any time; the look at it then fails, or shows another.
        let socket = unsafe { BorrowedFd::borrow_raw(*fd) };
        socket2::SockRef::from(&socket).peer_addr().is_ok_and(|peer| peer.as_socket() == Some(address))
    };
    let names =
        std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter_map(|name| name.parse().ok()).filter(is_connected_to).collect()
}

fn until_hung_up(fd: i32) {
    let mut watched = libc::pollfd { fd, events: libc::POLLIN | libc::POLLRDHUP, revents: 0 };
    // SAFETY: the pointer is to one local pollfd.
    let ready = unsafe { libc::poll(&raw mut watched, 1, PATIENCE.as_millis() as i32) };
    assert_eq!(ready, 1, "the server never hung up");
}
