//! Which proxy a request goes through: the variables of the environment by scheme, and NO_PROXY; and a proxy's URL with
//! its credentials. Tunnelling through it is the business of `http`.

use crate::address::endpoint::Endpoint;
use crate::http::{Proxy, Secret};
use percent_encoding::percent_decode_str;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// What the environment says of proxies, as it was when it was read.
#[derive(Clone, Default)]
pub(crate) struct ProxyVariables(Vec<(&'static str, Zeroizing<String>)>);

impl ProxyVariables {
    pub fn read(variable: impl Fn(&str) -> Option<Zeroizing<String>>) -> ProxyVariables {
        const PAIRS: [[&str; 2]; 4] = [
            ["HTTPS_PROXY", "https_proxy"],
            ["HTTP_PROXY", "http_proxy"],
            ["ALL_PROXY", "all_proxy"],
            ["NO_PROXY", "no_proxy"],
        ];
        // A CGI program gets HTTP_PROXY from the request's Proxy header (CVE-2016-5385).
        let is_cgi = variable("REQUEST_METHOD").is_some();
        let names = PAIRS.into_iter().flatten().filter(|name| !is_cgi || *name != "HTTP_PROXY");
        ProxyVariables(names.filter_map(|name| Some((name, variable(name)?))).collect())
    }

    /// The proxy for this endpoint, with the variable that named it.
    pub fn proxy_for(&self, endpoint: &Endpoint) -> Option<(&'static str, &str)> {
        if self.get("NO_PROXY").is_some_and(|(_, list)| is_exempt(endpoint, list)) {
            return None;
        }
        self.get(if endpoint.https { "HTTPS_PROXY" } else { "HTTP_PROXY" }).or_else(|| self.get("ALL_PROXY"))
    }

    /// In either case; what was read first wins.
    fn get(&self, name: &str) -> Option<(&'static str, &str)> {
        let found = self.0.iter().find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some((found.0, &found.1))
    }
}

/// Takes `[http[s]://][user:password@]host[:port]`.
pub(crate) fn parse(url: &str) -> Result<Proxy, String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => {}
        socks if socks.starts_with("socks") => {
            return Err("is a SOCKS proxy, which is not supported: use an HTTP proxy".to_owned());
        }
        _ => return Err("has a scheme other than http or https".to_owned()),
    }
    let (credentials, host) = rest.rsplit_once('@').unwrap_or(("", rest));
    // The same rules for host and port as for the service, whose parser says what is wrong.
    let Endpoint { https, host, port, .. } = Endpoint::parse(&format!("{scheme}://{host}"))?;
    let authorization = if credentials.is_empty() { None } else { Some(basic(credentials)?) };
    Ok(Proxy { https, host, port: port.unwrap_or(if https { 443 } else { 80 }), authorization })
}

/// The header for `user:password`, both percent-encoded. What it passes through is wiped, and reserved, since a buffer
/// that grows leaves what it held behind.
fn basic(credentials: &str) -> Result<Secret, String> {
    if !credentials.bytes().all(|b| b.is_ascii_graphic() && !b"/?#".contains(&b)) {
        return Err("has a user name or password with a character that must be percent-encoded".to_owned());
    }
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let mut plain = Zeroizing::new(Vec::with_capacity(credentials.len() + 1));
    plain.extend(percent_decode_str(user));
    if plain.contains(&b':') {
        return Err("has a user name with a colon, which Basic authentication cannot say".to_owned());
    }
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    if plain.iter().any(u8::is_ascii_control) {
        return Err("has a user name or password with a control character".to_owned());
    }
    let mut header = Zeroizing::new(String::with_capacity(6 + plain.len().div_ceil(3) * 4));
    header.push_str("Basic ");
    push_base64(&mut header, &plain);
    Secret::new(&header).ok_or_else(|| "has no valid user name or password".to_owned())
}

fn push_base64(text: &mut String, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in bytes.chunks(3) {
        let at = |index: usize| group.get(index).map_or(0, |byte| u32::from(*byte));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) as usize & 63;
            text.push(if digit <= group.len() { ALPHABET[value].into() } else { '=' });
        }
    }
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
        let variable =
            |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| Zeroizing::new((*v).to_owned()));
        ProxyVariables::read(variable).proxy_for(&endpoint).map(|(_, url)| url.to_owned())
    }

    #[test]
    fn the_scheme_chooses_the_variable() {
        let all = [("HTTPS_PROXY", "s"), ("HTTP_PROXY", "p"), ("ALL_PROXY", "a")];
        assert_eq!(chosen("https://h", &all).as_deref(), Some("s"));
        assert_eq!(chosen("http://h", &all).as_deref(), Some("p"));
        assert_eq!(chosen("http://h", &[("HTTPS_PROXY", "s"), ("ALL_PROXY", "a")]).as_deref(), Some("a"));
        assert_eq!(chosen("http://h", &[("HTTPS_PROXY", "s")]), None);
        assert_eq!(chosen("https://h", &[("https_proxy", "low")]).as_deref(), Some("low"));
    }

    #[test]
    fn a_cgi_programs_http_proxy_is_a_requests() {
        let cgi = ("REQUEST_METHOD", "GET");
        assert_eq!(chosen("http://h", &[("HTTP_PROXY", "p"), cgi]), None);
        assert_eq!(chosen("http://h", &[("HTTP_PROXY", "p"), ("http_proxy", "low"), cgi]).as_deref(), Some("low"));
        assert_eq!(chosen("https://h", &[("HTTPS_PROXY", "s"), cgi]).as_deref(), Some("s"));
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
        for (url, https, host, port) in [
            ("proxy:3128", false, "proxy", 3128),
            ("HTTP://u:p@proxy:3128/", false, "proxy", 3128),
            ("https://proxy", true, "proxy", 443),
            ("[::1]", false, "[::1]", 80),
        ] {
            let proxy = parse(url).unwrap();
            assert_eq!((proxy.https, proxy.host.as_str(), proxy.port), (https, host, port), "{url}");
        }
        for (url, why) in [
            ("socks5h://proxy", "SOCKS"),
            ("ftp://proxy", "scheme"),
            ("http://", "host"),
            ("http://u:p\r\nX: y@proxy", "percent-encoded"),
            ("http://u:8080/p@proxy", "percent-encoded"),
            ("http://u:p%0D%0AX:%20y@proxy", "control character"),
            ("http://u:p%00@proxy", "control character"),
            ("http://u%3Av:p@proxy", "colon"),
        ] {
            assert!(parse(url).err().is_some_and(|said| said.contains(why)), "{url}");
        }
    }

    #[test]
    fn credentials_in_base64() {
        for (credentials, header) in [
            ("u", "Basic dTo="),
            ("u:p", "Basic dTpw"),
            ("us%20er:p%40ss%3Aword", "Basic dXMgZXI6cEBzczp3b3Jk"),
            ("u:p:+%25", "Basic dTpwOisl"),
            ("%C3%BC:%FF", "Basic w7w6/w=="),
        ] {
            assert_eq!(basic(credentials).unwrap().as_str(), header, "{credentials}");
        }
        assert!(parse("http://@proxy").unwrap().authorization.is_none());
    }
}
