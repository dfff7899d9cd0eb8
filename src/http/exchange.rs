//! One POST of JSON and its answer, by a ureq agent that is set up once per client. What a failure means for a wait or a
//! signal is decided in `calls`.

use super::blocking::Cancels;
use super::buffers::HeldBuffers;
use super::connection::{KEY_HEADER, placeholder};
use super::context::{Context, Limits};
use super::dial::{Dialer, NoResolver};
use super::failure::{ExchangeError, Failure, classify};
use super::inbound::MAX_HEAD;
use super::trust::TlsSettings;
use super::tunnel::Tunnel;
use crate::address::proxy::Proxy;
use crate::error::{Error, Phase};
use crate::panic::inject;
use crate::secret::Secret;
use std::io::Read;
use std::time::{Duration, Instant};
use ureq::http::header::{CONTENT_TYPE, HOST, LOCATION, RETRY_AFTER, USER_AGENT};
use ureq::http::uri::{Authority, PathAndQuery, Scheme};
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, request};

/// What an agent is made from.
pub(crate) struct AgentOptions<'a> {
    pub https: bool,
    /// The key may be sent unencrypted to another machine.
    pub allow_http: bool,
    pub authority: &'a str,
    pub key: &'a Secret,
    pub user_agent: &'a str,
    pub proxy: Option<&'a Proxy>,
    /// `None` if neither the service nor a proxy is reached over TLS.
    pub tls: Option<&'a TlsSettings>,
    pub max_response_bytes: usize,
}

/// The HTTP agent of a client: a pool of connections to one origin.
pub(crate) struct Agent {
    ureq: ureq::Agent,
    scheme: Scheme,
    authority: Authority,
    /// The method and headers, which are the same for every request.
    request: request::Parts,
    head_size: usize,
    max_response_bytes: usize,
}

/// One request to make.
pub(crate) struct Exchange<'a> {
    pub path: &'a str,
    pub body: &'a [u8],
    pub limits: Limits,
    pub cancels: &'a Cancels,
    pub interruptible: bool,
    /// The longest time that a connection of the pool may have been idle; zero asks for a new connection.
    pub max_idle: Duration,
}

/// A complete answer.
pub(crate) struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    pub retry_after: Option<String>,
    pub request_id: Option<String>,
    pub location: Option<String>,
}

/// What is known about an exchange, whether it succeeded or failed.
#[derive(Clone, Copy)]
pub(crate) struct Trace {
    pub phase: Phase,
    /// When all of the request was sent, if it was.
    pub written: Option<Instant>,
    /// The exchange dialled a connection. Otherwise it used one of the pool, if it sent anything.
    pub dialled: bool,
    /// The dialled connection was made.
    pub connected: bool,
    pub sent: u64,
    pub received: u64,
}

