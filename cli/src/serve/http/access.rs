//! Access control: which web pages may use the server, and who may open the page and the admin endpoint.
//!
//! A browser sends `Origin` with what a page posts, and `Host` with the name in the page's URL. Both are
//! checked, against other pages and against foreign names that resolve to this machine (DNS rebinding).

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use anyhow::{Context, ensure};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use subtle::ConstantTimeEq;

use super::answer::ApiError;
use super::query::parameter;

/// Who may use what.
pub struct Access {
    token: AdminToken,
    page_hosts: Vec<HostName>,
}

/// A name or address under which other machines may open the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

/// The secret that the admin endpoint requires. The page contains it.
struct AdminToken(String);

impl Access {
    /// The token is random if none was chosen.
    pub fn new(token: Option<&str>, page_hosts: &[HostName]) -> anyhow::Result<Self> {
        let token = token.filter(|token| !token.is_empty());
        ensure!(
            page_hosts.is_empty() || token.is_some(),
            "--page-host needs --admin-token or ANCHOR_SERVE_ADMIN_TOKEN: other machines must show the token"
        );
        let token = token.map_or_else(AdminToken::random, AdminToken::chosen)?;
        Ok(Self { token, page_hosts: page_hosts.to_vec() })
    }

    /// The token, for the page.
    pub fn token(&self) -> &str {
        &self.token.0
    }

    /// A request from a web page must come from a page of this server.
    pub fn check_origin(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Ok(());
        };
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        match (origin, host(headers)) {
            (Some(("http" | "https", origin)), Some(host)) if origin == host && self.is_known(host) => Ok(()),
            _ => Err(forbidden("Web pages of other sites may not use this server")),
        }
    }

    /// A client on this machine gets the page. Others must use one of the names for it, and show the token.
    pub fn check_page(&self, headers: &HeaderMap, uri: &Uri, peer: SocketAddr) -> Result<(), ApiError> {
        if self.check_names(headers, peer)? || parameter(uri, "token").is_some_and(|token| self.token.matches(&token)) {
            return Ok(());
        }
        Err(forbidden("Open the page with the admin token in its URL: /?token=TOKEN"))
    }

    /// Every client of the admin endpoint must show the token: in a header, or in the query, since an
    /// `EventSource` cannot send a header.
    pub fn check_admin(&self, headers: &HeaderMap, uri: &Uri, peer: SocketAddr) -> Result<(), ApiError> {
        self.check_names(headers, peer)?;
        let shown = match headers.get("anchor-admin-token") {
            Some(token) => Some(Cow::Borrowed(token.as_bytes())),
            None => parameter(uri, "token"),
        };
        match shown {
            Some(token) if self.token.matches(&token) => Ok(()),
            _ => Err(forbidden("The admin token is missing or wrong")),
        }
    }

    /// Whether the client is on this machine, and says so. If not, the name that it uses must be one for the page.
    fn check_names(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<bool, ApiError> {
        self.check_origin(headers)?;
        let host = host(headers).unwrap_or_default();
        let is_local = peer.ip().to_canonical().is_loopback() && is_loopback(host);
        if is_local || self.page_hosts.iter().any(|page_host| page_host.is_name_of(host)) {
            return Ok(is_local);
        }
        if peer.ip().to_canonical().is_loopback() {
            return Err(forbidden(
                "Use a loopback name in the URL, such as localhost, or allow this one with --page-host",
            ));
        }
        Err(forbidden("Only clients on the server's own machine may use this, unless --page-host allows a name"))
    }

    fn is_known(&self, host: &str) -> bool {
        is_loopback(host) || self.page_hosts.iter().any(|page_host| page_host.is_name_of(host))
    }
}

impl AdminToken {
    fn random() -> anyhow::Result<Self> {
        random().map(Self).context("no random numbers for the admin token")
    }

    fn chosen(text: &str) -> anyhow::Result<Self> {
        // Everything else is changed or refused on the way through a header.
        ensure!(
            text.bytes().all(|byte| byte.is_ascii_graphic()),
            "the admin token must be visible ASCII without spaces"
        );
        Ok(Self(text.to_owned()))
    }

    /// Compares in constant time.
    fn matches(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl HostName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_name_of(&self, host: &str) -> bool {
        without_port(host).eq_ignore_ascii_case(&self.0)
    }
}

impl FromStr for HostName {
    type Err = String;

    /// A name, or an address with or without brackets.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if name.parse::<IpAddr>().is_ok() || (!name.is_empty() && name.chars().all(is_name)) {
            return Ok(Self(name.to_owned()));
        }
        Err("expected a host name or an address, without a scheme and a port".into())
    }
}

