//! From a name to a connection: lookups that hang or fail, and addresses of which only some answer. Each test runs in a
//! namespace with a resolver and an /etc/hosts of its own.

use anchor::{Client, Config, Phase, Status, Timeout};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};
use testkit::PATIENCE;
use testkit::addresses::{BlackHole, ReservedPort};
use testkit::sandbox::is_inside;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, event};
use testkit::settings::config;
use testkit::timing::{LATE, in_time};
use testkit::way::{Way, each_way};

const LONG: Option<Duration> = Some(PATIENCE);
const RESOLVER: (&str, &str) = ("resolv.conf", "nameserver 127.0.0.1\n");
const LOOK_IN_BOTH: (&str, &str) = ("nsswitch.conf", "hosts: files dns\n");
const DUAL: (&str, &str) = ("hosts", "::1 dual.test\n127.0.0.1 dual.test\n");

pub fn settings(host: &str, port: u16) -> Config {
    let mut config = config(&format!("http://{host}:{port}"));
    config.set_allow_http(true);
    config
}

#[each_way]
fn a_lookup_that_hangs_ends_with_the_call(way: Way) {
    if !is_inside(&way.of("lookup::a_lookup_that_hangs_ends_with_the_call"), &[RESOLVER, LOOK_IN_BOTH]) {
        return;
    }
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
    let mut config = settings("quiet.test", 80);
    let timeout = Duration::from_millis(300);
    let client = Client::new(config.set_request_timeout(timeout).unwrap()).unwrap();
    for is_signal in [false, true] {
        in_time("a lookup", LATE, || {
            let began = Instant::now();
            let result = if is_signal {
                client.signal("e", None, Timeout::Request, None)
            } else {
                way.wait(&client, "e", Some(timeout))
            };
            let (error, took) = (result.unwrap_err(), began.elapsed());
            assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Dns)), "{error:?}");
            assert!(error.timed_out(), "{error:?}");
            assert!(!error.maybe_consumed() && error.attempts() == 1, "{error:?}");
            assert!(took >= timeout, "took only {took:?}");
            println!("a lookup: {} µs over", (took - timeout).as_micros());
            took - timeout
        });
    }
    let mut trials = 0;
    in_time("a lookup that is cancelled", LATE, || {
        // The lookup of the trial before still runs, and would be joined.
        trials += 1;
        let name = format!("cancelled{trials}");
        let client = Client::new(&settings(&format!("{name}.test"), 80)).unwrap();
        let waiting = way.begin(&client, "e", LONG);
        let is_about_it = |question: &[u8]| question.windows(name.len()).any(|bytes| bytes == name.as_bytes());
        let mut question = [0; 512];
        while !is_about_it(&question) {
            silent.recv(&mut question).expect("a question");
        }
        waiting.until_asleep();
        let cancelled = Instant::now();
        waiting.cancel();
        let (result, ended) = waiting.end_at();
        let error = result.unwrap_err();
        assert_eq!((error.status(), error.phase()), (Status::Cancelled, Some(Phase::Dns)), "{error:?}");
        let late = ended.saturating_duration_since(cancelled);
        println!("a lookup: {} µs after the cancel", late.as_micros());
        late
    });
}

#[each_way]
fn a_name_that_cannot_be_looked_up_was_not_sent(way: Way) {
    if !is_inside(&way.of("lookup::a_name_that_cannot_be_looked_up_was_not_sent"), &[RESOLVER, LOOK_IN_BOTH]) {
        return;
    }
    // Nothing listens on port 53: the lookup fails at once.
    let client = Client::new(settings("missing.test", 80).set_retries(2)).unwrap();
    for error in
        [way.wait(&client, "e", LONG).unwrap_err(), client.signal("e", None, Timeout::Request, None).unwrap_err()]
    {
        assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Dns)), "{error:?}");
        assert_eq!((error.attempts(), error.maybe_consumed()), (3, false), "{error:?}");
    }
}

