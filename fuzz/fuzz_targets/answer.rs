//! Answers: any bytes, in any pieces, at any time, over any number of connections. The library runs unchanged on a simulated
//! network and clock. The input is a script that a person can read and write:
//!
//! - The first four bytes are settings: see `Settings`.
//! - `\xff` and a byte: a pause, which ends a piece. `\xfe` and a byte: the end of a connection; the next one follows. `\xfd`:
//!   the next byte stands for itself. Every other byte stands for itself.
//!
//! The repair of answers is run by itself as well: on the pieces of the script, and on an answer with an event whose flaws the
//! bytes of the script select.
#![no_main]

use anchor::{Client, Config, Error, Phase, Status, Timeout, Trust};
use libfuzzer_sys::fuzz_target;
use simulation::report::{self, KEY};
use simulation::{Connection, End, Network, Piece, answers, world};
use std::sync::LazyLock;
use std::time::Duration;

fuzz_target!(|input: &[u8]| {
    if let Some((settings, script)) = input.split_at_checked(4) {
        for connection in connections(script) {
            answers::check_pieces(&connection.pieces.iter().map(|piece| &piece.bytes[..]).collect::<Vec<_>>());
        }
        answers::check_event(script);
        run(&Settings::new(settings), script);
    }
});

#[derive(Debug)]
struct Settings {
    is_signal: bool,
    https: bool,
    tunnel: bool,
    rearm: bool,
    retries: u32,
    timeout: Duration,
    slice: Duration,
}

/// The data of signals, which no error may quote.
const PAYLOAD: &str = "payload-90e1f4";
const GRACE: Duration = Duration::from_secs(2);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_RESPONSE: usize = 16 * 1024;
/// A wait rounds what it asks for up to a whole millisecond.
const ROUNDING: Duration = Duration::from_millis(1);

impl Settings {
    fn new(bytes: &[u8]) -> Settings {
        let power = |byte: u8, most: u8| Duration::from_millis((1 << (byte % most)) >> 1);
        Settings {
            is_signal: bytes[0] & 1 != 0,
            https: bytes[0] & 2 != 0,
            tunnel: bytes[0] & 4 != 0,
            rearm: bytes[0] & 8 == 0,
            retries: u32::from(bytes[1] % 8),
            timeout: power(bytes[2], 20),
            slice: power(bytes[3], 17).max(Duration::from_millis(1)),
        }
    }

    fn client(&self) -> Client {
        let mut config = Config::bare();
        config.set_api_key(KEY).unwrap().set_trust(Trust::Bundled).set_rearm(self.rearm).set_retries(self.retries);
        config.set_base_url(if self.https { "https://127.0.0.1" } else { "http://127.0.0.1" }).unwrap();
        config.set_slice(self.slice).unwrap().set_grace(GRACE).unwrap();
        config.set_request_timeout(REQUEST_TIMEOUT).unwrap().set_max_response_bytes(MAX_RESPONSE).unwrap();
        if self.tunnel {
            config.set_allow_http(true).set_proxy("http://user:word@127.0.0.1:3128").unwrap();
        }
        Client::new(&config).unwrap()
    }
}

fn run(settings: &Settings, script: &[u8]) {
    /// Made once, since reading certificates is slow. No TLS session is established, so its pool stays empty.
    static HTTPS: LazyLock<Client> =
        LazyLock::new(|| Settings { https: true, ..Settings::new(&[0, 1, 14, 12]) }.client());
    let client = if settings.https && !settings.tunnel { HTTPS.clone() } else { settings.client() };
    world::install(connections(script));
    let before = now();
    let outcome = if settings.is_signal {
        client.signal("name", Some(&format!("{{\"code\":\"{PAYLOAD}\"}}")), Timeout::Request, None)
    } else {
        client.wait("name", Some(settings.timeout), None)
    };
    let took = now() - before;
    drop(client);
    let network = world::take_down();
    check(settings, &outcome, took, &network);
}

fn now() -> Duration {
    // SAFETY: the structure is a local.
    unsafe {
        let mut now = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now);
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    }
}

