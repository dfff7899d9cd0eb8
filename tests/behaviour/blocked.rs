//! Every operation in which a call can block, each with a server that keeps it blocked, for `deadlines` and `cancel`.

use anchor::{Client, Config, Phase};
use std::thread;
use std::time::Duration;
use testkit::addresses::BlackHole;
use testkit::certificates::{Certificate, tls};
use testkit::scripted::script::{Script, Step, after_request, answer};
use testkit::scripted::{Record, ScriptedServer};
use testkit::settings::config;
use testkit::timing::{LATE, in_time};

/// A call that blocks, and what it blocks on.
pub struct Blocked {
    pub name: &'static str,
    pub phase: Phase,
    pub maybe_consumed: bool,
    pub config: Config,
    /// The call is a signal, with this many bytes of data.
    pub signal_of: Option<usize>,
    place: Place,
    reached: fn(&Record) -> bool,
}

enum Place {
    Server(ScriptedServer),
    Hole(BlackHole),
}

impl Blocked {
    pub fn client(&self) -> Client {
        Client::new(&self.config).expect("valid settings")
    }

    /// Blocks until the call has got there, as far as the other side can see.
    pub fn until_reached(&self) {
        match &self.place {
            Place::Server(server) => server.until(self.name, self.reached),
            Place::Hole(hole) => hole.until_tried(),
        }
    }

    /// False if the call ended before it got there, since the machine was busy.
    pub fn is_reached(&self) -> bool {
        self.server().is_none_or(|server| server.read(self.reached))
    }

    pub fn server(&self) -> Option<&ScriptedServer> {
        match &self.place {
            Place::Server(server) => Some(server),
            Place::Hole(_) => None,
        }
    }

    fn on(name: &'static str, phase: Phase, maybe_consumed: bool, script: Script) -> Blocked {
        let server = ScriptedServer::always(script);
        let config = config(&server.http());
        let reached = |record: &Record| !record.requests.is_empty();
        Blocked { name, phase, maybe_consumed, config, signal_of: None, place: Place::Server(server), reached }
    }

    /// The call blocks after this much of an answer.
    fn after(name: &'static str, maybe_consumed: bool, sent: Vec<u8>, rest: Step) -> Blocked {
        let script = after_request([Step::Send(sent), Step::Delivered, rest]);
        Blocked { reached: |record| record.delivered > 0, ..Blocked::on(name, Phase::Receive, maybe_consumed, script) }
    }

    fn over_tls(mut self) -> Blocked {
        let url = self.server().expect("a server").https();
        self.config.set_base_url(&url).unwrap();
        self
    }

    fn through_socks(mut self) -> Blocked {
        let url = format!("socks5h://{}", self.server().expect("a server").address);
        self.config.set_proxy(&url).unwrap().set_base_url("https://localhost:9").unwrap();
        Blocked { reached: |record| record.delivered > 0, ..self }
    }

    fn through_proxy(mut self) -> Blocked {
        let url = self.server().expect("a server").http();
        self.config.set_proxy(&url).unwrap().set_base_url("https://localhost:9").unwrap();
        self
    }
}

/// All of them except a lookup, which needs a resolver of the test's own.
pub fn everywhere() -> Vec<Blocked> {
    let hole = BlackHole::bind();
    let config = config(&format!("http://{}", hole.address()));
    let connecting = Blocked {
        name: "connecting to a black hole",
        phase: Phase::Connect,
        maybe_consumed: false,
        config,
        signal_of: None,
        place: Place::Hole(hole),
        reached: |_| true,
    };
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":".to_vec();
    let trickle = || Step::Trickle(vec![b' '; 10_000], Duration::from_millis(50));
    let handshake = || Step::Handshake(tls(Certificate::Good));
    // Once the client's hello has been read, the client is in that phase.
    let hello = vec![Step::ReadSome, Step::Delivered, Step::Hang];
    let mut shaking_hands = Blocked::on("the TLS handshake", Phase::Tls, false, hello).over_tls();
    shaking_hands.reached = |record| record.delivered > 0;
    // The proxy has the request for a tunnel.
    let greeted =
        vec![Step::ReadSome, Step::Send(vec![5, 0]), Step::ReadSome, Step::Send(vec![5]), Step::Delivered, Step::Hang];
    let tls_wait = vec![handshake(), Step::ReadRequest, Step::Hang];
    let pausing = answer(503, "retry-after: 20\r\n", r#"{"error":{"code":503,"message":"busy"}}"#);
    let mut places = vec![
        connecting,
        Blocked::on("a proxy's CONNECT", Phase::Connect, false, vec![Step::ReadRequest, Step::Hang]).through_proxy(),
        Blocked::on("a SOCKS proxy", Phase::Connect, false, greeted).through_socks(),
        shaking_hands,
        Blocked::on("a blocked wait", Phase::Wait, true, vec![Step::ReadRequest, Step::Hang]),
        Blocked::on("a blocked wait over TLS", Phase::Wait, true, tls_wait).over_tls(),
        Blocked::after("a head that trickles in", true, b"HTTP/1.1 200 OK\r\na:".to_vec(), trickle()),
        Blocked::after("a body that trickles in", true, head.clone(), trickle()),
        Blocked::after("a body that stops", true, head, Step::Hang),
        Blocked::after("backing off", false, pausing, Step::Hang),
    ];
    // Once the beginning of the request has been read, the client is in that phase.
    let beginning = vec![Step::ReadSome, Step::Delivered, Step::Ignore];
    let mut sending = Blocked::on("sending a large signal", Phase::Send, false, beginning);
    sending.reached = |record| record.delivered > 0;
    sending.signal_of = Some(8 << 20);
    places.push(sending);
    let mut answering = Blocked::on("a blocked signal", Phase::Wait, true, vec![Step::ReadRequest, Step::Hang]);
    answering.signal_of = Some(10);
    places.push(answering);
    places
}

pub fn is_wait(place: &Blocked) -> bool {
    place.signal_of.is_none()
}

/// Of a signal, a refusal is the end.
pub fn is_not_backing_off(place: &Blocked) -> bool {
    place.name != "backing off"
}

/// Runs the check in parallel at each place that is wanted. It returns how late the call was, and each has to be in time once.
pub fn everywhere_in_time(
    is_wanted: fn(&Blocked) -> bool,
    check: impl Fn(&mut Blocked) -> Duration + Copy + Send + 'static,
) {
    let mut done: Vec<&str> = Vec::new();
    in_time("a call at one of the places", LATE, || {
        let places = everywhere().into_iter().filter(|place| is_wanted(place) && !done.contains(&place.name));
        let running: Vec<_> = places.map(|mut place| (place.name, thread::spawn(move || check(&mut place)))).collect();
        let late: Vec<_> = running.into_iter().map(|(name, run)| (name, run.join().expect(name))).collect();
        done.extend(late.iter().filter(|(_, late)| *late < LATE).map(|(name, _)| name));
        late.into_iter().map(|(_, late)| late).max().unwrap_or_default()
    });
}

impl Blocked {
    /// The payload of a signal.
    pub fn data(&self) -> Option<String> {
        self.signal_of.map(|size| format!("{{\"blob\":\"{}\"}}", "x".repeat(size)))
    }
}
