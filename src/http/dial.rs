//! Makes a connection: to the service or to a proxy, with TLS or without. It is a machine that never blocks. Its driver looks up
//! the host and waits for sockets, as [`Dial::step`] asks for it. The race of addresses, the tunnel and the handshake have files
//! of their own.

use super::blocking::Blocking;
use super::context::Context;
use super::failure::FailureKind;
use super::lookup::{self, Addresses};
use super::race::{Race, interleave};
use super::route::{Layer, Route, Via};
use super::stream::{Step, Stream};
use super::tcp::Tcp;
use super::tls::Tls;
use super::tunnel::{Opening, Tunnel};
use crate::address::host::HostPort;
use crate::error::Phase;
use crate::sys::{LookupError, Socket, Watch, is_exhausted};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// A connection in the making.
pub(super) struct Dial {
    stage: Stage,
    /// For a proxy that wants an address of the service.
    by_address: Option<Box<ByAddress>>,
}

enum Stage {
    /// The addresses of this host are needed.
    Lookup(Wanted),
    Race(Race),
    /// A handshake, with the proxy or with the service.
    Handshake(Layer, Box<Tls>),
    Tunnel(Box<dyn Stream>, Opening),
    Over,
}

#[derive(Clone, Copy)]
enum Wanted {
    Target,
    FirstHop,
}

/// The addresses of the service, of which the proxy is asked for one after the other until it reaches one.
struct ByAddress {
    untried: std::vec::IntoIter<SocketAddr>,
    asked: SocketAddr,
    /// Where the proxy is: each address takes a new connection to it.
    proxy: Vec<SocketAddr>,
}

/// What a dial needs next.
pub(super) enum Progress {
    Connected(Box<dyn Stream>),
    /// The addresses of [`Route::first_hop`], for [`Dial::found`].
    Addresses,
    /// The outcome of the attempts to connect.
    Attempts,
    /// Nothing: it has read, and there may be more input.
    Turn,
    Input,
    /// Room for output.
    Output,
}

impl Dial {
    /// Begins with the lookup. `call` is the exchange that needs the connection.
    pub fn new(route: &Route, call: &Context) -> io::Result<Dial> {
        call.note_dialled();
        let mut dial = Dial { stage: Stage::Over, by_address: None };
        if let Via::UnixSocket(address) = &route.via {
            call.enter(Phase::Connect);
            let socket = Socket::connect_unix(address).map_err(|e| note_connect_error(e, call))?;
            dial.stage = Stage::Race(Race::of(socket));
        } else {
            let wants_address = route.tunnel().is_some_and(Tunnel::wants_address);
            dial.look_up(if wants_address { Wanted::Target } else { Wanted::FirstHop }, route, call)?;
        }
        Ok(dial)
    }

