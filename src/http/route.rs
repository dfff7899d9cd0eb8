//! The way from this process to the service: what is connected to, and what comes above that connection.

use super::tunnel::Tunnel;
use crate::address::host::HostPort;
use crate::sys::UnixAddress;
use rustls::ClientConfig;
use std::sync::Arc;

pub(super) struct Route {
    pub https: bool,
    /// The service, or what the settings connect to in its place.
    pub target: HostPort,
    /// The name for which the service's certificate must be.
    pub name: String,
    /// For the service; `None` if neither it nor a proxy is reached over TLS.
    pub tls: Option<Arc<ClientConfig>>,
    /// For a proxy that is reached over TLS.
    pub proxy_tls: Option<Arc<ClientConfig>>,
    pub via: Via,
    /// The key would be sent unencrypted, so only this machine may be connected to.
    pub only_loopback: bool,
}

/// What is between this process and the service.
pub(super) enum Via {
    Nothing,
    UnixSocket(UnixAddress),
    Proxy(Hop),
}

/// A proxy.
pub(super) struct Hop {
    pub at: HostPort,
    /// The proxy itself is reached over TLS.
    pub https: bool,
    /// `None` if the proxy gets the requests themselves and forwards them.
    pub tunnel: Option<Tunnel>,
}

/// What a connection consists of, from its socket upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    ProxyTls,
    Tunnel,
    ServiceTls,
}

impl Route {
    /// The host that the socket is connected to: the proxy's, or the service's.
    pub fn first_hop(&self) -> &HostPort {
        self.proxy().map_or(&self.target, |proxy| &proxy.at)
    }

    pub fn proxy(&self) -> Option<&Hop> {
        match &self.via {
            Via::Proxy(proxy) => Some(proxy),
            Via::Nothing | Via::UnixSocket(_) => None,
        }
    }

    pub fn tunnel(&self) -> Option<&Tunnel> {
        self.proxy()?.tunnel.as_ref()
    }

    /// Whether a proxy forwards the requests. Such a request names the service in its first line.
    pub fn is_forwarded(&self) -> bool {
        self.proxy().is_some_and(|proxy| proxy.tunnel.is_none())
    }

    /// The layer that comes above `below`; `None` above the last one.
    pub fn layer_above(&self, below: Option<Layer>) -> Option<Layer> {
        match below {
            None if self.proxy().is_some_and(|proxy| proxy.https) => Some(Layer::ProxyTls),
            None | Some(Layer::ProxyTls) if self.tunnel().is_some() => Some(Layer::Tunnel),
            None | Some(Layer::Tunnel) if self.https => Some(Layer::ServiceTls),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::proxy::parse;

    #[test]
    fn the_layers_of_each_route() {
        use Layer::{ProxyTls, ServiceTls, Tunnel as Tunnelled};
        for (https, proxy, tunnels, expected) in [
            (false, None, false, &[][..]),
            (true, None, false, &[ServiceTls]),
            (false, Some("http://p:1"), false, &[]),
            (false, Some("http://p:1"), true, &[Tunnelled]),
            (true, Some("http://p:1"), true, &[Tunnelled, ServiceTls]),
            (false, Some("https://p:1"), false, &[ProxyTls]),
            (false, Some("https://p:1"), true, &[ProxyTls, Tunnelled]),
            (true, Some("https://p:1"), true, &[ProxyTls, Tunnelled, ServiceTls]),
            (false, Some("socks5://p:1"), true, &[Tunnelled]),
            (true, Some("socks5h://p:1"), true, &[Tunnelled, ServiceTls]),
        ] {
            let target = HostPort::parse("service:1").unwrap();
            let hop = proxy.map(parse).map(|proxy| {
                let proxy = proxy.unwrap();
                let tunnel = tunnels.then(|| Tunnel::new(&proxy, &target, ""));
                Hop { https: proxy.is_over_tls(), at: proxy.at, tunnel }
            });
            let first_hop = hop.as_ref().map_or("service:1", |_| "p:1");
            let via = hop.map_or(Via::Nothing, Via::Proxy);
            let route =
                Route { https, target, name: String::new(), tls: None, proxy_tls: None, via, only_loopback: false };
            let above = |below: &Option<Layer>| route.layer_above(*below).map(Some);
            let layers: Vec<Layer> = std::iter::successors(Some(None), above).flatten().collect();
            assert_eq!(layers, expected, "{https} {proxy:?}");
            assert_eq!(route.first_hop().authority(), first_hop);
            assert_eq!(route.is_forwarded(), proxy.is_some() && !tunnels);
        }
    }
}
