//! Which proxy a request goes through: the proxy variables of the environment, and a proxy's URL with its credentials.
//! Pure: `http` connects to the proxy.

use super::endpoint::Endpoint;
use super::host::HostPort;
use super::no_proxy::is_exempt;
use crate::secret::{Secret, Wiped};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// A proxy, and how it is asked.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub at: HostPort,
    pub protocol: Protocol,
}

#[derive(Clone)]
pub(crate) enum Protocol {
    Http {
        /// The proxy itself is reached over TLS.
        https: bool,
        /// The value of the `Proxy-Authorization` header.
        authorization: Option<Secret>,
    },
    Socks5 {
        /// The proxy looks up the name of the service; otherwise the library does.
        looks_up: bool,
        login: Option<Login>,
    },
}

/// A user name and a password, as the message that a SOCKS proxy wants (RFC 1929).
#[derive(Clone)]
pub(crate) struct Login(Arc<Wiped<Vec<u8>>>);

impl Login {
    pub fn message(&self) -> &[u8] {
        &self.0
    }
}

impl Proxy {
    /// Whether the proxy itself is reached over TLS.
    pub fn is_over_tls(&self) -> bool {
        matches!(self.protocol, Protocol::Http { https: true, .. })
    }
}

/// The proxy variables of the environment, as they were when they were read.
#[derive(Clone, Default)]
pub(crate) struct ProxyVariables(Vec<(&'static str, Wiped<String>)>);

impl ProxyVariables {
    pub fn read(variable: impl Fn(&str) -> Option<Wiped<String>>) -> ProxyVariables {
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

/// Parses `[scheme://][user:password@]host[:port]`, where the scheme is http, https, socks5 or socks5h.
pub(crate) fn parse(url: &str) -> Result<Proxy, String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let scheme = scheme.to_ascii_lowercase();
    let (credentials, host) = rest.rsplit_once('@').unwrap_or(("", rest));
    let credentials = Some(credentials).filter(|credentials| !credentials.is_empty());
    let (protocol, default_port) = match scheme.as_str() {
        "http" => (Protocol::Http { https: false, authorization: credentials.map(basic).transpose()? }, 80),
        "https" => (Protocol::Http { https: true, authorization: credentials.map(basic).transpose()? }, 443),
        "socks5" => (Protocol::Socks5 { looks_up: false, login: credentials.map(login).transpose()? }, 1080),
        "socks5h" => (Protocol::Socks5 { looks_up: true, login: credentials.map(login).transpose()? }, 1080),
        socks if socks.starts_with("socks") => {
            return Err("is a SOCKS proxy of another version than 5: write socks5:// or socks5h://".to_owned());
        }
        _ => return Err("has a scheme other than http, https, socks5 or socks5h".to_owned()),
    };
    // The rules for host and port are those of the base URL.
    let Endpoint { host, port, .. } = Endpoint::parse(&format!("http://{host}"))?;
    Ok(Proxy { at: HostPort { host, port: port.unwrap_or(default_port) }, protocol })
}

/// The header value for `user:password`. Its buffers are wiped, and large enough from the start: one that grows would leave a
/// copy behind.
fn basic(credentials: &str) -> Result<Secret, String> {
    let [user, password] = decoded(credentials)?;
    if user.contains(&b':') {
        return Err("has a user name with a colon, which Basic authentication cannot send".to_owned());
    }
    let mut plain = Wiped::new(Vec::with_capacity(user.len() + 1 + password.len()));
    [&user[..], b":", &password].into_iter().for_each(|part| plain.extend_from_slice(part));
    const SCHEME: &[u8] = b"Basic ";
    let mut header = Wiped::new(vec![0; SCHEME.len() + plain.len().div_ceil(3) * 4]);
    header[..SCHEME.len()].copy_from_slice(SCHEME);
    let encoded = STANDARD.encode_slice(&*plain, &mut header[SCHEME.len()..]);
    let header = String::from_utf8(std::mem::take(&mut *header)).map(Wiped::new);
    match (encoded, header) {
        (Ok(_), Ok(header)) => Ok(Secret::new(header)),
        _ => Err("has no valid user name or password".to_owned()),
    }
}

/// The message for `user:password`.
fn login(credentials: &str) -> Result<Login, String> {
    const VERSION: u8 = 1;
    let [user, password] = decoded(credentials)?;
    let (Ok(user_length @ 1..), Ok(password_length)) = (u8::try_from(user.len()), u8::try_from(password.len())) else {
        return Err(
            "has a user name that is not of 1 to 255 bytes, or a longer password, which SOCKS cannot send".to_owned()
        );
    };
    let mut message = Wiped::new(Vec::with_capacity(3 + user.len() + password.len()));
    message.extend_from_slice(&[VERSION, user_length]);
    message.extend_from_slice(&user);
    message.push(password_length);
    message.extend_from_slice(&password);
    Ok(Login(Arc::new(message)))
}

/// The user name and the password of `user:password`, both percent-encoded.
fn decoded(credentials: &str) -> Result<[Wiped<Vec<u8>>; 2], String> {
    if !credentials.bytes().all(|b| b.is_ascii_graphic() && !b"/?#".contains(&b)) {
        return Err("has a user name or password with a character that must be percent-encoded".to_owned());
    }
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let parts = [user, password].map(|text| {
        let mut bytes = Wiped::new(Vec::with_capacity(text.len()));
        bytes.extend(percent_decode_str(text));
        bytes
    });
    if parts.iter().any(|part| part.iter().any(u8::is_ascii_control)) {
        return Err("has a user name or password with a control character".to_owned());
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(url: &str, environment: &[(&str, &str)]) -> Option<String> {
        let endpoint = Endpoint::parse(url).unwrap();
        let variable =
            |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| Wiped::new((*v).to_owned()));
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
        const HTTP: Protocol = Protocol::Http { https: false, authorization: None };
        const HTTPS: Protocol = Protocol::Http { https: true, authorization: None };
        const SOCKS: Protocol = Protocol::Socks5 { looks_up: false, login: None };
        const SOCKS_WITH_LOOKUP: Protocol = Protocol::Socks5 { looks_up: true, login: None };
        for (url, expected, at) in [
            ("proxy:3128", HTTP, "proxy:3128"),
            ("HTTP://u:p@proxy:3128/", HTTP, "proxy:3128"),
            ("https://proxy", HTTPS, "proxy:443"),
            ("[::1]", HTTP, "[::1]:80"),
            ("socks5://proxy", SOCKS, "proxy:1080"),
            ("SOCKS5H://u:p@proxy:9050/", SOCKS_WITH_LOOKUP, "proxy:9050"),
        ] {
            let proxy = parse(url).unwrap();
            assert_eq!(proxy.at.authority(), at, "{url}");
            let is_same = match (proxy.protocol, expected) {
                (Protocol::Http { https: a, .. }, Protocol::Http { https: b, .. }) => a == b,
                (Protocol::Socks5 { looks_up: a, .. }, Protocol::Socks5 { looks_up: b, .. }) => a == b,
                _ => false,
            };
            assert!(is_same, "{url}");
        }
        for (url, why) in [
            ("socks://proxy", "SOCKS"),
            ("socks4://proxy", "SOCKS"),
            ("socks4a://proxy", "SOCKS"),
            ("ftp://proxy", "scheme"),
            ("http://", "host"),
            ("socks5://", "host"),
            ("http://u:p\r\nX: y@proxy", "percent-encoded"),
            ("http://u:8080/p@proxy", "percent-encoded"),
            ("http://u:p%0D%0AX:%20y@proxy", "control character"),
            ("http://u:p%00@proxy", "control character"),
            ("socks5://u:p%00@proxy", "control character"),
            ("http://u%3Av:p@proxy", "colon"),
            ("socks5://:p@proxy", "1 to 255 bytes"),
        ] {
            assert!(parse(url).err().is_some_and(|said| said.contains(why)), "{url}");
        }
    }

    #[test]
    fn a_login_of_socks() {
        for (credentials, message) in [
            ("u", &b"\x01\x01u\x00"[..]),
            ("u:p", b"\x01\x01u\x01p"),
            ("us%3Aer:p%40ss:w", b"\x01\x05us:er\x06p@ss:w"),
            ("%C3%BC:%FF", b"\x01\x02\xc3\xbc\x01\xff"),
        ] {
            assert_eq!(login(credentials).unwrap().message(), message, "{credentials}");
        }
        let [long, too_long] = [255, 256].map(|length| "x".repeat(length));
        assert_eq!(login(&format!("{long}:{long}")).unwrap().message().len(), 3 + 2 * 255);
        assert!(login(&too_long).is_err() && login(&format!("u:{too_long}")).is_err());
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
        assert!(matches!(parse("http://@proxy").unwrap().protocol, Protocol::Http { authorization: None, .. }));
    }
}
