//! The contract of a poller, which holds on each system.

use super::{Event, Poller, Readiness, Socket};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

fn connected() -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = Socket::connect(listener.local_addr().unwrap()).unwrap();
    (socket, listener.accept().unwrap().0)
}

fn wait(poller: &Poller, until: Option<Instant>) -> Vec<Readiness> {
    let mut ready = Vec::new();
    poller.wait(&mut ready, until).unwrap();
    ready
}

#[test]
fn a_socket_is_reported_once_for_each_change() {
    let (socket, mut peer) = connected();
    let poller = Poller::new().unwrap();
    poller.watch(&socket, 7, false).unwrap();
    let past = Some(Instant::now());
    assert_eq!(wait(&poller, past), []);
    for _ in 0..2 {
        peer.write_all(b"x").unwrap();
        assert_eq!(wait(&poller, None), [Readiness { token: 7, input: true, output: false }]);
        assert_eq!(wait(&poller, past), [], "nothing has changed");
        while socket.receive(8, |_| ()).is_ok() {}
        poller.watch(&socket, 7, false).unwrap();
    }
    poller.forget(&socket);
    peer.write_all(b"x").unwrap();
    // A byte over loopback may take a moment.
    while socket.available() == 0 {
        std::thread::yield_now();
    }
    assert_eq!(wait(&poller, past), []);
    poller.watch(&socket, 8, true).unwrap();
    assert_eq!(wait(&poller, None), [Readiness { token: 8, input: true, output: true }]);
    drop(socket);
    let mut rest = Vec::new();
    assert!(peer.read_to_end(&mut rest).is_err() || rest.is_empty());
}

#[test]
fn room_for_output_is_reported_only_to_who_waits_for_it() {
    let (socket, _peer) = connected();
    let poller = Poller::new().unwrap();
    let past = Some(Instant::now());
    poller.watch(&socket, 1, false).unwrap();
    assert_eq!(wait(&poller, past), []);
    poller.watch(&socket, 1, true).unwrap();
    assert_eq!(wait(&poller, None), [Readiness { token: 1, input: false, output: true }]);
    assert_eq!(wait(&poller, past), [], "nothing has changed");
}

#[test]
fn an_event_is_reported_as_long_as_it_is_set() {
    let (poller, event) = (Poller::new().unwrap(), Event::new().unwrap());
    poller.watch_event(&event, u64::MAX).unwrap();
    event.notify();
    for _ in 0..2 {
        assert_eq!(wait(&poller, None), [Readiness { token: u64::MAX, input: true, output: false }]);
    }
    event.clear();
    let until = Instant::now() + Duration::from_millis(15);
    assert_eq!(wait(&poller, Some(until)), []);
    assert!(Instant::now() >= until, "never early");
}
