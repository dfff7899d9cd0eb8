//! A client that disconnects during a wait never loses an event, whenever it does so.

mod server;

use std::io::{BufRead, BufReader};
use std::net::Shutdown;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use server::{PATIENCE, Server};
use socket2::SockRef;
use testkit::process::without_settings;

/// The ways in which a client disconnects.
#[derive(Clone, Copy, Debug)]
enum HangUp {
    Close,
    HalfClose,
    Reset,
}

#[test]
fn an_event_signaled_after_the_hang_up_waits_for_the_next() {
    let server = Server::start(&[]);
    for (round, way) in [HangUp::Close, HangUp::HalfClose, HangUp::Reset].into_iter().enumerate() {
        for turn in 0..100 {
            let mut waiter = server.connect();
            waiter.start_wait("a");
            let _still_open = hang_up(waiter, way);
            let data = format!(r#"{{"n":{}}}"#, round * 1000 + turn);
            server.signal("a", &data);
            assert_eq!(server.take("a", PATIENCE.as_millis() as u64), Some(data), "{way:?}, turn {turn}");
        }
    }
}

#[test]
fn an_event_is_never_lost_in_a_race_with_the_hang_up() {
    let server = Server::start(&[]);
    let mut signaler = server.connect();
    let mut taker = server.connect();
    let mut came_back = 0;
    for turn in 0..600u32 {
        let mut waiter = server.connect();
        waiter.start_wait("a");
        let data = format!(r#"{{"n":{turn}}}"#);
        signaler.send("POST", "/v1/events/a", &format!(r#"{{"data":{data}}}"#));
        // From long before the signal is read to after the answer was written.
        spin(Duration::from_micros(u64::from(turn % 200)));
        let way = if turn % 2 == 0 { HangUp::Close } else { HangUp::Reset };
        drop(hang_up(waiter, way));
        assert_eq!(signaler.read().unwrap().status, 200);
        // Nobody read it, so it must still be there.
        assert_eq!(taker.wait("a", PATIENCE.as_millis() as u64), Some(data), "{way:?}, turn {turn}");
        came_back += 1;
    }
    assert_eq!(came_back, 600);
    assert_eq!(taker.wait("a", 1), None, "nothing came twice");
}

#[test]
fn the_next_waiter_is_served_when_the_first_is_gone() {
    let server = Server::start(&[]);
    let mut gone = server.connect();
    gone.start_wait("a");
    let mut stays = server.connect();
    stays.start_wait("a");
    drop(gone);
    server.signal("a", r#"{"for":"you"}"#);
    assert_eq!(stays.read().unwrap().data(), r#"{"for":"you"}"#);
}

#[test]
fn an_event_that_was_not_delivered_is_first_in_the_queue_again() {
    let server = Server::start(&[]);
    for turn in 0..50 {
        let mut waiter = server.connect();
        waiter.start_wait("a");
        server.signal("a", r#"{"n":1}"#);
        server.signal("a", r#"{"n":2}"#);
        drop(hang_up(waiter, HangUp::Close));
        let mut order = [(); 2].map(|()| server.take("a", PATIENCE.as_millis() as u64).unwrap());
        if order[0] == r#"{"n":2}"# {
            // The first was in delivery while the second was taken; it must not be lost either.
            order.reverse();
        }
        assert_eq!(order, [r#"{"n":1}"#, r#"{"n":2}"#], "turn {turn}");
    }
}

#[test]
fn over_tls_it_is_the_same() {
    let mut command = Command::new(server::program());
    command.args(["serve", "--port", "0", "--tls", "--log", "json"]).stderr(Stdio::piped());
    let mut server = Server::spawn(&mut command);
    let mut ca = String::new();
    server.stdout.read_line(&mut ca).unwrap();
    let log = BufReader::new(server.child.stderr.take().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || log.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
    let until_logged = |kind: &str, event: &str| {
        let is_it = |line: String| line.contains(&format!(r#""kind":"{kind}","account":1,"event":"{event}""#));
        while !is_it(told.recv_timeout(PATIENCE).expect("a line of the log")) {}
    };
    let anchor = |arguments: &[&str]| {
        let mut command = Command::new(server::program());
        without_settings(&mut command);
        command.args(arguments).args(["--ca-file", ca.trim_end()]).stdout(Stdio::piped());
        command.env("ANCHORBROWSER_BASE_URL", &server.url).env("ANCHORBROWSER_API_KEY", "any");
        command
    };
    for turn in 0..10 {
        let event = format!("e{turn}");
        let mut waiter = anchor(&["wait", &event]).spawn().unwrap();
        until_logged("waiting", &event);
        waiter.kill().unwrap();
        // Every other time the server notices the disconnect before the signal comes.
        if turn % 2 == 0 {
            until_logged("hung-up", &event);
        }
        assert!(anchor(&["signal", &event, r#"{"n":1}"#]).status().unwrap().success());
        let taken = anchor(&["wait", &event, "--timeout", "20s"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&taken.stdout), "{\"n\":1}\n", "turn {turn}");
        waiter.wait().unwrap();
    }
}

/// Disconnects without reading. The returned value keeps a half-closed socket open.
fn hang_up(waiter: server::Http, way: HangUp) -> Option<server::Http> {
    match way {
        HangUp::Close => None,
        HangUp::HalfClose => {
            waiter.socket.shutdown(Shutdown::Write).unwrap();
            Some(waiter)
        }
        HangUp::Reset => {
            SockRef::from(&waiter.socket).set_linger(Some(Duration::ZERO)).unwrap();
            None
        }
    }
}

fn spin(time: Duration) {
    let start = std::time::Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}
