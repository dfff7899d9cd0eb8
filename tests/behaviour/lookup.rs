//! From a name to a connection: lookups that hang or fail, and addresses of which only some answer. Each test runs in a
//! namespace with a resolver and an /etc/hosts of its own.

use super::freeze::Freezable;
use anchor::{CancelToken, Client, Config, Phase, Status};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};
use testkit::addresses::{BlackHole, Refusing};
use testkit::sandbox::is_inside;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, event};
use testkit::settings::config;

const LATE: Duration = Duration::from_millis(250);
const LONG: Option<Duration> = Some(Duration::from_secs(20));
const RESOLVER: (&str, &str) = ("resolv.conf", "nameserver 127.0.0.1\n");
const LOOK_IN_BOTH: (&str, &str) = ("nsswitch.conf", "hosts: files dns\n");
const DUAL: (&str, &str) = ("hosts", "::1 dual.test\n127.0.0.1 dual.test\n");

fn settings(host: &str, port: u16) -> Config {
    let mut config = config(&format!("http://{host}:{port}"));
    config.set_allow_http(true);
    config
}

#[test]
fn a_lookup_that_hangs_ends_with_the_call() {
    if !is_inside("lookup::a_lookup_that_hangs_ends_with_the_call", &[RESOLVER, LOOK_IN_BOTH]) {
        return;
    }
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
    let mut config = settings("quiet.test", 80);
    let timeout = Duration::from_millis(300);
    let client = Client::new(config.set_request_timeout(timeout).unwrap()).unwrap();
    for is_signal in [false, true] {
        let began = Instant::now();
        let result = if is_signal { client.signal("e", None) } else { client.wait("e", Some(timeout), None) };
        let (error, took) = (result.unwrap_err(), began.elapsed());
        assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Dns)), "{error:?}");
        assert!(error.timed_out(), "{error:?}");
        assert!(!error.maybe_consumed() && error.attempts() == 1, "{error:?}");
        assert!((timeout..timeout + LATE).contains(&took), "took {took:?}");
        println!("a lookup: {} µs over", (took - timeout).as_micros());
    }
    let token = CancelToken::new().unwrap();
    let (theirs, cancel) = (client.clone(), token.clone());
    let waiting = Freezable::spawn(move || (theirs.wait("e", LONG, Some(&cancel)), Instant::now()));
    silent.recv(&mut [0; 512]).expect("a question");
    waiting.until_asleep();
    let cancelled = Instant::now();
    token.cancel();
    let (result, ended) = waiting.join();
    let error = result.unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::Cancelled, Some(Phase::Dns)), "{error:?}");
    assert!(ended - cancelled < LATE, "{:?} after the cancel", ended - cancelled);
    println!("a lookup: {} µs after the cancel", (ended - cancelled).as_micros());
}

#[test]
fn a_name_that_cannot_be_looked_up_was_not_sent() {
    if !is_inside("lookup::a_name_that_cannot_be_looked_up_was_not_sent", &[RESOLVER, LOOK_IN_BOTH]) {
        return;
    }
    // Nothing listens on port 53: the lookup fails at once.
    let client = Client::new(settings("missing.test", 80).set_retries(2)).unwrap();
    for error in [client.wait("e", LONG, None).unwrap_err(), client.signal("e", None).unwrap_err()] {
        assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Dns)), "{error:?}");
        assert_eq!((error.attempts(), error.maybe_consumed()), (3, false), "{error:?}");
    }
}

/// The other family is tried at once after a refusal, and in parallel with one that does not answer.
#[test]
fn an_address_that_does_not_answer_gives_way_to_one_that_does() {
    if !is_inside("lookup::an_address_that_does_not_answer_gives_way_to_one_that_does", &[DUAL, LOOK_IN_BOTH]) {
        return;
    }
    let (v4, v6) = (SocketAddr::from((Ipv4Addr::LOCALHOST, 8001)), SocketAddr::from((Ipv6Addr::LOCALHOST, 8001)));
    let script = || vec![vec![Step::AnswerAll(event())]];
    for (good, bad) in [(v4, v6), (v6, v4)] {
        let server = ScriptedServer::start_at(good, script());
        let ask = || Client::new(&settings("dual.test", 8001)).unwrap().wait("e", LONG, None).unwrap();
        let began = Instant::now();
        assert_eq!(ask(), EVENT);
        let after_refusal = began.elapsed();
        let hole = BlackHole::at(bad);
        let began = Instant::now();
        assert_eq!(ask(), EVENT);
        let after_silence = began.elapsed();
        assert_eq!(server.connections(), 2);
        println!("{good}: {after_refusal:?} after a refusal, {after_silence:?} beside silence");
        // Above the head start of 250 ms there is only what a loaded machine adds; a SYN is repeated after 1 s.
        assert!(after_refusal < Duration::from_millis(200) && after_silence < Duration::from_millis(900));
        drop((hole, server));
    }
}

#[test]
fn when_no_address_answers_the_call_ends_in_time() {
    if !is_inside("lookup::when_no_address_answers_the_call_ends_in_time", &[DUAL, LOOK_IN_BOTH]) {
        return;
    }
    let hole = BlackHole::at(SocketAddr::from((Ipv6Addr::LOCALHOST, 8001)));
    let client = Client::new(settings("dual.test", 8001).set_retries(0)).unwrap();
    let timeout = Duration::from_millis(600);
    let began = Instant::now();
    let error = client.wait("e", Some(timeout), None).unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Connect)), "{error:?}");
    assert!(error.timed_out(), "{error:?}");
    assert!((timeout..timeout + LATE).contains(&began.elapsed()));
    drop(hole);
    let refusing = Refusing::bind();
    let client = Client::new(settings("dual.test", refusing.address().port()).set_retries(0)).unwrap();
    let error = client.wait("e", LONG, None).unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Connect)), "{error:?}");
}

#[test]
fn an_ipv6_address_is_taken_as_it_is() {
    let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else {
        testkit::tools::missing("IPv6 on loopback");
        return;
    };
    let port = listener.local_addr().unwrap().port();
    let server = ScriptedServer::serve(listener, vec![vec![Step::AnswerAll(event())]]);
    assert_eq!(Client::new(&settings("[::1]", port)).unwrap().wait("e", LONG, None).unwrap(), EVENT);
    assert_eq!(server.requests()[0].header("host"), Some(format!("[::1]:{port}").as_str()));
}