/// Bytes of a request's head besides its path, host and headers.
const HEAD_OVERHEAD: usize = 256;
/// How long the pool keeps an idle connection; most servers and gateways keep it at least as long. A connection that the peer
/// has closed is not used.
const MAX_IDLE_AGE: Duration = Duration::from_secs(50);
/// One for each thread of a program that shares a client, for most programs.
const MAX_IDLE_CONNECTIONS: usize = 64;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl Agent {
    pub fn new(options: &AgentOptions<'_>) -> Result<Agent, Error> {
        inject("client");
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent("")
            .accept("")
            .accept_encoding("")
            .max_response_header_size(MAX_HEAD)
            .max_idle_connections(MAX_IDLE_CONNECTIONS)
            .max_idle_connections_per_host(MAX_IDLE_CONNECTIONS)
            .max_idle_age(MAX_IDLE_AGE)
            .build();
        let scheme = if options.https { Scheme::HTTPS } else { Scheme::HTTP };
        let authority: Authority =
            options.authority.parse().map_err(|_| Error::invalid("base_url has no valid host"))?;
        let target_port = authority.port_u16().unwrap_or(default_port(options.https));
        let tunnel = |proxy| Tunnel::new(proxy, authority.host(), target_port, options.user_agent);
        let dialer = Dialer {
            tls: options.tls.map(TlsSettings::of_process),
            tunnel: options.proxy.map(tunnel),
            only_loopback: !options.https && !options.allow_http,
            key: options.key.clone(),
        };
        let (mut request, ()) = Request::new(()).into_parts();
        request.method = Method::POST;
        request.headers = headers(options)?;
        let size_of = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
        let head_size = request.headers.iter().map(size_of).sum::<usize>() + options.authority.len() + HEAD_OVERHEAD;
        Ok(Agent {
            ureq: ureq::Agent::with_parts(config, dialer, NoResolver),
            scheme,
            authority,
            request,
            head_size,
            max_response_bytes: options.max_response_bytes,
        })
    }

    pub fn exchange(&self, exchange: &Exchange<'_>) -> (Result<Reply, Failure>, Trace) {
        let mut call = Context::new(exchange.limits, exchange.cancels, exchange.interruptible);
        call.max_idle = exchange.max_idle;
        call.output_size = self.head_size + exchange.path.len() + exchange.body.len().min(HeldBuffers::OUTPUT_LIMIT);
        let outcome = call.scope(|| self.post(exchange).and_then(|response| self.take(response)));
        let outcome = outcome.map_err(|cause| classify(&call, cause));
        let trace = Trace {
            phase: call.phase(),
            written: call.written(),
            dialled: call.is_fresh(),
            connected: call.is_connected(),
            sent: call.sent(),
            received: call.received(),
        };
        (outcome, trace)
    }

    fn post(&self, exchange: &Exchange<'_>) -> Result<Response<ureq::Body>, ExchangeError> {
        inject("request");
        let mut uri = ureq::http::uri::Parts::default();
        uri.scheme = Some(self.scheme.clone());
        uri.authority = Some(self.authority.clone());
        uri.path_and_query = Some(PathAndQuery::try_from(exchange.path).map_err(|e| ureq::Error::Http(e.into()))?);
        let mut request = self.request.clone();
        request.uri = Uri::from_parts(uri).map_err(|e| ureq::Error::Http(e.into()))?;
        Ok(self.ureq.run(Request::from_parts(request, exchange.body))?)
    }

    fn take(&self, mut response: Response<ureq::Body>) -> Result<Reply, ExchangeError> {
        inject("answer");
        let body = self.read_body(response.body_mut())?;
        let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let status = response.status();
        Ok(Reply {
            status: status.as_u16(),
            body,
            retry_after: if status.is_success() { None } else { header(&RETRY_AFTER) },
            request_id: if status.is_success() { None } else { header(&REQUEST_ID) },
            location: if status.is_redirection() { header(&LOCATION) } else { None },
        })
    }

    /// Reads the body to its end, after which ureq puts the connection into the pool. The buffer has room for one byte more than
    /// is announced, so that one read finds the end.
    fn read_body(&self, body: &mut ureq::Body) -> Result<Vec<u8>, ExchangeError> {
        const CHUNK: usize = 16 * 1024;
        let announced = body.content_length().map_or(CHUNK, |length| usize::try_from(length).unwrap_or(usize::MAX));
        if body.content_length().is_some() && announced > self.max_response_bytes {
            return Err(ExchangeError::TooLarge);
        }
        let mut reader = body.as_reader();
        let mut bytes = Vec::new();
        grow(&mut bytes, announced.min(CHUNK) + 1)?;
        let mut filled = 0;
        loop {
            match reader.read(&mut bytes[filled..]).map_err(ureq::Error::from)? {
                0 => break,
                count => filled += count,
            }
            if filled > self.max_response_bytes {
                return Err(ExchangeError::TooLarge);
            }
            if filled == bytes.len() {
                grow(&mut bytes, filled * 2)?;
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}

/// The peer decides how large an answer is, so a lack of memory is reported and does not abort the process.
fn grow(bytes: &mut Vec<u8>, length: usize) -> Result<(), ExchangeError> {
    bytes.try_reserve_exact(length - bytes.len()).map_err(|_| ExchangeError::OutOfMemory)?;
    bytes.resize(length, 0);
    Ok(())
}

pub(super) fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

fn headers(options: &AgentOptions<'_>) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::with_capacity(8);
    // Made once here; ureq would make it for each request.
    let default_port = format!(":{}", default_port(options.https));
    let host = options.authority.strip_suffix(&default_port).unwrap_or(options.authority);
    headers.insert(HOST, HeaderValue::from_str(host).map_err(|_| Error::invalid("base_url has no valid host"))?);
    headers.insert(HeaderName::from_static(KEY_HEADER), key_header(options.key)?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if !options.user_agent.is_empty() {
        let user_agent = HeaderValue::from_str(options.user_agent);
        headers.insert(USER_AGENT, user_agent.map_err(|_| Error::invalid("user_agent is not a header value"))?);
    }
    Ok(headers)
}

/// ureq gets a placeholder of the key's length, since its log could show the key. `connection` replaces it.
fn key_header(key: &Secret) -> Result<HeaderValue, Error> {
    HeaderValue::try_from(placeholder(key)).map_err(|_| Error::invalid("api_key is not a header value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_header_omits_the_default_port() {
        let key = Secret::from("key");
        for (https, authority, expected) in [
            (true, "host:443", "host"),
            (true, "host:80", "host:80"),
            (false, "host:80", "host"),
            (false, "[::1:443]", "[::1:443]"),
            (true, "[::1]:443", "[::1]"),
            (true, "host", "host"),
        ] {
            let options = AgentOptions {
                https,
                allow_http: true,
                authority,
                key: &key,
                user_agent: "",
                proxy: None,
                tls: None,
                max_response_bytes: 1,
            };
            assert_eq!(headers(&options).expect("valid headers")[HOST], expected, "{authority}");
        }
    }
}