/// The other family is tried at once after a refusal, and in parallel with one that does not answer.
#[each_way]
fn an_address_that_does_not_answer_gives_way_to_one_that_does(way: Way) {
    if !is_inside(&way.of("lookup::an_address_that_does_not_answer_gives_way_to_one_that_does"), &[DUAL, LOOK_IN_BOTH])
    {
        return;
    }
    let (v4, v6) = (SocketAddr::from((Ipv4Addr::LOCALHOST, 8001)), SocketAddr::from((Ipv6Addr::LOCALHOST, 8001)));
    let script = || vec![vec![Step::AnswerAll(event())]];
    // How much longer an address may wait for the other one. A SYN is repeated after 1 s.
    let head_start = Duration::from_millis(250);
    for (good, bad) in [(v4, v6), (v6, v4)] {
        in_time("an address after or beside another", Duration::from_millis(200), || {
            let server = ScriptedServer::start_at(good, script());
            let ask = || {
                let client = Client::new(&settings("dual.test", 8001)).unwrap();
                let began = Instant::now();
                assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
                began.elapsed()
            };
            let after_refusal = ask();
            let hole = BlackHole::at(bad);
            let after_silence = ask();
            assert_eq!(server.connections(), 2);
            println!("{good}: {after_refusal:?} after a refusal, {after_silence:?} beside silence");
            drop((hole, server));
            after_refusal.max(after_silence.saturating_sub(head_start))
        });
    }
}

#[each_way]
fn when_no_address_answers_the_call_ends_in_time(way: Way) {
    if !is_inside(&way.of("lookup::when_no_address_answers_the_call_ends_in_time"), &[DUAL, LOOK_IN_BOTH]) {
        return;
    }
    let hole = BlackHole::at(SocketAddr::from((Ipv6Addr::LOCALHOST, 8001)));
    let client = Client::new(settings("dual.test", 8001).set_retries(0)).unwrap();
    let timeout = Duration::from_millis(600);
    in_time("a call that nobody answers", LATE, || {
        let began = Instant::now();
        let error = way.wait(&client, "e", Some(timeout)).unwrap_err();
        let took = began.elapsed();
        // A busy machine may not have looked it up.
        if error.phase() == Some(Phase::Dns) {
            return Duration::MAX;
        }
        assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Connect)), "{error:?}");
        assert!(error.timed_out(), "{error:?}");
        assert!(took >= timeout, "took only {took:?}");
        took - timeout
    });
    drop(hole);
    let refusing = ReservedPort::bind();
    let client = Client::new(settings("dual.test", refusing.address().port()).set_retries(0)).unwrap();
    let error = way.wait(&client, "e", LONG).unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Connect)), "{error:?}");
}

#[each_way]
fn an_ipv6_address_is_taken_as_it_is(way: Way) {
    let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else {
        // A container may have none outside, and a namespace of its own has one.
        if is_inside(&way.of("lookup::an_ipv6_address_is_taken_as_it_is"), &[]) {
            testkit::tools::missing("IPv6 on loopback");
        }
        return;
    };
    let port = listener.local_addr().unwrap().port();
    let server = ScriptedServer::serve(listener, vec![vec![Step::AnswerAll(event())]]);
    assert_eq!(way.wait(&Client::new(&settings("[::1]", port)).unwrap(), "e", LONG).unwrap(), EVENT);
    assert_eq!(server.requests()[0].header("host"), Some(format!("[::1]:{port}").as_str()));
}

/// A name's addresses: so many on loopback, in this order.
fn hosts(name: &str, addresses: impl IntoIterator<Item = String>) -> String {
    let lines = addresses.into_iter().map(|address| format!("{address} {name}\n"));
    lines.collect::<String>()
}

/// Nine, of which only the last listens, and forty that refuse: all are tried, at once, since each refuses at once.
#[each_way]
fn every_address_of_a_name_is_tried(way: Way) {
    let nine = hosts("nine.test", (1..=9).map(|n| format!("127.0.1.{n}")));
    let forty = hosts("forty.test", (1..=40).map(|n| format!("127.0.2.{n}")));
    let all = nine + &forty;
    if !is_inside(&way.of("lookup::every_address_of_a_name_is_tried"), &[("hosts", &all), LOOK_IN_BOTH]) {
        return;
    }
    for (host, last) in [("nine.test", [127, 0, 1, 9]), ("forty.test", [127, 0, 2, 40])] {
        let _server = ScriptedServer::start_at((last, 8001).into(), vec![vec![Step::AnswerAll(event())]]);
        // One after the other, each with a head start, they would take longer.
        in_time(host, Duration::from_millis(1500), || {
            let client = Client::new(&settings(host, 8001)).unwrap();
            let began = Instant::now();
            assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT, "{host}");
            began.elapsed()
        });
    }
}

