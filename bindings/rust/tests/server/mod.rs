//! The local server, as servers.py started it, and what a test waits for.

#![allow(dead_code)] // Each test program uses some of it.

use anchor::{Client, Config, Error, Timeout, json_get};
use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn client() -> Client {
    Client::new(&Config::from_env()).expect("a client")
}

pub fn client_with(set: impl FnOnce(&mut Config) -> Result<&mut Config, Error>) -> Client {
    let mut config = Config::from_env();
    set(&mut config).expect("a setting");
    Client::new(&config).expect("a client")
}

pub fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("servers.py sets {name}"))
}

pub fn signal(client: &Client, event: &str, data: &str) {
    client.signal(event, Some(data), Timeout::Request, None).expect("a signal");
}

/// The answer of a wait, or what it failed with, without its data.
pub fn take(client: &Client, event: &str) -> String {
    client.wait(event, Some(PATIENCE), None).expect("an event")
}

/// How many waits the server holds, for an event or for all.
pub fn waiting(event: Option<&str>) -> usize {
    let address = variable("ANCHORBROWSER_BASE_URL").replace("http://", "");
    let mut stream = TcpStream::connect(&address).expect("the server");
    let token = variable("ANCHOR_TEST_ADMIN_TOKEN");
    write!(
        stream,
        "GET /admin/state HTTP/1.1\r\nhost: {address}\r\nanchor-admin-token: {token}\r\nconnection: close\r\n\r\n"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (_, state) = answer.split_once("\r\n\r\n").expect("a body");
    let Some(event) = event else {
        return json_get(state, "/waitingCount").and_then(|count| count.parse().ok()).expect("a number");
    };
    let names = (0..).map_while(|index| json_get(state, &format!("/waiting/{index}/event")));
    names.filter(|name| name == event).count()
}

pub fn until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "it does not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn until_waiting(event: &str, count: usize) {
    until(|| waiting(Some(event)) == count);
}
