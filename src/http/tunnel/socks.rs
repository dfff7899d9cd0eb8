//! SOCKS5 (RFC 1928), with a user name and a password if there are some (RFC 1929). What the proxy's bytes mean is decided by
//! [`Dialogue`], which is pure; [`Opening`] sends and reads for it. It never reads more than the proxy's next answer, so that what
//! follows the last one is left for whoever uses the tunnel.

use crate::address::host::HostPort;
use crate::address::proxy::Login;
use crate::http::context::Context;
use crate::http::failure::FailureKind;
use crate::http::stream::{Input, Step, Stream};
use crate::secret::Wiped;
use std::io;
use std::net::{IpAddr, SocketAddr};

const VERSION: u8 = 5;
const LOGIN_VERSION: u8 = 1;
const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;
const NOTHING_ACCEPTABLE: u8 = 0xff;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// What a SOCKS proxy is asked for, and the login.
pub(in crate::http) struct Socks {
    /// The proxy looks up the name.
    pub looks_up: bool,
    target: Vec<u8>,
    login: Option<Login>,
}

impl Socks {
    pub fn new(target: &HostPort, looks_up: bool, login: Option<&Login>) -> Socks {
        let target = match target.host.address() {
            Some(address) => of_address(SocketAddr::new(address, target.port)),
            None => of_name(target.host.bare(), target.port),
        };
        Socks { looks_up, target, login: login.cloned() }
    }

    /// `address`: what to ask for in place of the name.
    pub fn begin(&self, address: Option<SocketAddr>) -> Opening {
        let target = address.map_or_else(|| self.target.clone(), of_address);
        Opening::new(Dialogue { login: self.login.clone(), target, stage: Stage::Method, needed: 2 })
    }
}

/// A tunnel that is being opened.
pub(in crate::http) struct Opening {
    dialogue: Dialogue,
    /// It may hold the password.
    output: Wiped<Vec<u8>>,
    sent: usize,
    input: Vec<u8>,
    unreachable: bool,
}

impl Opening {
    fn new(dialogue: Dialogue) -> Opening {
        let output = Wiped::new(dialogue.greeting());
        Opening { dialogue, output, sent: 0, input: Vec::new(), unreachable: false }
    }

    /// A refusal that another attempt would get as well is final.
    pub fn step(&mut self, proxy: &mut dyn Stream, call: &Context) -> io::Result<Step> {
        loop {
            while self.sent < self.output.len() {
                match proxy.write(&self.output[self.sent..], call)? {
                    0 => return Ok(Step::Output),
                    count => self.sent += count,
                }
            }
            if !proxy.flush(call)? {
                return Ok(Step::Output);
            }
            let missing = self.dialogue.needed - self.input.len();
            let input = &mut self.input;
            match proxy.read(missing, &mut |bytes| input.extend_from_slice(bytes), call)? {
                Input::Blocked => return Ok(Step::Input),
                Input::End => return Err(io::Error::other(super::CLOSED)),
                Input::Taken(_) if self.input.len() < self.dialogue.needed => continue,
                Input::Taken(_) => {}
            }
            match self.dialogue.answered(&self.input) {
                Next::More => {}
                Next::Send(bytes) => {
                    self.input.clear();
                    (self.output, self.sent) = (bytes, 0);
                }
                Next::Opened => return Ok(Step::Done),
                Next::Refused { why, kind } => {
                    self.unreachable = kind == Refusal::Unreachable;
                    if kind == Refusal::Final {
                        call.note_verdict(FailureKind::NotPermitted, why);
                    }
                    return Err(io::Error::other(why));
                }
            }
        }
    }

    /// Whether the proxy could not reach the address, or does not know addresses of its kind.
    pub fn is_unreachable(&self) -> bool {
        self.unreachable
    }
}

/// The messages of both sides, in their order.
struct Dialogue {
    login: Option<Login>,
    /// The kind of address, the address and the port, as in a request.
    target: Vec<u8>,
    stage: Stage,
    /// How many bytes the answer has, as far as is known.
    needed: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Method,
    Login,
    Reply,
}

enum Next {
    /// The answer is longer.
    More,
    Send(Wiped<Vec<u8>>),
    Opened,
    Refused {
        why: &'static str,
        kind: Refusal,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// Another attempt would be refused as well.
    Final,
    /// Another address may be reachable.
    Unreachable,
    /// Another attempt may succeed.
    Passing,
}

impl Dialogue {
    /// The first message: the ways to log in.
    fn greeting(&self) -> Vec<u8> {
        match self.login {
            None => vec![VERSION, 1, NO_LOGIN],
            Some(_) => vec![VERSION, 2, NO_LOGIN, PASSWORD],
        }
    }

