//! What a scripted server does with a connection, and the answers that it sends. Doing it is the business of the module.

use rustls::ServerConfig;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// One connection, step by step. When the steps are over, the connection is closed.
pub type Script = Vec<Step>;

#[derive(Clone)]
pub enum Step {
    /// Takes one request, head and body, and records it.
    ReadRequest,
    /// Waits for a request's head. The next `ReadRequest` takes it.
    AwaitHead,
    /// Takes whatever the client sends first and records nothing: a TLS hello, say.
    ReadSome,
    Send(Vec<u8>),
    /// The same again and again, as fast as it is taken, until the client leaves.
    Flood(Vec<u8>),
    /// Past the TLS session, into the TCP stream below it.
    SendRaw(Vec<u8>),
    /// One byte at a time with a pause before each.
    Trickle(Vec<u8>, Duration),
    Pause(Duration),
    /// Goes on when the test opens the gate.
    Await(Gate),
    /// Waits until all that was sent is in the client's socket.
    Delivered,
    Open(Gate),
    /// Ends the server's side of the TCP stream, and leaves the client's open. A TLS session gets no close_notify.
    Finish,
    /// Ends the server's side of the TLS session, and leaves TCP open.
    CloseNotify,
    /// An RST.
    Reset,
    /// Reads until the client leaves, and answers nothing.
    Hang,
    /// Keeps the connection open without reading until the server is dropped.
    Ignore,
    /// Shakes hands; what follows is inside of TLS.
    Handshake(Arc<ServerConfig>),
    /// Answers each request in this way until the client leaves.
    AnswerAll(Vec<u8>),
    /// As `AnswerAll`, with an answer made for the request's path and body.
    AnswerWith(Answerer),
}

pub type Answerer = Arc<dyn Fn(&super::Request) -> Vec<u8> + Send + Sync>;

/// Closed until the test opens it.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    pub fn pass(&self) {
        let open = self.0.0.lock().unwrap();
        let (_open, timeout) = self.0.1.wait_timeout_while(open, crate::PATIENCE, |open| !*open).unwrap();
        assert!(!timeout.timed_out(), "the test never opened the gate");
    }
}

/// An event: what a wait that was signaled gets.
pub const EVENT: &str = r#"{"data":{"from":"script"}}"#;

/// A complete answer with a length.
pub fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    bytes_answer(status, headers, body.as_bytes())
}

pub fn bytes_answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 {status} Scripted\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// The event, as the service answers a wait.
pub fn event() -> Vec<u8> {
    answer(200, "content-type: application/json\r\n", EVENT)
}

/// The service's own way to refuse.
pub fn refusal(status: u16) -> Vec<u8> {
    answer(status, "", &format!(r#"{{"error":{{"code":{status},"message":"scripted {status}"}}}}"#))
}

/// Takes a request, then does this.
pub fn after_request(steps: impl IntoIterator<Item = Step>) -> Script {
    let mut script = vec![Step::ReadRequest];
    script.extend(steps);
    script
}

/// Takes a request, sends this, and hangs: only the bytes decide what the client makes of it.
pub fn reply(bytes: impl Into<Vec<u8>>) -> Script {
    after_request([Step::Send(bytes.into()), Step::Hang])
}
