//! Makes a connection: to the service or to a proxy, with TLS or without. It is a machine that never blocks. Its driver looks up
//! the host and waits for sockets, as [`Dial::step`] asks for it. The race of addresses, the tunnel and the handshake have files
//! of their own.

use super::blocking::Blocking;
use super::context::Context;
use super::failure::FailureKind;
use super::lookup::{self, Addresses};
use super::race::Race;
use super::stream::{Step, Stream};
use super::tcp::Tcp;
use super::tls::Tls;
use super::tunnel::{Opening, Tunnel};
use crate::error::Phase;
use crate::sys::{LookupError, Socket, Watch, is_exhausted};
use rustls::ClientConfig;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// The way from this process to the service.
pub(super) struct Route {
    pub https: bool,
    pub host: String,
    pub port: u16,
    /// For the service; `None` if neither it nor a proxy is reached over TLS.
    pub tls: Option<Arc<ClientConfig>>,
    /// For a proxy that is reached over TLS.
    pub proxy_tls: Option<Arc<ClientConfig>>,
    pub tunnel: Option<Tunnel>,
    /// The key would be sent unencrypted, so only loopback addresses may be connected to.
    pub only_loopback: bool,
}

impl Route {
    /// The host whose address is looked up: the proxy's, or the service's.
    pub fn first_hop(&self) -> (&str, u16) {
        let (host, port) = match &self.tunnel {
            Some(tunnel) => (&tunnel.host, tunnel.port),
            None => (&self.host, self.port),
        };
        (host.trim_start_matches('[').trim_end_matches(']'), port)
    }

    /// The layer that comes above `below`; `None` above the last one.
    fn layer_above(&self, below: Option<Layer>) -> Option<Layer> {
        let tunnel = self.tunnel.as_ref();
        match below {
            None if tunnel.is_some_and(|proxy| proxy.https) => Some(Layer::ProxyTls),
            None | Some(Layer::ProxyTls) if tunnel.is_some() => Some(Layer::Tunnel),
            None | Some(Layer::Tunnel) if self.https => Some(Layer::ServiceTls),
            _ => None,
        }
    }
}

/// What a connection consists of, from TCP upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    ProxyTls,
    Tunnel,
    ServiceTls,
}

/// A connection in the making.
pub(super) struct Dial(Stage);

