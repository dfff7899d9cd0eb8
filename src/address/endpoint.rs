//! The base URL in the forms that people write it, whether it is loopback, and the path of an event. Pure: `http` looks up
//! and connects.

use super::host::{Host, HostPort, split_authority};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::path::{Path, PathBuf};

/// The longest base URL and event name, in bytes: each must fit into a request line.
const MAX_LENGTH: usize = 4096;

/// A parsed base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub https: bool,
    pub host: Host,
    pub port: Option<u16>,
    /// The Unix socket where the service is. Then the host is `localhost`, which a request needs for its Host header.
    unix: Option<PathBuf>,
    /// What comes before `/v1/...`: empty, or it begins with a slash and does not end with one.
    prefix: String,
}

impl Endpoint {
    /// Parses `https://host[:port][/prefix]`, with or without a trailing `/`, `/v1` or `/api/v1`; or `unix:/path`.
    pub fn parse(url: &str) -> Result<Endpoint, String> {
        if url.is_empty() {
            return Err("is empty".to_owned());
        }
        if url.len() > MAX_LENGTH {
            return Err(format!("is longer than {MAX_LENGTH} bytes"));
        }
        if let Some(path) = strip_unix(url) {
            return of_unix(path);
        }
        if !url.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("contains a space, a control character, or a character outside ASCII".to_owned());
        }
        let (scheme, rest) = url.split_once("://").ok_or("has no scheme: write https://host")?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err("has a scheme other than https or http".to_owned()),
        };
        if rest.contains(['?', '#']) {
            return Err("has a query or a fragment".to_owned());
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("has a user name or password, which libanchor would not send".to_owned());
        }
        let (host, port) = split_authority(authority)?;
        Ok(Endpoint { https, host, port, unix: None, prefix: path_prefix(path)? })
    }

    /// Whether the host is this machine. Plain HTTP to it shows the key to nobody, and no proxy of the environment is used for
    /// it. `http` checks the addresses of such a name before it connects.
    pub fn is_loopback(&self) -> bool {
        self.host.is_loopback()
    }

    /// `host` or `host:port`, as in a URL and in the Host header.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host.in_url()),
            None => self.host.in_url().to_owned(),
        }
    }

    /// The value of the Host header, which omits the port of the scheme.
    pub fn host_header(&self) -> String {
        let authority = self.authority();
        match authority.strip_suffix(if self.https { ":443" } else { ":80" }) {
            Some(host) => host.to_owned(),
            None => authority,
        }
    }

    /// The host and the port, with that of the scheme if the URL has none.
    pub fn host_port(&self) -> HostPort {
        HostPort { host: self.host.clone(), port: self.port.unwrap_or(if self.https { 443 } else { 80 }) }
    }

    /// The Unix socket where the service is, if it is at one.
    pub fn unix_socket(&self) -> Option<&Path> {
        self.unix.as_deref()
    }

    /// The path of a signal.
    pub fn signal_path(&self, event_name: &str) -> String {
        let mut path = String::with_capacity(self.prefix.len() + event_name.len() + 24);
        path.push_str(&self.prefix);
        path.push_str("/v1/events/");
        path.extend(utf8_percent_encode(event_name, ESCAPED));
        path
    }

    /// The path of a wait.
    pub fn wait_path(&self, event_name: &str) -> String {
        let mut path = self.signal_path(event_name);
        path.push_str("/wait");
        path
    }
}

/// Checks the name of an event: it must be possible as a segment of a path.
pub(crate) fn check_event_name(name: &str) -> Result<(), String> {
    match name {
        "" => Err("event_name is empty".to_owned()),
        "." | ".." => Err("event_name is . or .., which a URL cannot carry".to_owned()),
        _ if name.len() > MAX_LENGTH => Err(format!("event_name is longer than {MAX_LENGTH} bytes")),
        _ => Ok(()),
    }
}

/// Everything but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What follows `unix:`. `unix:///path` means the same as `unix:/path`, as in other programs.
fn strip_unix(url: &str) -> Option<&str> {
    let (scheme, path) = url.split_once(':')?;
    scheme.eq_ignore_ascii_case("unix").then(|| path.strip_prefix("//").unwrap_or(path))
}

