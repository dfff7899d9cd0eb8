//! Which proxy a request goes through: the proxy variables of the environment, and a proxy's URL with its credentials.
//! Pure: `http` connects to the proxy.

use super::endpoint::Endpoint;
use super::no_proxy::is_exempt;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// A proxy that opens a tunnel.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub https: bool,
    pub host: String,
    pub port: u16,
    /// The value of the `Proxy-Authorization` header.
    pub authorization: Option<Secret>,
}

/// The proxy variables of the environment, as they were when they were read.
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

    /// The variable in upper or lower case; the one that was read first counts.
    fn get(&self, name: &str) -> Option<(&'static str, &str)> {
        let found = self.0.iter().find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some((found.0, &found.1))
    }
}

/// Parses `[http[s]://][user:password@]host[:port]`.
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
    // The rules for host and port are those of the base URL.
    let Endpoint { https, host, port, .. } = Endpoint::parse(&format!("{scheme}://{host}"))?;
    let authorization = if credentials.is_empty() { None } else { Some(basic(credentials)?) };
    Ok(Proxy { https, host, port: port.unwrap_or(if https { 443 } else { 80 }), authorization })
}

/// The header value for `user:password`, both percent-encoded. The buffers are wiped, and large enough from the start: one
/// that grows would leave a copy behind.
fn basic(credentials: &str) -> Result<Secret, String> {
    if !credentials.bytes().all(|b| b.is_ascii_graphic() && !b"/?#".contains(&b)) {
        return Err("has a user name or password with a character that must be percent-encoded".to_owned());
    }
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let mut plain = Zeroizing::new(Vec::with_capacity(credentials.len() + 1));
    plain.extend(percent_decode_str(user));
    if plain.contains(&b':') {
        return Err("has a user name with a colon, which Basic authentication cannot send".to_owned());
    }
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    if plain.iter().any(u8::is_ascii_control) {
        return Err("has a user name or password with a control character".to_owned());
    }
    const SCHEME: &[u8] = b"Basic ";
    let mut header = Zeroizing::new(vec![0; SCHEME.len() + plain.len().div_ceil(3) * 4]);
    header[..SCHEME.len()].copy_from_slice(SCHEME);
    let encoded = STANDARD.encode_slice(&*plain, &mut header[SCHEME.len()..]);
    let header = String::from_utf8(std::mem::take(&mut *header)).map(Zeroizing::new);
    match (encoded, header) {
        (Ok(_), Ok(header)) => Ok(Secret::new(header)),
        _ => Err("has no valid user name or password".to_owned()),
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