    /// `answer` has as many bytes as were needed.
    fn answered(&mut self, answer: &[u8]) -> Next {
        match (self.stage, answer) {
            (Stage::Method, [VERSION, NO_LOGIN]) => self.request(),
            (Stage::Method, [VERSION, PASSWORD]) => match &self.login {
                Some(login) => {
                    let message = Wiped::new(login.message().to_vec());
                    (self.stage, self.needed) = (Stage::Login, 2);
                    Next::Send(message)
                }
                None => refused("the proxy wants a user name and a password", Refusal::Final),
            },
            (Stage::Method, [VERSION, NOTHING_ACCEPTABLE]) => match &self.login {
                Some(_) => refused("the proxy wants another login than a user name and a password", Refusal::Final),
                None => refused("the proxy wants a login", Refusal::Final),
            },
            (Stage::Login, [LOGIN_VERSION, 0]) => self.request(),
            (Stage::Login, [LOGIN_VERSION, _]) => {
                refused("the proxy refuses the user name and the password", Refusal::Final)
            }
            // Some send nothing behind the code of a failure.
            (Stage::Reply, [VERSION, code, ..]) if *code != 0 => of_code(*code),
            (Stage::Reply, [VERSION, 0]) => self.need(5),
            (Stage::Reply, [VERSION, 0, _, IPV4, _]) => self.need(4 + 4 + 2),
            (Stage::Reply, [VERSION, 0, _, IPV6, _]) => self.need(4 + 16 + 2),
            (Stage::Reply, [VERSION, 0, _, NAME, length]) => self.need(4 + 1 + usize::from(*length) + 2),
            (Stage::Reply, [VERSION, 0, _, IPV4 | IPV6 | NAME, _, _, ..]) => Next::Opened,
            _ => refused("the proxy's answer is not SOCKS5", Refusal::Passing),
        }
    }

    fn need(&mut self, bytes: usize) -> Next {
        self.needed = bytes;
        Next::More
    }