/// 128 random bits as text.
pub fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

fn is_loopback(host: &str) -> bool {
    let name = without_port(host);
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(literal) => literal.split_once(']').map_or("", |(address, _)| address),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    }
}

fn forbidden(message: &str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: ([u8; 4], u16) = ([127, 0, 0, 1], 5);
    const REMOTE: ([u8; 4], u16) = ([192, 168, 0, 2], 5);

    fn access(page_hosts: &[&str]) -> Access {
        let page_hosts: Vec<HostName> = page_hosts.iter().map(|name| name.parse().unwrap()).collect();
        Access::new(Some("a+b"), &page_hosts).unwrap()
    }

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    fn opens_page(access: &Access, host: &str, query: &str, peer: impl Into<SocketAddr>) -> bool {
        let uri = format!("/{query}").parse().unwrap();
        access.check_page(&headers(&[(header::HOST, host)]), &uri, peer.into()).is_ok()
    }

    #[test]
    fn a_program_sends_no_origin_and_is_accepted() {
        assert!(access(&[]).check_origin(&headers(&[(header::HOST, "anything")])).is_ok());
    }

    #[test]
    fn a_page_is_accepted_only_if_this_server_sent_it() {
        for (host, origin, accepted) in [
            ("127.0.0.1:8642", "http://127.0.0.1:8642", true),
            ("localhost:8642", "https://localhost:8642", true),
            ("[::1]:8642", "http://[::1]:8642", true),
            ("devbox:8642", "http://devbox:8642", true),
            ("devbox:8642", "http://127.0.0.1:8642", false),
            ("127.0.0.1:8642", "http://127.0.0.1:3000", false),
            ("127.0.0.1:8642", "https://evil.example", false),
            ("evil.example:8642", "http://evil.example:8642", false),
            ("127.0.0.1:8642", "null", false),
        ] {
            let headers = headers(&[(header::HOST, host), (header::ORIGIN, origin)]);
            assert_eq!(access(&["devbox"]).check_origin(&headers).is_ok(), accepted, "{origin} to {host}");
        }
    }

    #[test]
    fn the_page_is_for_this_machine_under_a_loopback_name() {
        let access = access(&[]);
        assert!(opens_page(&access, "localhost:1", "", LOCAL));
        assert!(opens_page(&access, "localhost:1", "", "[::ffff:127.0.0.1]:5".parse::<SocketAddr>().unwrap()));
        for (host, peer) in [("evil.example", LOCAL), ("", LOCAL), ("127.evil.example", LOCAL), ("localhost:1", REMOTE)]
        {
            assert!(!opens_page(&access, host, "?token=a+b", peer), "{host}");
        }
    }

    #[test]
    fn other_machines_need_a_name_that_is_allowed_and_the_token() {
        let access = access(&["devbox", "[2001:db8::1]", "localhost"]);
        for (host, query, peer, accepted) in [
            ("devbox:8642", "?token=a+b", REMOTE, true),
            ("DevBox", "?x=1&token=a%2Bb", REMOTE, true),
            ("[2001:db8::1]:8642", "?token=a+b", REMOTE, true),
            // A container's published port.
            ("localhost:8642", "?token=a+b", REMOTE, true),
            ("localhost:8642", "", REMOTE, false),
            ("devbox:8642", "", REMOTE, false),
            // A proxy on this machine may forward others.
            ("devbox:8642", "", LOCAL, false),
            ("devbox:8642", "?token=a%20b", REMOTE, false),
            ("devbox.evil.example", "?token=a+b", REMOTE, false),
            ("127.0.0.1:8642", "?token=a+b", REMOTE, false),
        ] {
            assert_eq!(opens_page(&access, host, query, peer), accepted, "{host}{query}");
        }
    }

    #[test]
    fn a_token_matches_itself_only() {
        let token = AdminToken::chosen("abc").unwrap();
        assert!(token.matches(b"abc"));
        for other in ["", "ab", "abcd", "abd"] {
            assert!(!token.matches(other.as_bytes()), "{other}");
        }
        assert_ne!(AdminToken::random().unwrap().0, AdminToken::random().unwrap().0);
        assert_ne!(Access::new(Some(""), &[]).unwrap().token(), "");
    }

    #[test]
    fn a_host_name_has_no_scheme_and_no_port() {
        for good in ["devbox", "dev_box.example", "10.0.0.1", "::1", "[::1]"] {
            assert!(good.parse::<HostName>().is_ok(), "{good}");
        }
        for bad in ["", "http://devbox", "devbox:80", "dev box", "a/b", "[devbox]:1"] {
            assert!(bad.parse::<HostName>().is_err(), "{bad}");
        }
    }
}
