//! A way through an HTTP proxy, asked for with CONNECT. ureq has one of its own, which keeps the credentials where nobody can
//! wipe them.

use super::stream::{Stream, receive_some, send_all};
use crate::address::proxy::Proxy;
use std::io;
use zeroize::Zeroizing;

/// The way through a proxy.
pub(super) struct Tunnel {
    pub https: bool,
    pub host: String,
    pub port: u16,
    /// The CONNECT that asks for it, credentials included.
    request: Zeroizing<String>,
}

impl Tunnel {
    pub fn new(proxy: &Proxy, target: &str, target_port: u16, user_agent: &str) -> Tunnel {
        let mut head = format!("CONNECT {target}:{target_port} HTTP/1.1\r\nHost: {target}:{target_port}\r\n");
        if !user_agent.is_empty() {
            head.extend(["User-Agent: ", user_agent, "\r\n"]);
        }
        head.push_str("Proxy-Connection: Keep-Alive\r\n");
        // In one allocation: what a buffer held before it grew would not be wiped.
        let request = match &proxy.authorization {
            Some(credentials) => [&head, "Proxy-Authorization: ", credentials.as_str(), "\r\n\r\n"].concat(),
            None => [&head, "\r\n"].concat(),
        };
        Tunnel { https: proxy.https, host: proxy.host.clone(), port: proxy.port, request: Zeroizing::new(request) }
    }

    /// Sends the CONNECT and takes the head of the answer.
    pub fn open(&self, proxy: &mut dyn Stream) -> io::Result<()> {
        const MAX_HEAD: usize = 16 * 1024;
        send_all(proxy, self.request.as_bytes())?;
        let mut input = Vec::new();
        loop {
            if !receive_some(proxy, &mut |bytes| input.extend_from_slice(bytes))? {
                return Err(io::Error::other("the proxy closed the connection"));
            }
            if !input.starts_with(&b"HTTP/1."[..input.len().min(7)]) {
                return Err(io::Error::other("the proxy's answer is not HTTP"));
            }
            if let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") {
                let code = input.get(9..12).and_then(|code| str::from_utf8(code).ok()).unwrap_or_default().to_owned();
                if !code.starts_with('2') {
                    return Err(io::Error::other(format!("the proxy answered HTTP {code}")));
                }
                return if end + 4 == input.len() {
                    Ok(())
                } else {
                    Err(io::Error::other("the proxy sent more than its answer"))
                };
            }
            if input.len() > MAX_HEAD {
                return Err(io::Error::other("the proxy's answer has no end"));
            }
        }
    }
}