    fn request(&mut self) -> Next {
        (self.stage, self.needed) = (Stage::Reply, 2);
        Next::Send(Wiped::new([&[VERSION, CONNECT, 0], &self.target[..]].concat()))
    }
}

fn refused(why: &'static str, kind: Refusal) -> Next {
    Next::Refused { why, kind }
}

fn of_code(code: u8) -> Next {
    match code {
        2 => refused("the proxy does not allow this connection", Refusal::Final),
        3 => refused("the proxy cannot reach the network of the service", Refusal::Unreachable),
        4 => refused("the proxy cannot reach the service", Refusal::Unreachable),
        5 => refused("the service refused the connection of the proxy", Refusal::Unreachable),
        6 => refused("the proxy's connection to the service took too long", Refusal::Unreachable),
        7 => refused("the proxy makes no connections", Refusal::Final),
        8 => refused("the proxy does not know addresses of this kind", Refusal::Unreachable),
        _ => refused("the proxy failed to connect to the service", Refusal::Unreachable),
    }
}

fn of_address(address: SocketAddr) -> Vec<u8> {
    let port = address.port().to_be_bytes();
    match address.ip() {
        IpAddr::V4(ip) => [&[IPV4], &ip.octets()[..], &port].concat(),
        IpAddr::V6(ip) => [&[IPV6], &ip.octets()[..], &port].concat(),
    }
}

/// A longer name was refused when the client was made.
fn of_name(name: &str, port: u16) -> Vec<u8> {
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    [&[NAME, length], &name.as_bytes()[..usize::from(length)], &port.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::proxy::{Protocol, parse};

    fn begin(url: &str, target: &str) -> Dialogue {
        let Protocol::Socks5 { looks_up, login } = parse(url).unwrap().protocol else { panic!("SOCKS") };
        Socks::new(&HostPort::parse(target).unwrap(), looks_up, login.as_ref()).begin(None).dialogue
    }

    /// How many bytes of the proxy were taken, or why there is no tunnel.
    type End = Result<usize, (&'static str, Refusal)>;

    /// Feeds answers as they arrive, and returns what is sent after the greeting, and how it ends.
    fn talk(mut dialogue: Dialogue, mut answers: &[u8]) -> (Vec<Vec<u8>>, End) {
        let (mut sent, mut taken) = (Vec::new(), 0);
        loop {
            let needed = dialogue.needed;
            match dialogue.answered(&answers[..needed]) {
                Next::More => {}
                Next::Send(bytes) => {
                    sent.push(bytes.to_vec());
                    answers = &answers[needed..];
                    taken += needed;
                }
                Next::Opened => return (sent, Ok(taken + needed)),
                Next::Refused { why, kind } => return (sent, Err((why, kind))),
            }
        }
    }

    #[test]
    fn a_tunnel_by_name_and_one_by_address() {
        let named = begin("socks5h://p", "api.example:443");
        assert_eq!(named.greeting(), [5, 1, 0]);
        let request = [&[5, 1, 0, 3, 11][..], b"api.example", &[1, 187]].concat();
        for reply in [
            vec![5, 0, 0, 1, 1, 2, 3, 4, 0, 80],
            [vec![5, 0, 0, 4], vec![9; 18]].concat(),
            vec![5, 0, 0, 3, 2, b'a', b'b', 0, 80],
            vec![5, 0, 0, 3, 0, 0, 80],
        ] {
            // Bytes that follow the answer belong to the tunnel.
            let answers = [&[5, 0], &reply[..], b"HTTP/1.1"].concat();
            assert_eq!(
                talk(begin("socks5h://p", "api.example:443"), &answers),
                (vec![request.clone()], Ok(2 + reply.len()))
            );
        }
        for (target, expected) in [
            ("127.0.0.1:80", vec![5, 1, 0, 1, 127, 0, 0, 1, 0, 80]),
            ("[::1%25lo]:80", [vec![5, 1, 0, 4], vec![0; 15], vec![1, 0, 80]].concat()),
        ] {
            let (sent, _) = talk(begin("socks5h://p", target), &[5, 0, 5, 2]);
            assert_eq!(sent, [expected]);
        }
    }

    #[test]
    fn a_login_is_sent_if_the_proxy_asks_for_it() {
        let url = "socks5h://u:p@p";
        assert_eq!(begin(url, "h:1").greeting(), [5, 2, 0, 2]);
        let request = vec![5, 1, 0, 3, 1, b'h', 0, 1];
        let opened = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        let (sent, end) = talk(begin(url, "h:1"), &[&[5, 2, 1, 0], &opened[..]].concat());
        assert_eq!((sent, end), (vec![b"\x01\x01u\x01p".to_vec(), request.clone()], Ok(14)));
        let (sent, end) = talk(begin(url, "h:1"), &[&[5, 0], &opened[..]].concat());
        assert_eq!((sent, end), (vec![request], Ok(12)));
    }

    #[test]
    fn refusals() {
        for (url, answers, part, kind) in [
            ("socks5://p", &[5, 0xff][..], "wants a login", Refusal::Final),
            ("socks5://p", &[5, 2], "wants a user name and a password", Refusal::Final),
            ("socks5://u:p@p", &[5, 0xff], "wants another login", Refusal::Final),
            ("socks5://u:p@p", &[5, 2, 1, 1], "refuses the user name", Refusal::Final),
            ("socks5://u:p@p", &[5, 2, 5, 0], "is not SOCKS5", Refusal::Passing),
            ("socks5://p", &[5, 1], "is not SOCKS5", Refusal::Passing),
            ("socks5://p", &[4, 0], "is not SOCKS5", Refusal::Passing),
            ("socks5://p", b"HTTP/1.1 400 Bad Request\r\n", "is not SOCKS5", Refusal::Passing),
            ("socks5://p", &[5, 0, 5, 2], "does not allow", Refusal::Final),
            ("socks5://p", &[5, 0, 5, 1], "failed to connect", Refusal::Unreachable),
            ("socks5://p", &[5, 0, 5, 3], "the network of the service", Refusal::Unreachable),
            ("socks5://p", &[5, 0, 5, 4], "cannot reach the service", Refusal::Unreachable),
            ("socks5://p", &[5, 0, 5, 5], "refused the connection", Refusal::Unreachable),
            ("socks5://p", &[5, 0, 5, 6], "took too long", Refusal::Unreachable),
            ("socks5://p", &[5, 0, 5, 7], "makes no connections", Refusal::Final),
            ("socks5://p", &[5, 0, 5, 8], "addresses of this kind", Refusal::Unreachable),
            ("socks5://p", &[5, 0, 5, 200], "failed to connect", Refusal::Unreachable),
            ("socks5://p", &[5, 0, 4, 0], "is not SOCKS5", Refusal::Passing),
            ("socks5://p", &[5, 0, 5, 0, 0, 2, 0], "is not SOCKS5", Refusal::Passing),
        ] {
            let (_, end) = talk(begin(url, "h:1"), answers);
            let (why, found) = end.unwrap_err();
            assert!(why.contains(part) && found == kind, "{answers:?}: {why} {found:?}");
        }
    }
}
