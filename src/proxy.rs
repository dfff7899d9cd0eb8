//! Which proxy a request goes through: the variables of the environment by scheme, and NO_PROXY. Tunnelling through
//! it is the business of `http`.

use crate::endpoint::Endpoint;
use std::net::IpAddr;

/// The proxy that the environment names for this endpoint, with the variable that named it.
pub(crate) fn from_environment(
    endpoint: &Endpoint,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<(&'static str, String)> {
    let either = |upper: &'static str, lower: &'static str| {
        [upper, lower].into_iter().find_map(|name| variable(name).map(|value| (name, value)))
    };
    if either("NO_PROXY", "no_proxy").is_some_and(|(_, list)| is_exempt(endpoint, &list)) {
        return None;
    }
    // A CGI program gets HTTP_PROXY from the request's Proxy header (CVE-2016-5385).
    let by_scheme = match (endpoint.https, variable("REQUEST_METHOD").is_some()) {
        (true, _) => either("HTTPS_PROXY", "https_proxy"),
        (false, false) => either("HTTP_PROXY", "http_proxy"),
        (false, true) => variable("http_proxy").map(|value| ("http_proxy", value)),
    };
    by_scheme.or_else(|| either("ALL_PROXY", "all_proxy")).filter(|(_, url)| !url.is_empty())
}

/// Checks a proxy URL and gives it a scheme if it has none.
pub(crate) fn check(url: &str) -> Result<String, String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => {}
        socks if socks.starts_with("socks") => {
            return Err("is a SOCKS proxy, which is not supported: use an HTTP proxy".to_owned());
        }
        _ => return Err("has a scheme other than http or https".to_owned()),
    }
    let (credentials, host) = rest.rsplit_once('@').map_or(("", rest), |(c, h)| (c, h));
    if !credentials.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("has a user name or password with a character that must be percent-encoded".to_owned());
    }
    // The same rules for host and port as for the service, whose parser says what is wrong.
    Endpoint::parse(&format!("http://{host}"))?;
    Ok(format!("{}://{}", scheme.to_ascii_lowercase(), rest.trim_end_matches('/')))
}

/// As curl reads NO_PROXY: `*`, or a list of hosts, each of which stands for its subdomains too, with or without a
/// leading dot, addresses, and networks as `10.0.0.0/8`; a `:port` narrows an entry.
fn is_exempt(endpoint: &Endpoint, list: &str) -> bool {
    let host = endpoint.host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let port = endpoint.port.unwrap_or(if endpoint.https { 443 } else { 80 });
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

    fn chosen(url: &str, environment: &[(&str, &str)]) -> Option<String> {
        let endpoint = Endpoint::parse(url).unwrap();
        let variable = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        from_environment(&endpoint, variable).map(|(_, url)| url)
    }

    #[test]
    fn the_scheme_chooses_the_variable() {
        let all = [("HTTPS_PROXY", "s"), ("HTTP_PROXY", "p"), ("ALL_PROXY", "a")];
        assert_eq!(chosen("https://h", &all).as_deref(), Some("s"));
        assert_eq!(chosen("http://h", &all).as_deref(), Some("p"));
        assert_eq!(chosen("http://h", &[("HTTPS_PROXY", "s"), ("ALL_PROXY", "a")]).as_deref(), Some("a"));
        assert_eq!(chosen("http://h", &[("HTTPS_PROXY", "s")]), None);
        assert_eq!(chosen("https://h", &[("https_proxy", "low")]).as_deref(), Some("low"));
        assert_eq!(chosen("https://h", &[("HTTPS_PROXY", "")]), None);
        assert_eq!(chosen("http://h", &[("HTTP_PROXY", "p"), ("REQUEST_METHOD", "GET")]), None);
    }

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
            ("http://[fd00::1]", "[fd00::1]:80", true),
            ("http://10.1.2.3", "3", false),
            ("https://h", "", false),
        ] {
            let environment = [("ALL_PROXY", "p"), ("NO_PROXY", list)];
            assert_eq!(chosen(url, &environment).is_none(), exempt, "{url} {list}");
        }
    }

    #[test]
    fn proxy_urls() {
        assert_eq!(check("proxy:3128").unwrap(), "http://proxy:3128");
        assert_eq!(check("HTTP://u:p@proxy:3128/").unwrap(), "http://u:p@proxy:3128");
        assert!(check("socks5h://proxy").unwrap_err().contains("SOCKS"));
        assert!(check("ftp://proxy").unwrap_err().contains("scheme"));
        assert!(check("http://u:p\r\nX: y@proxy").unwrap_err().contains("percent-encoded"));
        assert!(check("http://").unwrap_err().contains("host"));
    }
}
