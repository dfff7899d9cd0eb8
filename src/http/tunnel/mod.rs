//! A tunnel through a proxy to the service: by CONNECT of HTTP, or by SOCKS5. What comes through it, TLS or a request in clear,
//! is not its business.

mod connect;
mod socks;

use self::connect::Connect;
use self::socks::Socks;
use super::context::Context;
use super::stream::{Step, Stream};
use crate::address::host::HostPort;
use crate::address::proxy::{Protocol, Proxy};
use std::io;
use std::net::SocketAddr;

const CLOSED: &str = "the proxy closed the connection";

/// How a proxy is asked for a tunnel.
pub(super) enum Tunnel {
    Connect(Connect),
    Socks(Socks),
}

/// A tunnel that is being opened.
pub(super) enum Opening {
    Connect(connect::Opening),
    Socks(socks::Opening),
}

impl Tunnel {
    pub fn new(proxy: &Proxy, target: &HostPort, user_agent: &str) -> Tunnel {
        match &proxy.protocol {
            Protocol::Http { authorization, .. } => {
                Tunnel::Connect(Connect::new(&target.authority(), authorization.as_ref(), user_agent))
            }
            Protocol::Socks5 { looks_up, login } => Tunnel::Socks(Socks::new(target, *looks_up, login.as_ref())),
        }
    }

    /// Whether the proxy takes an address only, so that the name of the service is looked up here.
    pub fn wants_address(&self) -> bool {
        matches!(self, Tunnel::Socks(socks) if !socks.looks_up)
    }

    /// `address`: that of the service, for a proxy that [wants one](Self::wants_address).
    pub fn begin(&self, address: Option<SocketAddr>) -> Opening {
        match self {
            Tunnel::Connect(_) => Opening::Connect(connect::Opening::default()),
            Tunnel::Socks(socks) => Opening::Socks(socks.begin(address)),
        }
    }
}

impl Opening {
    /// Sends what is to be sent and reads the answers, as far as that is possible now.
    pub fn step(&mut self, tunnel: &Tunnel, proxy: &mut dyn Stream, call: &Context) -> io::Result<Step> {
        match (self, tunnel) {
            (Opening::Connect(opening), Tunnel::Connect(connect)) => connect.open(opening, proxy, call),
            (Opening::Socks(opening), _) => opening.step(proxy, call),
            (Opening::Connect(_), Tunnel::Socks(_)) => Err(io::Error::other("the tunnel is another one")),
        }
    }

    /// Whether the proxy could not reach this address of the service, but may reach another one.
    pub fn may_reach_another(&self) -> bool {
        matches!(self, Opening::Socks(opening) if opening.is_unreachable())
    }
}
