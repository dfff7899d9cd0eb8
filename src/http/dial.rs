//! Makes the connections of a client: what is dialled for what (service, proxy, TLS) is decided here; the lookup, the race of
//! addresses, the tunnel and the handshake have files of their own.

use super::context::with_current;
use super::exchange::default_port;
use super::lookup::look_up;
use super::race::race;
use super::tcp::{Metered, TcpTransport};
use super::tls::TlsTransport;
use super::tunnel::Tunnel;
use crate::error::Phase;
use crate::sys::{Socket, is_exhausted};
use rustls::ClientConfig;
use std::io;
use std::sync::Arc;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout, Transport};

/// ureq asks its resolver before each request, even for a pooled connection. So this one has nothing to say, and
/// [`Dialer`] looks up when it dials.
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
}

impl std::fmt::Debug for Dialer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dialer")
    }
}

impl Connector for Dialer {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Self::Out>, ureq::Error> {
        let (https, timeout) = (details.needs_tls(), details.timeout);
        let host = details.uri.host().unwrap_or_default();
        let transport = match &self.tunnel {
            Some(tunnel) => {
                let mut proxy = self.reach(tunnel.https, &tunnel.host, tunnel.port, timeout)?;
                with_current(|call| call.enter(Phase::Connect));
                tunnel.open(&mut *proxy, timeout)?;
                if https { self.wrap(proxy, host, timeout)? } else { proxy }
            }
            None => {
                let port = details.uri.port_u16().unwrap_or(default_port(https));
                self.reach(https, host, port, timeout)?
            }
        };
        with_current(|call| {
            call.connected.set(true);
            call.enter(Phase::Send);
        });
        Ok(Some(Box::new(Metered(transport))))
    }
}

impl Dialer {
    fn reach(
        &self,
        https: bool,
        host: &str,
        port: u16,
        timeout: NextTimeout,
    ) -> Result<Box<dyn Transport>, ureq::Error> {
        let transport = Box::new(TcpTransport::new(dial(host, port)?));
        if https { self.wrap(transport, host, timeout) } else { Ok(transport) }
    }

    fn wrap(
        &self,
        transport: Box<dyn Transport>,
        host: &str,
        timeout: NextTimeout,
    ) -> Result<Box<dyn Transport>, ureq::Error> {
        let Some(tls) = self.tls.clone() else { return Err(ureq::Error::TlsRequired) };
        Ok(Box::new(TlsTransport::connect(transport, tls, host, timeout)?))
    }
}

/// Not inlined, so that the stack it needs is free again while the call is blocked.
#[inline(never)]
fn dial(host: &str, port: u16) -> Result<Socket, ureq::Error> {
    with_current(|call| call.enter(Phase::Dns));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = look_up(host, port).map_err(failed)?;
    with_current(|call| call.enter(Phase::Connect));
    race(addresses).map_err(failed)
}

fn failed(e: io::Error) -> ureq::Error {
    with_current(|call| {
        call.exhausted.set(is_exhausted(&e));
        call.note_broken(&e);
    });
    ureq::Error::Other(e.into())
}
