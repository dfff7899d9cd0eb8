//! The hosts for which no proxy is used: NO_PROXY, read as curl reads it.

use super::endpoint::Endpoint;
use std::net::IpAddr;

/// Whether `list` contains the endpoint. The list is `*`, or hosts, addresses and networks such as `10.0.0.0/8`. A host, with
/// or without a leading dot, includes its subdomains. An entry with `:port` is for this port only.
pub(super) fn is_exempt(endpoint: &Endpoint, list: &str) -> bool {
    let at = endpoint.host_port();
    let (host, port) = (at.host.bare().trim_end_matches('.'), at.port);
    list.split([',', ' ', '\t'])
        .filter(|entry| !entry.is_empty())
        .any(|entry| entry == "*" || entry_matches(&entry.to_ascii_lowercase(), host, port))
}

fn entry_matches(entry: &str, host: &str, port: u16) -> bool {
    let (name, wanted_port) = split_port(entry);
    if wanted_port.is_some_and(|wanted| wanted != port) {
        return false;
    }
    let name = name.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse::<IpAddr>() {
        return match name.split_once('/') {
            Some((network, bits)) => in_network(address, network, bits),
            None => name.parse::<IpAddr>() == Ok(address),
        };
    }
    let name = name.trim_start_matches('*').trim_start_matches('.').trim_end_matches('.');
    !name.is_empty() && (host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')))
}

fn split_port(entry: &str) -> (&str, Option<u16>) {
    let is_bare_v6 = !entry.starts_with('[') && entry.matches(':').count() > 1;
    match entry.rsplit_once(':') {
        Some((name, digits)) if !is_bare_v6 && !digits.ends_with(']') => match digits.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn in_network(address: IpAddr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) if bits <= 32 => {
            (a.to_bits() ^ n.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(n)) if bits <= 128 => {
            (a.to_bits() ^ n.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_exempts() {
        for (url, list, exempt) in [
            ("https://api.example", "*", true),
            ("https://api.example", "example", true),
            ("https://api.example", ".example", true),
            ("https://api.example", "*.example", true),
            ("https://api.example", "other, EXAMPLE", true),
            ("https://example", "example.", true),
            ("https://myexample", "example", false),
            ("https://api.example", "api", false),
            ("https://api.example", "example:443", true),
            ("https://api.example", "example:8443", false),
            ("http://10.1.2.3", "10.0.0.0/8", true),
            ("http://10.1.2.3", "0.0.0.0/0", true),
            ("http://10.1.2.3", "11.0.0.0/8", false),
            ("http://10.1.2.3", "10.1.2.3", true),
            ("http://10.1.2.3:81", "10.1.2.3:80", false),
            ("http://[fd00::1]", "fd00::/8", true),
            ("http://[fd00::1]", "fd00::1", true),
            ("http://[fe80::1%25eth0]", "fe80::/10", true),
            ("http://[fd00::1]", "[fd00::1]:80", true),
            ("http://10.1.2.3", "3", false),
            ("https://h", "", false),
        ] {
            assert_eq!(is_exempt(&Endpoint::parse(url).unwrap(), list), exempt, "{url} {list}");
        }
    }
}
