//! What the settings say of the way to the service: its base URL, what is connected to in its place, and the proxy. Pure.

use super::endpoint::Endpoint;
use super::host::HostPort;
use super::proxy::{Protocol, Proxy};
use crate::secret::Secret;

pub(crate) struct Destination {
    pub endpoint: Endpoint,
    /// What is connected to in place of the host of the endpoint.
    pub connect_to: Option<HostPort>,
    pub proxy: Option<Proxy>,
}

impl Destination {
    /// What this process connects to, or asks a proxy for.
    pub fn target(&self) -> HostPort {
        self.connect_to.clone().unwrap_or_else(|| self.endpoint.host_port())
    }

    /// Whether the service or the proxy is reached over TLS.
    pub fn uses_tls(&self) -> bool {
        self.endpoint.https || self.proxy.as_ref().is_some_and(Proxy::is_over_tls)
    }

    /// Whether the proxy gets the requests themselves, as curl does it: in clear, through an HTTP proxy, and without another host to
    /// connect to, for which a request has no place. All else goes through a tunnel.
    pub fn is_forwarded(&self) -> bool {
        self.http_proxy().is_some() && !self.endpoint.https && self.connect_to.is_none()
    }

    /// What the proxy wants to see in each request that it forwards.
    pub fn forward_authorization(&self) -> Option<&Secret> {
        self.http_proxy().flatten().filter(|_| self.is_forwarded())
    }

    /// Whether the proxy gets the name of the service in a message of SOCKS.
    pub fn is_named_to_socks(&self) -> bool {
        matches!(&self.proxy, Some(Proxy { protocol: Protocol::Socks5 { looks_up: true, .. }, .. }))
    }

    /// The authorization for the proxy, if there is an HTTP proxy.
    fn http_proxy(&self) -> Option<Option<&Secret>> {
        match &self.proxy.as_ref()?.protocol {
            Protocol::Http { authorization, .. } => Some(authorization.as_ref()),
            Protocol::Socks5 { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::proxy::parse;

    #[test]
    fn what_a_proxy_forwards() {
        for (url, proxy, connect_to, forwarded) in [
            ("http://h", Some("http://u:p@p"), None, true),
            ("http://h", Some("https://u:p@p"), None, true),
            ("http://h", Some("http://u:p@p"), Some("h:1"), false),
            ("https://h", Some("http://u:p@p"), None, false),
            ("http://h", Some("socks5://u:p@p"), None, false),
            ("http://h", None, None, false),
        ] {
            let destination = Destination {
                endpoint: Endpoint::parse(url).unwrap(),
                connect_to: connect_to.map(|at| HostPort::parse(at).unwrap()),
                proxy: proxy.map(|url| parse(url).unwrap()),
            };
            assert_eq!(destination.is_forwarded(), forwarded, "{url} {proxy:?} {connect_to:?}");
            assert_eq!(destination.forward_authorization().is_some(), forwarded);
            assert_eq!(
                destination.target().authority(),
                connect_to.unwrap_or(if url.contains('s') { "h:443" } else { "h:80" })
            );
        }
    }
}