fn check(settings: &Settings, outcome: &Result<String, Error>, took: Duration, network: &Network) {
    let longest = if settings.is_signal { REQUEST_TIMEOUT } else { settings.timeout + GRACE + ROUNDING };
    assert!(took <= longest, "came back after {took:?} of {longest:?}: {settings:?}");
    let requests: usize = network.transcripts().map(|(_, received)| count_requests(received)).sum();
    assert!(requests <= 1 || !settings.is_signal, "a signal was sent {requests} times");
    match outcome {
        Ok(answer) => {
            assert!(requests > 0 || settings.https, "an answer without a request");
            assert!(answer.len() <= MAX_RESPONSE && is_one_object(answer), "not the API's answer: {answer:?}");
            assert!(
                network.transcripts().any(|(sent, _)| stems_from(answer.as_bytes(), sent)),
                "nobody sent {answer:?}"
            );
        }
        Err(error) => {
            let json = error.to_json();
            report::check(error.status(), &json);
            assert!(!settings.is_signal || !quotes(&json, PAYLOAD), "the payload is in an error");
            assert!(error.phase() != Some(Phase::Connect) || !json.contains("user:word"), "the proxy's password is");
            assert!(!error.maybe_consumed() || requests > 0 || settings.https, "nothing was sent: {json}");
            assert!(error.status() != Status::ConnectionLost || error.maybe_consumed(), "{json}");
            let early = error.status() == Status::Timeout && !settings.timeout.is_zero() && took < settings.timeout;
            assert!(!early && (error.status() != Status::Timeout || !settings.is_signal), "after {took:?}: {json}");
            let never =
                [Status::Pending, Status::Cancelled, Status::Interrupted, Status::InvalidArgument, Status::OutOfMemory];
            assert!(!never.contains(&error.status()), "{json}");
        }
    }
}

/// Whether a text of the error has it as a whole word. In the middle of one it is not known for a quote.
fn quotes(json: &str, word: &str) -> bool {
    let error: serde_json::Value = serde_json::from_str(json).expect("an error is JSON");
    let texts = ["message", "lastError", "requestId"].map(|name| error["error"][name].as_str().unwrap_or_default());
    texts.iter().any(|text| {
        text.match_indices(word).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + word.len()..]);
            !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
        })
    })
}

fn is_one_object(answer: &str) -> bool {
    let rest = answer.trim_start_matches([' ', '\t', '\r', '\n']);
    rest.starts_with('{') && serde_json::from_str::<&serde_json::value::RawValue>(answer).is_ok()
}

/// Whether the bytes that were sent contain the answer, in one piece or spread over chunks.
fn stems_from(answer: &[u8], sent: &[u8]) -> bool {
    let mut rest = sent.iter();
    let is_chunked = || sent.to_ascii_lowercase().windows(7).any(|window| window == b"chunked");
    sent.windows(answer.len()).any(|window| window == answer)
        || (is_chunked() && answer.iter().all(|byte| rest.any(|other| other == byte)))
}

/// The complete requests of the API that the client sent over one connection.
fn count_requests(mut received: &[u8]) -> usize {
    let mut count = 0;
    while let Some(head) = received.windows(4).position(|window| window == b"\r\n\r\n") {
        let text = std::str::from_utf8(&received[..head]).expect("a head is ASCII").to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        let Some(rest) = received.get(head + 4 + length..) else { break };
        count += usize::from(text.starts_with("post "));
        received = rest;
    }
    count
}

fn connections(script: &[u8]) -> Vec<Connection> {
    let mut all = vec![Connection::new(Vec::new(), End::Hang)];
    let mut piece = Piece::new(Duration::ZERO, Vec::new());
    let mut bytes = script.iter().copied();
    while let Some(byte) = bytes.next() {
        let last = all.len() - 1;
        match byte {
            0xff => {
                let after = Duration::from_millis((1 << (bytes.next().unwrap_or(0) % 20)) >> 1);
                all[last].pieces.push(std::mem::replace(&mut piece, Piece::new(after, Vec::new())));
            }
            0xfe => {
                all[last].pieces.push(std::mem::replace(&mut piece, Piece::new(Duration::ZERO, Vec::new())));
                all[last].end = [End::Finish, End::Reset, End::Hang][usize::from(bytes.next().unwrap_or(0)) % 3];
                all.push(Connection::new(Vec::new(), End::Hang));
            }
            0xfd => piece.bytes.extend(bytes.next()),
            other => piece.bytes.push(other),
        }
    }
    if let Some(connection) = all.last_mut() {
        connection.pieces.push(piece);
    }
    all
}
