//! What a wait and a signal do when nothing fails, against the local server.

use anchor::{Status, Timeout, json_get};
use std::thread;
use std::time::{Duration, Instant};
use testkit::PATIENCE;
use testkit::local_server::LocalServer;
use testkit::timing::{LATE, in_time};
use testkit::way::{Way, each_way};

const LONG: Option<Duration> = Some(PATIENCE);

#[each_way]
fn a_wait_gets_what_is_signaled_after_it(way: Way) {
    let server = LocalServer::start(&[]);
    let client = server.client();
    let waiting = way.begin(&client, "after", LONG);
    let answer = client.signal("after", Some(r#"{"code":"123456"}"#), Timeout::Request, None).unwrap();
    assert!(json_get(&answer, "/data/status").is_some());
    let event = waiting.end().unwrap();
    assert_eq!(event, r#"{"data":{"code":"123456"}}"#);
    assert_eq!(json_get(&event, "/data/code").as_deref(), Some("123456"));
}

#[each_way]
fn a_signal_before_the_wait_is_kept(way: Way) {
    let server = LocalServer::start(&[]);
    let client = server.client();
    client.signal("before", None, Timeout::Request, None).unwrap();
    assert_eq!(way.wait(&client, "before", Some(Duration::ZERO)).unwrap(), r#"{"data":{}}"#);
}

#[each_way]
fn signals_are_taken_in_order_and_each_by_one_wait(way: Way) {
    let server = LocalServer::start(&[]);
    let client = server.client();
    for number in 0..10 {
        client.signal("order", Some(&format!("{{\"n\":{number}}}")), Timeout::Request, None).unwrap();
    }
    for number in 0..10 {
        let event = way.wait(&client, "order", LONG).unwrap();
        assert_eq!(json_get(&event, "/data/n"), Some(number.to_string()));
    }
    assert_eq!(way.wait(&client, "order", Some(Duration::ZERO)).unwrap_err().status(), Status::Timeout);
}

#[each_way]
fn a_wait_that_is_not_signaled_times_out_on_time(way: Way) {
    let server = LocalServer::start(&[]);
    let client = server.client();
    // From now on there is a connection: a busy machine never makes one in a millisecond.
    client.signal("noisy", None, Timeout::Request, None).unwrap();
    for millis in [1, 50, 500] {
        let timeout = Duration::from_millis(millis);
        in_time("a wait", LATE, || {
            let began = Instant::now();
            let error = way.wait(&client, "quiet", Some(timeout)).unwrap_err();
            let took = began.elapsed();
            assert!(took >= timeout, "took only {took:?} of {timeout:?}");
            // A busy machine may not have let it connect.
            if error.status() == Status::NotSent {
                return Duration::MAX;
            }
            assert_eq!((error.status(), error.http_status()), (Status::Timeout, Some(408)), "{error:?}");
            assert!(!error.maybe_consumed() && error.last_error().is_none(), "{error:?}");
            took - timeout
        });
    }
}

#[each_way]
fn an_event_between_two_slices_is_not_lost(way: Way) {
    let server = LocalServer::start(&[]);
    let mut config = server.config();
    let client = anchor::Client::new(config.set_slice(Duration::from_millis(20)).unwrap()).unwrap();
    for number in 0..20 {
        let waiting = way.begin(&client, "sliced", LONG);
        thread::sleep(Duration::from_millis(7 * number));
        client.signal("sliced", Some(&format!("{{\"n\":{number}}}")), Timeout::Request, None).unwrap();
        assert_eq!(json_get(&waiting.end().unwrap(), "/data/n"), Some(number.to_string()));
    }
    assert!(client.stats().rearms > 0);
}

#[test]
fn a_drain_takes_what_nobody_waited_for() {
    let server = LocalServer::start(&[]);
    let client = server.client();
    assert_eq!(client.drain("drained", Timeout::Request, None).unwrap(), 0);
    for _ in 0..5 {
        client.signal("drained", None, Timeout::Request, None).unwrap();
    }
    assert_eq!(client.drain("drained", Timeout::Request, None).unwrap(), 5);
    let stats = client.stats();
    assert_eq!((stats.waits, stats.answers, stats.timeouts), (7, 10, 2), "a drain counts as the waits that it makes");
    assert_eq!(client.wait("drained", Some(Duration::ZERO), None).unwrap_err().status(), Status::Timeout);
}

#[each_way]
fn events_belong_to_the_key(way: Way) {
    let server = LocalServer::start(&[]);
    let [one, other] = ["key-one", "key-other"].map(|key| anchor::Client::new(&server.config_with_key(key)).unwrap());
    one.signal("mine", Some(r#"{"of":"one"}"#), Timeout::Request, None).unwrap();
    assert_eq!(way.wait(&other, "mine", Some(Duration::ZERO)).unwrap_err().status(), Status::Timeout);
    assert_eq!(way.wait(&one, "mine", Some(Duration::ZERO)).unwrap(), r#"{"data":{"of":"one"}}"#);
}

#[each_way]
fn a_key_that_is_not_known_is_unauthorized(way: Way) {
    let server = LocalServer::start(&["--api-key", "the-one"]);
    let error = way.wait(&server.client(), "e", LONG).unwrap_err();
    assert_eq!((error.status(), error.http_status()), (Status::Unauthorized, Some(401)), "{error:?}");
    assert_eq!(server.client().signal("e", None, Timeout::Request, None).unwrap_err().status(), Status::Unauthorized);
    let known = anchor::Client::new(&server.config_with_key("the-one")).unwrap();
    assert!(known.signal("e", None, Timeout::Request, None).is_ok());
}

/// Whatever characters a name has, only a wait for exactly that name gets its event.
#[each_way]
fn names_are_kept_apart_whatever_they_hold(way: Way) {
    let server = LocalServer::start(&[]);
    let client = server.client();
    let longest = "n".repeat(4096);
    let widest = "\u{1f511}".repeat(1024);
    let names = [
        "a/b",
        "a%2Fb",
        "a%252Fb",
        "a b",
        "a+b",
        "a%20b",
        "a?b=c",
        "a#b",
        "a;b",
        "a&b",
        "a:b",
        "a@b",
        "...",
        "./a",
        "a/..",
        "a\\b",
        "\"a\"",
        "{a}",
        "a\nb",
        "a\0b",
        "\u{1}",
        "\u{7f}",
        "ü",
        "u\u{308}",
        "名前",
        "\u{1f511}",
        "\u{feff}",
        "%",
        "%%",
        "%zz",
        "~",
        "wait",
        "/wait",
        "e/wait",
        "-",
        "A",
        "a",
        &longest,
        &widest,
    ];
    for (number, name) in names.iter().enumerate() {
        client.signal(name, Some(&format!("{{\"n\":{number}}}")), Timeout::Request, None).unwrap();
    }
    for (number, name) in names.iter().enumerate() {
        let event = way.wait(&client, name, Some(Duration::ZERO)).expect("the event of that name");
        assert_eq!(json_get(&event, "/data/n"), Some(number.to_string()), "{:.20}", name.escape_debug());
    }
}

#[each_way]
fn names_that_a_url_cannot_carry_are_refused(way: Way) {
    let server = LocalServer::start(&[]);
    let client = server.client();
    for name in ["", ".", "..", &"n".repeat(4097), &"n".repeat(65_536)] {
        let errors = [
            way.wait(&client, name, LONG).unwrap_err(),
            client.signal(name, None, Timeout::Request, None).unwrap_err(),
        ];
        for error in errors {
            assert_eq!((error.status(), error.attempts()), (Status::InvalidArgument, 0));
            assert!(error.message().starts_with("event_name"), "{error}");
        }
        assert_eq!(client.drain(name, Timeout::Request, None).unwrap_err().source.status(), Status::InvalidArgument);
    }
}

/// The data arrives as it was sent: numbers of any size, members in their order, spaces, escapes.
#[each_way]
fn data_arrives_byte_for_byte(way: Way) {
    let server = LocalServer::start(&[]);
    let client = server.client();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100));
    let large = format!("{{\"blob\":\"{}\"}}", "x".repeat(900_000));
    for data in [
        r#"{"z":1,"a":2,"z":3}"#,
        r#"{ "spaced" : [ 1 , 2 ] }"#,
        r#"{"n":123456789012345678901234567890,"e":1e300,"z":1.0,"m":-0}"#,
        r#"{"s":"é\u00e9\ud83d\ude00\n\/\u0000"}"#,
        "{}",
        &deep,
        &large,
    ] {
        client.signal("bytes", Some(data), Timeout::Request, None).unwrap();
        let event = way.wait(&client, "bytes", LONG).unwrap();
        assert!(event == format!("{{\"data\":{data}}}"), "{data:.60} came back as {event:.60}");
    }
}

#[test]
fn data_that_is_not_an_object_is_refused_before_it_is_sent() {
    let server = LocalServer::start(&[]);
    let client = server.client();
    for data in ["", "null", "[]", "1", "\"x\"", "{", "{\"a\":1,}", "{}{}", "{'a':1}", "\u{feff}{}"] {
        let error = client.signal("refused", Some(data), Timeout::Request, None).unwrap_err();
        assert_eq!((error.status(), error.attempts()), (Status::InvalidArgument, 0), "{data}");
        assert!(error.message().starts_with("data is "), "{error}");
    }
    assert_eq!(client.drain("refused", Timeout::Request, None).unwrap(), 0);
}

#[each_way]
fn every_waiter_gets_an_event_of_its_own(way: Way) {
    let server = LocalServer::start(&[]);
    let client = server.client();
    let waiting: Vec<_> = (0..20).map(|_| way.begin(&client, "shared", LONG)).collect();
    for number in 0..20 {
        client.signal("shared", Some(&format!("{{\"n\":{number}}}")), Timeout::Request, None).unwrap();
    }
    let taken = waiting.into_iter().map(|wait| json_get(&wait.end().unwrap(), "/data/n").unwrap());
    let mut numbers: Vec<u32> = taken.map(|number| number.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..20).collect::<Vec<_>>());
}
