//! A way through an HTTP proxy, asked for with CONNECT. ureq has one of its own, which keeps the credentials where nobody can
//! wipe them.

use super::tcp::Output;
use crate::address::proxy::Proxy;
use std::io::Write;
use ureq::unversioned::transport::{NextTimeout, Transport};
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
    pub fn open(&self, proxy: &mut dyn Transport, timeout: NextTimeout) -> Result<(), ureq::Error> {
        const MAX_HEAD: usize = 16 * 1024;
        Output { transport: proxy, timeout }.write_all(self.request.as_bytes())?;
        let refused = |why: String| Err(ureq::Error::Other(why.into()));
        loop {
            if !proxy.await_input(timeout)? {
                return refused("the proxy closed the connection".to_owned());
            }
            let input = proxy.buffers().input();
            if !input.starts_with(&b"HTTP/1."[..input.len().min(7)]) {
                return refused("the proxy's answer is not HTTP".to_owned());
            }
            if let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") {
                let code = input.get(9..12).and_then(|code| str::from_utf8(code).ok()).unwrap_or_default().to_owned();
                proxy.buffers().input_consume(end + 4);
                return if code.starts_with('2') { Ok(()) } else { refused(format!("the proxy answered HTTP {code}")) };
            }
            if input.len() > MAX_HEAD {
                return refused("the proxy's answer has no end".to_owned());
            }
        }
    }
}
