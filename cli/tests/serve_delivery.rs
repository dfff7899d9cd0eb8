//! When an event counts as delivered: the same rules in clear and over TLS, however the client closes.

mod server;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use server::{PATIENCE, Server};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

const ANSWER: &str = r#"{"data":{"n":1}}"#;

/// How a client ends its connection.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// FIN alone. Over TLS this is an end without close_notify.
    Fin,
    /// close_notify, then FIN. In clear this is the same as `Fin`.
    CloseNotify,
    /// FIN, and the client reads on until the server closes too.
    HalfClose,
}

#[test]
fn in_clear_an_answer_that_was_read_is_delivered_once() {
    delivered_once(&Service::start(None));
}

#[test]
fn over_tls_1_3_an_answer_that_was_read_is_delivered_once() {
    delivered_once(&Service::start(Some(&TLS13)));
}

#[test]
fn over_tls_1_2_an_answer_that_was_read_is_delivered_once() {
    delivered_once(&Service::start(Some(&TLS12)));
}

#[test]
fn in_clear_an_answer_that_was_not_read_is_offered_again() {
    offered_again(&Service::start(None));
}

#[test]
fn over_tls_an_answer_that_was_not_read_is_offered_again() {
    offered_again(&Service::start(Some(&TLS13)));
    offered_again(&Service::start(Some(&TLS12)));
}

/// Clients read an event each and close. None of the events may be given to a later wait.
fn delivered_once(service: &Service) {
    let mut names = Vec::new();
    for connection in ["keep-alive", "close"] {
        for ending in [Ending::Fin, Ending::CloseNotify, Ending::HalfClose] {
            let name = format!("{connection}-{ending:?}");
            let mut client = service.signal(&name);
            client.post(&format!("{name}/wait"), connection, r#"{"timeoutMs":60000}"#);
            assert!(client.answer().ends_with(ANSWER), "{name}");
            client.close(ending);
            names.push(name);
        }
    }
    // Long enough for the server to find out how each connection ended.
    let wait = |name: String| {
        let mut next = service.connect();
        next.post(&format!("{name}/wait"), "keep-alive", r#"{"timeoutMs":1500}"#);
        (name, next)
    };
    let waits: Vec<_> = names.into_iter().map(wait).collect();
    let twice = waits.into_iter().filter_map(|(name, mut next)| {
        let is_first = next.answer().starts_with("HTTP/1.1 408 ");
        (!is_first).then_some(name)
    });
    assert_eq!(twice.collect::<Vec<_>>(), [""; 0], "delivered a second time");
}

/// A client closes with the answer unread. The next wait must get the event.
fn offered_again(service: &Service) {
    for turn in 0..10 {
        let name = format!("unread-{turn}");
        let mut client = service.signal(&name);
        client.post(&format!("{name}/wait"), "keep-alive", "{}");
        service.until_logged("delivered", &name);
        drop(client);
        let mut next = service.connect();
        next.post(&format!("{name}/wait"), "keep-alive", "{}");
        assert!(next.answer().ends_with(ANSWER), "turn {turn}: the event is lost");
    }
}

/// A server whose log is read, and how to connect to it.
struct Service {
    server: Server,
    tls: Option<Arc<ClientConfig>>,
    log: Receiver<String>,
}

impl Service {
    fn start(version: Option<&'static SupportedProtocolVersion>) -> Self {
        let mut command = Command::new(server::program());
        command.args(["serve", "--port", "0", "--log", "json"]).stderr(Stdio::piped());
        command.args(version.map(|_| "--tls"));
        let mut server = Server::spawn(&mut command);
        let stderr = BufReader::new(server.child.stderr.take().expect("stderr is piped"));
        let (sender, log) = channel();
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let tls = version.map(|version| tls_config(&mut server, version));
        Self { server, tls, log }
    }

    fn connect(&self) -> Client {
        let socket = TcpStream::connect(self.server.address()).expect("the server listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket of ours");
        match &self.tls {
            None => Client::Clear(socket),
            Some(config) => {
                let name = ServerName::try_from("localhost").expect("a name");
                let session = ClientConnection::new(config.clone(), name).expect("a session");
                Client::Tls(Box::new(StreamOwned::new(session, socket)))
            }
        }
    }

    /// Signals the event, and returns the connection for more requests.
    fn signal(&self, name: &str) -> Client {
        let mut client = self.connect();
        client.post(name, "keep-alive", ANSWER);
        assert!(client.answer().starts_with("HTTP/1.1 200 "), "{name}");
        client
    }

    fn until_logged(&self, kind: &str, name: &str) {
        let wanted = format!(r#""kind":"{kind}","account":1,"event":"{name}""#);
        while !self.log.recv_timeout(PATIENCE).expect("a line of the log").contains(&wanted) {}
    }
}

fn tls_config(server: &mut Server, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let mut path = String::new();
    server.stdout.read_line(&mut path).expect("the second line is the path of the authority");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(path.trim_end()).expect("a certificate")).expect("a usable certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a supported version");
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

enum Client {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Client {
    fn post(&mut self, path: &str, connection: &str, body: &str) {
        let length = body.len();
        let request = format!(
            "POST /v1/events/{path} HTTP/1.1\r\nhost: localhost\r\nanchor-api-key: any\r\nconnection: {connection}\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        let stream: &mut dyn Write = match self {
            Self::Clear(socket) => socket,
            Self::Tls(stream) => stream,
        };
        stream.write_all(request.as_bytes()).and_then(|()| stream.flush()).expect("the server reads");
    }

    /// Reads one whole answer, and not a byte more.
    fn answer(&mut self) -> String {
        let stream: &mut dyn Read = match self {
            Self::Clear(socket) => socket,
            Self::Tls(stream) => stream,
        };
        let mut answer = String::new();
        let mut byte = [0];
        while !is_whole(&answer) {
            stream.read_exact(&mut byte).expect("an answer");
            answer.push(char::from(byte[0]));
        }
        answer
    }

    fn close(self, ending: Ending) {
        match (self, ending) {
            (Self::Clear(socket), Ending::Fin | Ending::CloseNotify) => drop(socket),
            (Self::Tls(stream), Ending::Fin) => drop(stream),
            (Self::Tls(mut stream), Ending::CloseNotify) => {
                stream.conn.send_close_notify();
                stream.flush().expect("the server is there");
            }
            (Self::Clear(mut socket), Ending::HalfClose) => {
                socket.shutdown(Shutdown::Write).expect("a socket of ours");
                socket.read_to_end(&mut Vec::new()).expect("an orderly end");
            }
            (Self::Tls(mut stream), Ending::HalfClose) => {
                stream.sock.shutdown(Shutdown::Write).expect("a socket of ours");
                stream.read_to_end(&mut Vec::new()).expect("an end with close_notify");
            }
        }
    }
}

fn is_whole(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    body.len() == length.parse::<usize>().expect("a number")
}
