//! Access control: which web pages may use the server, and who may see the page and the admin endpoint.
//!
//! A browser sends `Origin` with what a page posts, and `Host` with the name in the page's URL. Both are
//! checked, against other pages and against foreign names that resolve to this machine (DNS rebinding).

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, StatusCode, header};

use super::answer::ApiError;

/// The secret that the admin endpoint requires. It is in the page, and known to
/// whoever chose it when the server was started.
#[derive(Clone)]
pub struct AdminToken(String);

impl AdminToken {
    pub fn new(given: Option<&str>) -> Result<Self, getrandom::Error> {
        given.map_or_else(|| random().map(Self), |given| Ok(Self(given.to_owned())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares in constant time.
    pub fn matches(&self, shown: &str) -> bool {
        let (ours, shown) = (self.0.as_bytes(), shown.as_bytes());
        let differences = ours.iter().zip(shown).fold(0, |sum, (a, b)| sum | (a ^ b));
        ours.len() == shown.len() && differences == 0
    }
}

/// 128 random bits as text.
pub fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A request from a web page must come from a page of this server.
pub fn check_origin(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    match (origin, host(headers)) {
        (Some(("http" | "https", origin)), Some(host)) if origin == host && is_loopback(host) => Ok(()),
        _ => Err(forbidden("Web pages of other sites may not use this server")),
    }
}

/// The page and the admin endpoint are for clients on this machine, whatever address the server listens on.
pub fn check_local(headers: &HeaderMap, peer: SocketAddr) -> Result<(), ApiError> {
    if !peer.ip().to_canonical().is_loopback() {
        return Err(forbidden("Only clients on the server's own machine may use this"));
    }
    if !host(headers).is_some_and(is_loopback) {
        return Err(forbidden("Use a loopback name in the URL, such as 127.0.0.1 or localhost"));
    }
    check_origin(headers)
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(literal) => literal.split_once(']').map_or("", |(address, _)| address),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn forbidden(message: &str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_program_sends_no_origin_and_comes_in() {
        assert!(check_origin(&headers(&[(header::HOST, "anything")])).is_ok());
    }

    #[test]
    fn a_page_comes_in_only_if_it_is_ours() {
        for (host, origin, welcome) in [
            ("127.0.0.1:8642", "http://127.0.0.1:8642", true),
            ("localhost:8642", "https://localhost:8642", true),
            ("[::1]:8642", "http://[::1]:8642", true),
            ("127.0.0.1:8642", "http://127.0.0.1:3000", false),
            ("127.0.0.1:8642", "https://evil.example", false),
            ("evil.example:8642", "http://evil.example:8642", false),
            ("127.0.0.1:8642", "null", false),
        ] {
            let headers = headers(&[(header::HOST, host), (header::ORIGIN, origin)]);
            assert_eq!(check_origin(&headers).is_ok(), welcome, "{origin} to {host}");
        }
    }

    #[test]
    fn the_page_is_for_this_machine_under_its_own_name() {
        let local: SocketAddr = ([127, 0, 0, 1], 5).into();
        let named = |host| headers(&[(header::HOST, host)]);
        assert!(check_local(&named("localhost:1"), local).is_ok());
        assert!(check_local(&named("evil.example"), local).is_err());
        assert!(check_local(&headers(&[]), local).is_err());
        assert!(check_local(&named("localhost:1"), ([192, 168, 0, 2], 5).into()).is_err());
        assert!(check_local(&named("localhost:1"), "[::ffff:127.0.0.1]:5".parse().unwrap()).is_ok());
        assert!(check_local(&named("127.evil.example"), local).is_err());
    }

    #[test]
    fn a_token_matches_itself_only() {
        let token = AdminToken::new(Some("abc")).unwrap();
        assert!(token.matches("abc"));
        for other in ["", "ab", "abcd", "abd"] {
            assert!(!token.matches(other), "{other}");
        }
        assert_ne!(AdminToken::new(None).unwrap().as_str(), AdminToken::new(None).unwrap().as_str());
    }
}