    /// The host whose addresses [`Progress::Addresses`] asks for.
    pub fn wanted<'r>(&self, route: &'r Route) -> Option<&'r HostPort> {
        match self.stage {
            Stage::Lookup(Wanted::Target) => Some(&route.target),
            Stage::Lookup(Wanted::FirstHop) => Some(route.first_hop()),
            _ => None,
        }
    }

    /// The lookup that [`Progress::Addresses`] asked for has an outcome.
    pub fn found(&mut self, route: &Route, addresses: &Addresses, call: &Context) -> io::Result<()> {
        let Stage::Lookup(wanted) = self.stage else { return Err(is_over()) };
        match addresses {
            Ok(addresses) => self.take_addresses(wanted, addresses.clone(), route, call),
            Err(e) => Err(note_lookup_error(e, call)),
        }
    }

    /// Continues as far as it can without blocking.
    pub fn step(&mut self, route: &Route, call: &Context) -> io::Result<Progress> {
        let (stream, layer) = match &mut self.stage {
            Stage::Lookup(_) => return Ok(Progress::Addresses),
            Stage::Race(race) => {
                race.start_attempts(Instant::now()).map_err(|e| note_connect_error(e, call))?;
                return Ok(Progress::Attempts);
            }
            Stage::Handshake(_, tls) => match tls.shake_hands(call)? {
                Step::Turn => return Ok(Progress::Turn),
                Step::Input => return Ok(Progress::Input),
                Step::Output => return Ok(Progress::Output),
                Step::Done => match std::mem::replace(&mut self.stage, Stage::Over) {
                    Stage::Handshake(layer, tls) => (tls as Box<dyn Stream>, layer),
                    _ => return Err(is_over()),
                },
            },
            Stage::Tunnel(proxy, opening) => {
                let Some(tunnel) = route.tunnel() else { return Err(is_over()) };
                match opening.step(tunnel, &mut **proxy, call) {
                    Ok(Step::Turn) => return Ok(Progress::Turn),
                    Ok(Step::Input) => return Ok(Progress::Input),
                    Ok(Step::Output) => return Ok(Progress::Output),
                    Ok(Step::Done) => match std::mem::replace(&mut self.stage, Stage::Over) {
                        Stage::Tunnel(proxy, _) => (proxy, Layer::Tunnel),
                        _ => return Err(is_over()),
                    },
                    Err(e) if opening.may_reach_another() => {
                        self.ask_for_the_next_address().ok_or(e)?;
                        return self.step(route, call);
                    }
                    Err(e) => return Err(e),
                }
            }
            Stage::Over => return Err(is_over()),
        };
        self.climb(route, stream, Some(layer), call)
    }

    /// The sockets of the attempts, and until when to wait for them; they are waited for after [`Progress::Attempts`].
    pub fn attempts(&self) -> (Vec<Watch>, Option<Instant>) {
        match &self.stage {
            Stage::Race(race) => (race.sockets().map(Watch::output).collect(), race.next_attempt()),
            _ => (Vec::new(), None),
        }
    }

    /// When the next attempt starts.
    pub fn next_attempt(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Race(race) => race.next_attempt(),
            _ => None,
        }
    }

    /// The attempts were polled. If one of them has won, the dial continues with it.
    pub fn attempted(&mut self, route: &Route, watched: &[Watch], call: &Context) -> io::Result<Progress> {
        let Stage::Race(race) = &mut self.stage else { return Err(is_over()) };
        let Some(socket) = race.winner(watched) else { return self.step(route, call) };
        self.stage = Stage::Over;
        if route.only_loopback && !socket.is_to_loopback() {
            return Err(refuse_clear_text(call));
        }
        self.climb(route, Box::new(Tcp(socket)), None, call)
    }

    /// The sockets that the dial waits for.
    pub fn sockets(&self) -> Vec<&Socket> {
        match &self.stage {
            Stage::Race(race) => race.sockets().collect(),
            Stage::Handshake(_, tls) => vec![tls.socket()],
            Stage::Tunnel(proxy, _) => vec![proxy.socket()],
            Stage::Lookup(_) | Stage::Over => Vec::new(),
        }
    }

    /// Needs the addresses of a host, or has its only one.
    fn look_up(&mut self, wanted: Wanted, route: &Route, call: &Context) -> io::Result<()> {
        call.enter(Phase::Dns);
        self.stage = Stage::Lookup(wanted);
        let Some(host) = self.wanted(route) else { return Ok(()) };
        match lookup::literal(host).map_err(|e| note_connect_error(e, call))? {
            Some(address) => self.take_addresses(wanted, vec![address], route, call),
            None => Ok(()),
        }
    }

    fn take_addresses(
        &mut self,
        wanted: Wanted,
        addresses: Vec<SocketAddr>,
        route: &Route,
        call: &Context,
    ) -> io::Result<()> {
        match wanted {
            Wanted::FirstHop => self.race(route, addresses, call),
            Wanted::Target => {
                let mut untried = interleave(addresses).into_iter();
                let Some(asked) = untried.next() else { return Err(io::Error::other("the name has no address")) };
                self.by_address = Some(Box::new(ByAddress { untried, asked, proxy: Vec::new() }));
                self.look_up(Wanted::FirstHop, route, call)
            }
        }
    }

    fn race(&mut self, route: &Route, mut addresses: Vec<SocketAddr>, call: &Context) -> io::Result<()> {
        call.enter(Phase::Connect);
        if route.only_loopback {
            addresses.retain(|address| address.ip().to_canonical().is_loopback());
            if addresses.is_empty() {
                return Err(refuse_clear_text(call));
            }
        }
        if let Some(by_address) = &mut self.by_address {
            by_address.proxy.clone_from(&addresses);
        }
        self.stage = Stage::Race(Race::new(addresses));
        Ok(())
    }

    /// Connects to the proxy again. `None` if it has been asked for each address of the service.
    fn ask_for_the_next_address(&mut self) -> Option<()> {
        let by_address = self.by_address.as_mut()?;
        by_address.asked = by_address.untried.next()?;
        self.stage = Stage::Race(Race::new(by_address.proxy.clone()));
        Some(())
    }

    /// Begins with the layer above `below`.
    fn climb(
        &mut self,
        route: &Route,
        stream: Box<dyn Stream>,
        below: Option<Layer>,
        call: &Context,
    ) -> io::Result<Progress> {
        let Some(layer) = route.layer_above(below) else {
            call.note_connected();
            return Ok(Progress::Connected(stream));
        };
        let tls = if layer == Layer::ProxyTls { &route.proxy_tls } else { &route.tls };
        self.stage = match (layer, route.proxy(), tls) {
            (Layer::Tunnel, ..) => {
                call.enter(Phase::Connect);
                let Some(tunnel) = route.tunnel() else { return Err(is_over()) };
                let address = self.by_address.as_ref().map(|by_address| by_address.asked);
                Stage::Tunnel(stream, tunnel.begin(address))
            }
            (Layer::ProxyTls, Some(proxy), Some(tls)) => {
                let name = proxy.at.host.in_url();
                Stage::Handshake(layer, Box::new(Tls::new(stream, Arc::clone(tls), name, call)?))
            }
            (Layer::ServiceTls, _, Some(tls)) => {
                Stage::Handshake(layer, Box::new(Tls::new(stream, Arc::clone(tls), &route.name, call)?))
            }
            _ => return Err(io::Error::other("TLS is not set up")),
        };
        self.step(route, call)
    }
}