enum Stage {
    /// The addresses of the first hop are needed.
    Lookup,
    Race(Race),
    /// A handshake, with the proxy or with the service.
    Handshake(Layer, Box<Tls>),
    Tunnel(Box<dyn Stream>, Opening),
    Over,
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
        call.enter(Phase::Dns);
        let mut dial = Dial(Stage::Lookup);
        let (host, port) = route.first_hop();
        if let Some(address) = lookup::literal(host, port) {
            dial.race(route, vec![address], call)?;
        }
        Ok(dial)
    }

    /// The lookup that [`Progress::Addresses`] asked for has an outcome. It may come again, for an earlier dial of the same call.
    pub fn found(&mut self, route: &Route, addresses: &Addresses, call: &Context) -> io::Result<()> {
        match addresses {
            _ if !matches!(self.0, Stage::Lookup) => Ok(()),
            Ok(addresses) => self.race(route, addresses.clone(), call),
            Err(e) => Err(note_lookup_error(e, call)),
        }
    }

    /// Continues as far as it can without blocking.
    pub fn step(&mut self, route: &Route, call: &Context) -> io::Result<Progress> {
        let (stream, layer) = match &mut self.0 {
            Stage::Lookup => return Ok(Progress::Addresses),
            Stage::Race(race) => {
                race.start_attempts(Instant::now()).map_err(|e| note_connect_error(e, call))?;
                return Ok(Progress::Attempts);
            }
            Stage::Handshake(_, tls) => match tls.shake_hands(call)? {
                Step::Turn => return Ok(Progress::Turn),
                Step::Input => return Ok(Progress::Input),
                Step::Output => return Ok(Progress::Output),
                Step::Done => match std::mem::replace(&mut self.0, Stage::Over) {
                    Stage::Handshake(layer, tls) => (tls as Box<dyn Stream>, layer),
                    _ => return Err(is_over()),
                },
            },
            Stage::Tunnel(proxy, opening) => {
                let Some(tunnel) = &route.tunnel else { return Err(is_over()) };
                match tunnel.open(opening, &mut **proxy, call)? {
                    Step::Turn => return Ok(Progress::Turn),
                    Step::Input => return Ok(Progress::Input),
                    Step::Output => return Ok(Progress::Output),
                    Step::Done => match std::mem::replace(&mut self.0, Stage::Over) {
                        Stage::Tunnel(proxy, _) => (proxy, Layer::Tunnel),
                        _ => return Err(is_over()),
                    },
                }
            }
            Stage::Over => return Err(is_over()),
        };
        self.climb(route, stream, Some(layer), call)
    }

    /// The sockets of the attempts, and until when to wait for them; they are waited for after [`Progress::Attempts`].
    pub fn attempts(&self) -> (Vec<Watch>, Option<Instant>) {
        match &self.0 {
            Stage::Race(race) => (race.sockets().map(Watch::output).collect(), race.next_attempt()),
            _ => (Vec::new(), None),
        }
    }

    /// When the next attempt starts.
    pub fn next_attempt(&self) -> Option<Instant> {
        match &self.0 {
            Stage::Race(race) => race.next_attempt(),
            _ => None,
        }
    }

    /// The attempts were polled. If one of them has won, the dial continues with it.
    pub fn attempted(&mut self, route: &Route, watched: &[Watch], call: &Context) -> io::Result<Progress> {
        let Stage::Race(race) = &mut self.0 else { return Err(is_over()) };
        let Some(socket) = race.winner(watched) else { return self.step(route, call) };
        self.0 = Stage::Over;
        if route.only_loopback && !socket.is_to_loopback() {
            return Err(refuse_clear_text(call));
        }
        self.climb(route, Box::new(Tcp(socket)), None, call)
    }

    /// The sockets that the dial waits for.
    pub fn sockets(&self) -> Vec<&Socket> {
        match &self.0 {
            Stage::Race(race) => race.sockets().collect(),
            Stage::Handshake(_, tls) => vec![tls.socket()],
            Stage::Tunnel(proxy, _) => vec![proxy.socket()],
            Stage::Lookup | Stage::Over => Vec::new(),
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
        self.0 = Stage::Race(Race::new(addresses));
        Ok(())
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
        self.0 = match (layer, &route.tunnel, tls) {
            (Layer::Tunnel, ..) => {
                call.enter(Phase::Connect);
                Stage::Tunnel(stream, Opening::default())
            }
            (Layer::ProxyTls, Some(tunnel), Some(tls)) => {
                Stage::Handshake(layer, Box::new(Tls::new(stream, Arc::clone(tls), &tunnel.host, call)?))
            }
            (Layer::ServiceTls, _, Some(tls)) => {
                Stage::Handshake(layer, Box::new(Tls::new(stream, Arc::clone(tls), &route.host, call)?))
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
                let (host, port) = route.first_hop();
                dial.found(route, &lookup::blocking(host, port, call), context)?;
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
        LookupError::Exhausted(e) => (Some(FailureKind::Exhausted), e.to_string()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::proxy::parse;

    #[test]
    fn the_layers_of_each_route() {
        use Layer::{ProxyTls, ServiceTls, Tunnel as Tunnelled};
        for (https, proxy, expected) in [
            (false, None, &[][..]),
            (true, None, &[ServiceTls]),
            (false, Some("http://p:1"), &[Tunnelled]),
            (true, Some("http://p:1"), &[Tunnelled, ServiceTls]),
            (false, Some("https://p:1"), &[ProxyTls, Tunnelled]),
            (true, Some("https://p:1"), &[ProxyTls, Tunnelled, ServiceTls]),
        ] {
            let tunnel = proxy.map(|url| Tunnel::new(&parse(url).unwrap(), "service", 1, ""));
            let first_hop = tunnel.as_ref().map_or("service", |_| "p");
            let route = Route {
                https,
                host: "service".to_owned(),
                port: 1,
                tls: None,
                proxy_tls: None,
                tunnel,
                only_loopback: false,
            };
            let above = |below: &Option<Layer>| route.layer_above(*below).map(Some);
            let layers: Vec<Layer> = std::iter::successors(Some(None), above).flatten().collect();
            assert_eq!(layers, expected, "{https} {proxy:?}");
            assert_eq!(route.first_hop(), (first_hop, 1));
        }
    }
}
