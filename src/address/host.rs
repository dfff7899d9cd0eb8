//! A host, and a host with its port: of the service, of a proxy, or of what is connected to in its place. Pure.

use std::net::{IpAddr, Ipv6Addr};

/// A name or an address, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    /// As in a URL: an IPv6 address stands in brackets.
    text: String,
    /// The zone of an IPv6 address, such as `eth0`. It means something on this machine only, so it is never sent.
    zone: Option<String>,
}

/// What is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostPort {
    pub host: Host,
    pub port: u16,
}

const LONGEST_ZONE: usize = 64;

impl Host {
    /// Parses `name`, `1.2.3.4`, `[::1]` or `[fe80::1%25eth0]`. As curl does, it takes a zone after a bare `%` too.
    pub fn parse(text: &str) -> Result<Host, String> {
        let invalid = || "has no valid host (an international name must be in its xn-- form)".to_owned();
        let Some(rest) = text.strip_prefix('[') else {
            let is_name = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
            return if is_name { Ok(Host { text: text.to_ascii_lowercase(), zone: None }) } else { Err(invalid()) };
        };
        let literal = rest.strip_suffix(']').ok_or_else(invalid)?;
        let (address, zone) = match literal.split_once('%') {
            Some((address, zone)) => {
                (address, Some(zone.strip_prefix("25").filter(|zone| !zone.is_empty()).unwrap_or(zone)))
            }
            None => (literal, None),
        };
        if address.parse::<Ipv6Addr>().is_err() {
            return Err(invalid());
        }
        if !zone.is_none_or(is_zone) {
            return Err("has an IPv6 zone that is neither a number nor the name of a network interface".to_owned());
        }
        Ok(Host { text: format!("[{}]", address.to_ascii_lowercase()), zone: zone.map(str::to_owned) })
    }

    /// As in a URL, without the zone.
    pub fn in_url(&self) -> &str {
        &self.text
    }

    /// Without brackets and zone.
    pub fn bare(&self) -> &str {
        self.text.trim_start_matches('[').trim_end_matches(']')
    }

    /// The address that it is, if it is not a name.
    pub fn address(&self) -> Option<IpAddr> {
        self.bare().parse().ok()
    }

    pub fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// Whether it is this machine, by its address or its name (RFC 6761).
    pub fn is_loopback(&self) -> bool {
        match self.address() {
            Some(address) => address.to_canonical().is_loopback(),
            None => {
                let name = self.text.strip_suffix('.').unwrap_or(&self.text);
                name == "localhost" || name.ends_with(".localhost")
            }
        }
    }
}

impl HostPort {
    /// Parses `host:port`, for a setting.
    pub fn parse(text: &str) -> Result<HostPort, String> {
        let (host, port) = split_authority(text)?;
        Ok(HostPort { host, port: port.ok_or("has no port: write host:port")? })
    }

    /// As in a URL.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host.in_url(), self.port)
    }
}

/// Splits `host[:port]`.
pub(super) fn split_authority(authority: &str) -> Result<(Host, Option<u16>), String> {
    let bare_from = authority.rfind(']').unwrap_or(0);
    let (host, port) = match authority[bare_from..].find(':') {
        Some(colon) => authority.split_at(bare_from + colon),
        None => (authority, ""),
    };
    let host = Host::parse(host)?;
    let port = match port.strip_prefix(':') {
        None | Some("") => None,
        Some(digits) => match digits.parse() {
            Ok(port) if port > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => Some(port),
            _ => return Err("has a port that is not a number from 1 to 65535".to_owned()),
        },
    };
    Ok((host, port))
}

fn is_zone(zone: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (1..=LONGEST_ZONE).contains(&zone.len()) && zone.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones() {
        for (text, in_url, zone) in [
            ("[fe80::1%25eth0]", "[fe80::1]", Some("eth0")),
            ("[fe80::1%eth0]", "[fe80::1]", Some("eth0")),
            ("[FE80::1%253]", "[fe80::1]", Some("3")),
            ("[fe80::1%25]", "[fe80::1]", Some("25")),
            ("[fe80::1%Wi-Fi_2.100]", "[fe80::1]", Some("Wi-Fi_2.100")),
            ("[fe80::1]", "[fe80::1]", None),
        ] {
            let host = Host::parse(text).unwrap();
            assert_eq!((host.in_url(), host.zone()), (in_url, zone), "{text}");
        }
        for (text, why) in [
            ("[fe80::1%]", "an IPv6 zone"),
            ("[fe80::1%25et h0]", "an IPv6 zone"),
            ("[fe80::1%25eth%30]", "an IPv6 zone"),
            ("[1.2.3.4%25eth0]", "no valid host"),
            ("fe80::1%eth0", "no valid host"),
            ("name%eth0", "no valid host"),
            ("[fe80::1%eth0", "no valid host"),
        ] {
            let refusal = Host::parse(text).unwrap_err();
            assert!(refusal.contains(why), "{text}: {refusal}");
        }
        assert!(Host::parse(&format!("[::1%{}]", "x".repeat(65))).is_err());
    }

    #[test]
    fn a_host_and_its_port() {
        for (text, authority) in [
            ("API.example:443", "api.example:443"),
            ("[::1]:1080", "[::1]:1080"),
            ("[fe80::1%25lo]:80", "[fe80::1]:80"),
        ] {
            assert_eq!(HostPort::parse(text).unwrap().authority(), authority);
        }
        for (text, why) in [
            ("", "no valid host"),
            (":443", "no valid host"),
            ("h", "has no port"),
            ("h:", "has no port"),
            ("[::1]", "has no port"),
            ("h:0", "has a port"),
            ("h:+1", "has a port"),
            ("h:80:90", "has a port"),
            ("::1:80", "no valid host"),
            ("u@h:80", "no valid host"),
            ("h:80/", "has a port"),
        ] {
            let refusal = HostPort::parse(text).unwrap_err();
            assert!(refusal.contains(why), "{text}: {refusal}");
        }
    }
}