/// Six of each family that do not answer, and a last one that does: the attempts run side by side.
#[each_way]
fn many_addresses_that_do_not_answer_give_way_to_one_that_does(way: Way) {
    let silent = (1..=6).flat_map(|n| [format!("127.0.1.{n}"), "::1".to_owned()]).chain(["127.0.1.9".to_owned()]);
    if !is_inside(
        &way.of("lookup::many_addresses_that_do_not_answer_give_way_to_one_that_does"),
        &[("hosts", &hosts("silent.test", silent)), LOOK_IN_BOTH],
    ) {
        return;
    }
    let addresses = (1..=6).map(|n| SocketAddr::from(([127, 0, 1, n], 8001)));
    let _holes: Vec<BlackHole> = addresses.map(BlackHole::at).collect();
    let _sixth = BlackHole::at(SocketAddr::from((Ipv6Addr::LOCALHOST, 8001)));
    let _server = ScriptedServer::start_at(([127, 0, 1, 9], 8001).into(), vec![vec![Step::AnswerAll(event())]]);
    assert_eq!(way.wait(&Client::new(&settings("silent.test", 8001)).unwrap(), "e", LONG).unwrap(), EVENT);
}

/// In clear, the key goes to this machine only, whatever a name promises: a hosts file may map localhost elsewhere.
#[each_way]
fn in_clear_only_loopback_addresses_are_connected_to(way: Way) {
    let hosts =
        "127.0.0.1 good.localhost\n10.9.8.7 bad.localhost\n10.9.8.7 mixed.localhost\n127.0.0.1 mixed.localhost\n";
    if !is_inside(
        &way.of("lookup::in_clear_only_loopback_addresses_are_connected_to"),
        &[("hosts", hosts), LOOK_IN_BOTH],
    ) {
        return;
    }
    let server = ScriptedServer::start_at(([127, 0, 0, 1], 8001).into(), vec![vec![Step::AnswerAll(event())]]);
    for host in ["good.localhost", "mixed.localhost", "unknown.localhost", "localhost"] {
        let client = Client::new(&config(&format!("http://{host}:8001"))).unwrap();
        assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT, "{host}");
    }
    let client = Client::new(&config("http://bad.localhost:8001")).unwrap();
    for error in
        [way.wait(&client, "e", LONG).unwrap_err(), client.signal("e", None, Timeout::Request, None).unwrap_err()]
    {
        assert_eq!((error.status(), error.attempts()), (Status::NotSent, 1), "{error:?}");
        assert!(error.message().contains("plain http"), "{error:?}");
    }
    assert_eq!(server.requests().len(), 4);
}

/// Says of each name that it does not exist, for as long as the process lives.
fn know_no_name() {
    let resolver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
    thread::spawn(move || {
        let mut message = [0; 512];
        loop {
            let (length, from) = resolver.recv_from(&mut message).expect("a question");
            message[2..4].copy_from_slice(&[0x81, 0x83]);
            resolver.send_to(&message[..length], from).expect("loopback");
        }
    });
}

/// A name that does not exist is reported soon, and a name service that does not answer is an outage.
#[each_way]
fn a_wrong_host_is_reported_soon(way: Way) {
    if !is_inside(&way.of("lookup::a_wrong_host_is_reported_soon"), &[RESOLVER, LOOK_IN_BOTH]) {
        return;
    }
    know_no_name();
    let began = Instant::now();
    let error = way.wait(&Client::new(&settings("missing.test", 80)).unwrap(), "e", None).unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Status::NotSent, 6), "{error:?}");
    assert!(!error.timed_out() && began.elapsed() < Duration::from_secs(60), "{error:?}");
    // glibc's words, and musl's.
    assert!(["not known", "does not resolve"].iter().any(|words| error.message().contains(words)), "{error:?}");
}