/// The path is a path of the system, not a part of a URL: nothing in it is percent-encoded.
fn of_unix(path: &str) -> Result<Endpoint, String> {
    if !path.starts_with('/') || path.ends_with('/') {
        return Err("is a Unix socket without an absolute path: write unix:/path".to_owned());
    }
    if path.bytes().any(|b| b.is_ascii_control()) {
        return Err("contains a control character".to_owned());
    }
    let host = Host::parse("localhost")?;
    Ok(Endpoint { https: false, host, port: None, unix: Some(PathBuf::from(path)), prefix: String::new() })
}

fn path_prefix(path: &str) -> Result<String, String> {
    let path = path.trim_end_matches('/');
    let prefix = path.strip_suffix("/api/v1").or_else(|| path.strip_suffix("/v1")).unwrap_or(path);
    if prefix.split('/').any(|segment| segment == "." || segment == "..") {
        return Err("has . or .. in its path".to_owned());
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&b);
    if !prefix.bytes().all(plain) {
        return Err("has a character in its path that must be percent-encoded".to_owned());
    }
    Ok(prefix.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    #[test]
    fn base_url_forms() {
        for (url, path) in [
            ("https://api.example", "/v1/events/e/wait"),
            ("https://api.example/", "/v1/events/e/wait"),
            ("https://api.example/v1", "/v1/events/e/wait"),
            ("https://api.example/v1/", "/v1/events/e/wait"),
            ("https://api.example/api/v1", "/v1/events/e/wait"),
            ("HTTPS://API.example:443/api/v1//", "/v1/events/e/wait"),
            ("https://api.example/gate", "/gate/v1/events/e/wait"),
            ("https://api.example/gate/v1", "/gate/v1/events/e/wait"),
            ("https://api.example/api", "/api/v1/events/e/wait"),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!(endpoint.wait_path("e"), path, "{url}");
            assert_eq!(endpoint.host.in_url(), "api.example");
            assert!(endpoint.https);
        }
    }

    #[test]
    fn base_url_refusals_say_why() {
        for (url, why) in [
            ("", "is empty"),
            ("api.example", "has no scheme"),
            ("ftp://x", "scheme other than"),
            ("https://", "no valid host"),
            ("https://:80", "no valid host"),
            ("https://a b", "contains a space"),
            ("https://h\u{e9}", "outside ASCII"),
            ("https://u:p@h", "user name or password"),
            ("https://h?x", "query or a fragment"),
            ("https://h#x", "query or a fragment"),
            ("https://h:0", "has a port"),
            ("https://h:65536", "has a port"),
            ("https://h:+1", "has a port"),
            ("https://[::1", "no valid host"),
            ("https://[1.2.3.4]", "no valid host"),
            ("https://h/../x", "has . or .."),
            ("https://h/{x}", "percent-encoded"),
        ] {
            let refusal = Endpoint::parse(url).unwrap_err();
            assert!(refusal.contains(why), "{url}: {refusal}");
        }
    }

    #[test]
    fn the_host_header_omits_the_default_port() {
        for (url, expected) in [
            ("https://host:443", "host"),
            ("https://host:80", "host:80"),
            ("http://host:80", "host"),
            ("http://[::1:443]", "[::1:443]"),
            ("https://[::1]:443", "[::1]"),
            ("http://[fe80::1%25eth0]:81", "[fe80::1]:81"),
            ("https://host", "host"),
        ] {
            assert_eq!(Endpoint::parse(url).unwrap().host_header(), expected, "{url}");
        }
    }

    #[test]
    fn unix_sockets() {
        for (url, path) in [
            ("unix:/run/anchor.sock", "/run/anchor.sock"),
            ("unix:///run/anchor.sock", "/run/anchor.sock"),
            ("UNIX:/a b/%20?x#y", "/a b/%20?x#y"),
            ("unix:/é", "/é"),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!(endpoint.unix_socket(), Some(Path::new(path)), "{url}");
            assert_eq!((endpoint.https, endpoint.authority().as_str()), (false, "localhost"));
            assert_eq!((endpoint.wait_path("e").as_str(), endpoint.is_loopback()), ("/v1/events/e/wait", true));
        }
        for (url, why) in [
            ("unix:", "without an absolute path"),
            ("unix:run/anchor.sock", "without an absolute path"),
            ("unix://run/anchor.sock", "without an absolute path"),
            ("unix:/", "without an absolute path"),
            ("unix:/run/", "without an absolute path"),
            ("unix:/a\nb", "control character"),
        ] {
            let refusal = Endpoint::parse(url).unwrap_err();
            assert!(refusal.contains(why), "{url}: {refusal}");
        }
        assert_eq!(Endpoint::parse("http://unix:80").unwrap().unix_socket(), None);
    }

    #[test]
    fn loopback_is_recognised() {
        for (url, loopback) in [
            ("http://localhost:1", true),
            ("http://x.localhost", true),
            ("http://LOCALHOST.", true),
            ("https://a.b.localhost.:8443", true),
            ("http://localhost..", false),
            ("http://mylocalhost", false),
            ("http://127.0.0.1.example", false),
            ("http://[::ffff:7f00:1]", true),
            ("http://[::ffff:10.0.0.1]", false),
            ("http://0.0.0.0", false),
            ("http://[::1%25lo]", true),
            ("http://[fe80::1%25lo]", false),
            ("http://127.9.9.9", true),
            ("http://[::1]:80", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
            ("http://[::2]", false),
        ] {
            assert_eq!(Endpoint::parse(url).unwrap().is_loopback(), loopback, "{url}");
        }
    }

    #[test]
    fn names_become_one_path_segment() {
        let endpoint = Endpoint::parse("https://h").unwrap();
        for (name, segment) in [
            ("mfa_code", "mfa_code"),
            ("a/b", "a%2Fb"),
            ("a b?c#d%", "a%20b%3Fc%23d%25"),
            ("é", "%C3%A9"),
            ("...", "..."),
            ("\u{1}\n", "%01%0A"),
        ] {
            assert_eq!(endpoint.signal_path(name), format!("/v1/events/{segment}"));
        }
        for bad in ["", ".", ".."] {
            assert!(check_event_name(bad).is_err());
        }
    }

    proptest! {
        #[test]
        fn a_name_is_one_segment_that_decodes_to_it(name in "(?s).{1,60}|[./%a~]{1,6}") {
            prop_assume!(check_event_name(&name).is_ok());
            let path = Endpoint::parse("https://h/gate").unwrap().wait_path(&name);
            let segment = path.strip_prefix("/gate/v1/events/").and_then(|path| path.strip_suffix("/wait")).unwrap();
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~%".contains(&b);
            prop_assert!(segment.bytes().all(is_plain) && segment != "." && segment != "..", "{}", segment);
            prop_assert_eq!(percent_decode_str(segment).decode_utf8().unwrap(), name);
        }

        /// A base URL that is accepted can be sent: its authority has the same host and port, and its path is plain.
        #[test]
        fn a_base_url_that_is_taken_is_kept(
            url in "(https?|HTTP)://([a-z0-9._-]{0,9}|\\[[0-9a-f:.]{0,9}\\])(:[0-9]{0,6})?(/[a-z.%/]{0,9})?(/v1/?)?|\\PC{0,20}"
        ) {
            if let Ok(endpoint) = Endpoint::parse(&url) {
                prop_assume!(endpoint.unix_socket().is_none());
                let again = format!("https://{}{}", endpoint.authority(), endpoint.prefix);
                let again = Endpoint::parse(&again).unwrap();
                prop_assert_eq!((again.host.in_url(), again.port), (endpoint.host.in_url(), endpoint.port));
                prop_assert!(endpoint.prefix.is_empty() || endpoint.prefix.starts_with('/'), "{}", endpoint.prefix);
                prop_assert!(!endpoint.prefix.ends_with('/'), "{}", endpoint.prefix);
            }
        }
    }
}
