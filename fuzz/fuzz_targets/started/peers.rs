//! What the peers of the connections do: the fuzzer's choices as scripts, and what each reply means for the wait that asked.

use arbitrary::Arbitrary;
use simulation::{Connection, End, Gate, Live, Opening, Piece};
use std::time::Duration;

#[derive(Arbitrary, Clone, Debug)]
pub struct Peer {
    opening: Start,
    pause: u8,
    speaks_first: bool,
    replies: [(u8, Reply); 3],
    end: u8,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    AtOnce,
    Again,
    After,
    Deaf,
    Refused,
    RefusedAfter,
    Never,
    Exhausted,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    Event,
    EventAndClose,
    /// The event, in parts with pauses.
    Trickle,
    NotSignaled,
    NotSignaledAndClose,
    Forbidden,
    TooMany,
    Unavailable,
    BadGateway,
    Page,
    Garbage,
    Cut,
    Silence,
}

impl Reply {
    pub fn is_event(self) -> bool {
        matches!(self, Reply::Event | Reply::EventAndClose | Reply::Trickle)
    }

    /// The service says that the request has taken no event.
    pub fn is_other_answer(self) -> bool {
        use Reply::{Forbidden, NotSignaled, NotSignaledAndClose, TooMany, Unavailable};
        matches!(self, NotSignaled | NotSignaledAndClose | Forbidden | TooMany | Unavailable)
    }

    fn pieces(self, event: &str) -> Vec<String> {
        let whole = match self {
            Reply::Event => full(200, "", event),
            Reply::EventAndClose => full(200, "connection: close\r\n", event),
            Reply::Trickle => {
                let text = full(200, "", event);
                return text.as_bytes().chunks(30).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
            }
            Reply::NotSignaled => full(408, "", r#"{"error":{"code":408}}"#),
            Reply::NotSignaledAndClose => full(408, "connection: close\r\n", r#"{"error":{"code":408}}"#),
            Reply::Forbidden => full(403, "", r#"{"error":{"code":403,"message":"no"}}"#),
            Reply::TooMany => full(429, "retry-after: 2\r\n", r#"{"error":{"code":429,"message":"slower"}}"#),
            Reply::Unavailable => full(503, "", r#"{"error":{"code":503,"message":"later"}}"#),
            Reply::BadGateway => full(502, "", "<html>"),
            Reply::Page => full(200, "", "<html>"),
            Reply::Garbage => "SSH-2.0-OpenSSH\r\n\r\n".to_owned(),
            Reply::Cut => full(200, "", event)[..50].to_owned(),
            Reply::Silence => String::new(),
        };
        vec![whole]
    }
}

fn full(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} Simulated\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// 0 to about a minute.
pub fn pause(choice: u8) -> Duration {
    Duration::from_millis((1 << (choice % 17)) >> 1)
}

/// The event that the reply to a request of a connection brings.
pub fn event(connection: usize, reply: usize) -> String {
    format!(r#"{{"data":{{"code":"payload-{connection}-{reply}"}}}}"#)
}

impl Peer {
    pub fn may_exhaust(&self) -> bool {
        self.opening == Start::Exhausted
    }

    /// It sends a head that nobody asked for, so what follows is not a reply.
    fn speaks_unasked(&self) -> bool {
        self.speaks_first && self.pause < 0x40
    }

    pub fn script(&self, number: usize) -> Connection {
        let mut pieces = Vec::new();
        if self.speaks_unasked() {
            pieces.push(Piece {
                after: pause(self.pause),
                gate: Gate::Open,
                bytes: b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
            });
        }
        for (at, (after, reply)) in self.replies.into_iter().enumerate() {
            let gate = |part| if part == 0 { Gate::Asked(at + 1) } else { Gate::Open };
            let parts = reply.pieces(&event(number, at)).into_iter().enumerate();
            pieces.extend(parts.map(|(part, text)| Piece {
                after: pause(after),
                gate: gate(part),
                bytes: text.into(),
            }));
        }
        let opening = match self.opening {
            Start::AtOnce | Start::Again => Opening::AtOnce,
            Start::After => Opening::After(pause(self.pause)),
            Start::Deaf => Opening::Deaf(pause(self.pause)),
            Start::Refused => Opening::Refused,
            Start::RefusedAfter => Opening::RefusedAfter(pause(self.pause)),
            Start::Never => Opening::Never,
            Start::Exhausted => Opening::Exhausted,
        };
        // A peer that ends earlier does not send its last replies.
        pieces.truncate(pieces.len() - usize::from(self.end / 3) % pieces.len());
        Connection { opening, pieces, end: [End::Finish, End::Reset, End::Hang][usize::from(self.end) % 3] }
    }

    /// The reply to a request of a connection, if it is one, and when its last byte was sent.
    pub fn reply(&self, live: &Live, request: usize, number: usize) -> Option<(Reply, Option<Duration>)> {
        if self.speaks_unasked() {
            return None;
        }
        let (_, reply) = self.replies.get(request)?;
        let parts = |at: usize| self.replies[at].1.pieces(&event(number, at)).len();
        let last = (0..=request).map(parts).sum::<usize>() - 1;
        Some((*reply, live.times.get(last).copied()))
    }
}
