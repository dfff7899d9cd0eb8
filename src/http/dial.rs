//! Makes the connections of a client: to the service or to a proxy, with TLS or without. The lookup, the race of addresses, the
//! tunnel and the handshake have files of their own.

use super::connection::Connection;
use super::context::{Context, with_current};
use super::exchange::default_port;
use super::failure::FailureKind;
use super::lookup::look_up;
use super::race::race;
use super::stream::Stream;
use super::tcp::Tcp;
use super::tls::handshake;
use super::tunnel::Tunnel;
use crate::error::Phase;
use crate::secret::Secret;
use crate::sys::{LookupError, Socket, is_exhausted};
use rustls::ClientConfig;
use std::io;
use std::sync::Arc;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout};

/// A resolver that finds nothing. ureq calls its resolver before each request, even if the pool has a connection, so
/// [`Dialer`] looks up the host instead when it dials.
#[derive(Debug)]
pub(super) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &ureq::config::Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// Makes the connections of a client.
pub(super) struct Dialer {
    /// `None` if neither the service nor a proxy is reached over TLS.
    pub tls: Option<Arc<ClientConfig>>,
    pub tunnel: Option<Tunnel>,
    /// The key would be sent unencrypted, so only loopback addresses may be connected to.
    pub only_loopback: bool,
    pub key: Secret,
}

impl std::fmt::Debug for Dialer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dialer")
    }
}

impl Connector for Dialer {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Self::Out>, ureq::Error> {
        let https = details.needs_tls();
        let host = details.uri.host().unwrap_or_default();
        let port = details.uri.port_u16().unwrap_or(default_port(https));
        with_current(Context::note_dialled);
        // `Error::Other`, because ureq tries again after some kinds of `Error::Io`.
        let stream = self.open(https, host, port).map_err(|e| ureq::Error::Other(e.into()))?;
        with_current(Context::note_connected);
        Ok(Some(Connection::new(stream, https, self.key.clone())))
    }
}

impl Dialer {
    fn open(&self, https: bool, host: &str, port: u16) -> io::Result<Box<dyn Stream>> {
        let Some(tunnel) = &self.tunnel else { return self.reach(https, host, port) };
        let mut proxy = self.reach(tunnel.https, &tunnel.host, tunnel.port)?;
        with_current(|call| call.enter(Phase::Connect));
        tunnel.open(&mut *proxy)?;
        if https { self.wrap(proxy, host) } else { Ok(proxy) }
    }

    fn reach(&self, https: bool, host: &str, port: u16) -> io::Result<Box<dyn Stream>> {
        let stream = Box::new(Tcp(self.dial(host, port)?));
        if https { self.wrap(stream, host) } else { Ok(stream) }
    }

    fn wrap(&self, stream: Box<dyn Stream>, host: &str) -> io::Result<Box<dyn Stream>> {
        let Some(tls) = self.tls.clone() else { return Err(io::Error::other("TLS is not set up")) };
        Ok(Box::new(handshake(stream, tls, host)?))
    }

    /// Not inlined, so that its stack is free while the call is blocked.
    #[inline(never)]
    fn dial(&self, host: &str, port: u16) -> io::Result<Socket> {
        with_current(|call| call.enter(Phase::Dns));
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut addresses = look_up(host, port).map_err(note_lookup_error)?;
        with_current(|call| call.enter(Phase::Connect));
        if self.only_loopback {
            addresses.retain(|address| address.ip().to_canonical().is_loopback());
            if addresses.is_empty() {
                return Err(refuse_clear_text());
            }
        }
        let socket = race(addresses).map_err(note_connect_error)?;
        if self.only_loopback && !socket.is_to_loopback() {
            return Err(refuse_clear_text());
        }
        Ok(socket)
    }
}

/// Refuses to send the key unencrypted to another machine. Final: another attempt would be refused as well.
fn refuse_clear_text() -> io::Error {
    let why = "the host is not this machine, and plain http would show the API key to the network";
    with_current(|call| call.note_verdict(FailureKind::NotPermitted, why));
    io::Error::other(why)
}

fn note_lookup_error(e: LookupError) -> io::Error {
    let (kind, why) = match e {
        LookupError::UnknownHost(why) => (Some(FailureKind::UnknownHost), why),
        LookupError::Exhausted(e) => (Some(FailureKind::Exhausted), e.to_string()),
        LookupError::Failed(why) => (None, why),
    };
    with_current(|call| match kind {
        Some(kind) => call.note_verdict(kind, format!("looking up the host: {why}")),
        None => call.note_broken(&why),
    });
    io::Error::other(why)
}

fn note_connect_error(e: io::Error) -> io::Error {
    with_current(|call| {
        if is_exhausted(&e) {
            call.note_verdict(FailureKind::Exhausted, format!("connecting: {e}"));
        }
        call.note_broken(&e);
    });
    e
}