/// Dials, and blocks until the connection is made or the call ends.
pub(super) fn blocking(route: &Route, call: &Blocking) -> io::Result<Box<dyn Stream>> {
    let context = &call.context;
    let mut dial = Dial::new(route, context)?;
    let mut progress = dial.step(route, context)?;
    loop {
        progress = match progress {
            Progress::Connected(stream) => return Ok(stream),
            Progress::Addresses => {
                let Some(host) = dial.wanted(route) else { return Err(is_over()) };
                dial.found(route, &lookup::blocking(host.host.bare(), host.port, call), context)?;
                dial.step(route, context)?
            }
            Progress::Attempts => {
                let (mut watched, head_start) = dial.attempts();
                call.await_connect(&mut watched, head_start)?;
                dial.attempted(route, &watched, context)?
            }
            Progress::Turn | Progress::Input | Progress::Output => {
                let watch = if matches!(progress, Progress::Output) { Watch::output } else { Watch::input };
                let mut watched: Vec<Watch> = dial.sockets().into_iter().map(watch).collect();
                call.await_connect(&mut watched, None)?;
                dial.step(route, context)?
            }
        };
    }
}

fn is_over() -> io::Error {
    io::Error::other("the dial is over")
}

/// Refuses to send the key unencrypted to another machine. Final: another attempt would be refused as well.
fn refuse_clear_text(call: &Context) -> io::Error {
    let why = "the host is not this machine, and plain http would show the API key to the network";
    call.note_verdict(FailureKind::NotPermitted, why);
    io::Error::other(why)
}

fn note_lookup_error(e: &LookupError, call: &Context) -> io::Error {
    let (kind, why) = match e {
        LookupError::UnknownHost(why) => (Some(FailureKind::UnknownHost), why.clone()),
        LookupError::Exhausted(why) => (Some(FailureKind::Exhausted), why.clone()),
        LookupError::Failed(why) => (None, why.clone()),
    };
    match kind {
        Some(kind) => call.note_verdict(kind, format!("looking up the host: {why}")),
        None => call.note_broken(&why),
    }
    io::Error::other(why)
}

fn note_connect_error(e: io::Error, call: &Context) -> io::Error {
    if is_exhausted(&e) {
        call.note_verdict(FailureKind::Exhausted, format!("connecting: {e}"));
    }
    call.note_broken(&e);
    e
}
