//! One POST of JSON and its answer, by a ureq agent that is set up once per client. What a failure means for a wait or a
//! signal is decided in `calls`.

use super::blocking::{Blocking, Cancels};
use super::buffers::HeldBuffers;
use super::codec::Template;
use super::connection::{Dialer, NoResolver, Origin};
use super::context::{Limits, Trace};
use super::failure::{ExchangeError, Failure, classify};
use super::gauge::Gauge;
use super::inbound::MAX_HEAD;
use super::pool::Pool;
use super::route::{Hop, Route, Via};
use super::trust::TlsSettings;
use super::tunnel::Tunnel;
use crate::address::destination::Destination;
use crate::address::proxy::Proxy;
use crate::credentials::{Credentials, Lines};
use crate::error::Error;
use crate::panic::inject;
use crate::secret::Wiped;
use crate::stats::Connections;
use crate::sys::{Latest, UnixAddress};
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::header::{HOST, LOCATION, RETRY_AFTER};
use ureq::http::{HeaderName, HeaderValue, Request, Response, request};

/// What an agent is made from.
pub(crate) struct AgentOptions<'a> {
    pub destination: &'a Destination,
    /// The key may be sent unencrypted to another machine.
    pub allow_http: bool,
    pub credentials: &'a Arc<Latest<Credentials>>,
    pub user_agent: &'a str,
    /// `None` if neither the service nor a proxy is reached over TLS.
    pub tls: Option<&'a TlsSettings>,
    pub max_response_bytes: usize,
}

/// The HTTP agent of a client: a pool of connections to one origin.
pub(crate) struct Agent {
    ureq: ureq::Agent,
    origin: Arc<Origin>,
    /// What ureq knows of each request, besides its length: a POST for `/`, with the host.
    request: request::Parts,
    template: Template,
    head_size: usize,
    max_response_bytes: usize,
}

/// One request to make.
pub(crate) struct Post<'a> {
    pub path: &'a str,
    pub body: &'a [u8],
    /// The headers of this call alone.
    pub lines: Option<&'a Lines>,
    pub limits: Limits,
    /// The longest time that a connection of the pool may have been idle; zero asks for a new connection.
    pub max_idle: Duration,
}

/// A complete answer.
#[derive(Default)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    pub retry_after: Option<String>,
    pub request_id: Option<String>,
    pub location: Option<String>,
}

/// Bytes of a request's head besides its path, host, and the lines that ureq does not write.
const HEAD_OVERHEAD: usize = 256;
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
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .build();
        let endpoint = &options.destination.endpoint;
        let route = route(options)?;
        let for_proxy = route.is_forwarded().then(|| format!("http://{}", endpoint.host_header()));
        let (common, credentials) = (common_lines(options.user_agent)?, Arc::clone(options.credentials));
        let lines_size = common.len() + credentials.get().as_str().len();
        let (pool, gauge) = (Pool::default(), Arc::default());
        let origin = Arc::new(Origin { route, for_proxy, common, pool, gauge, credentials });
        let scheme = if endpoint.https { "https" } else { "http" };
        // ureq would make the host for each request.
        let request =
            Request::post(format!("{scheme}://{}/", endpoint.authority())).header(HOST, endpoint.host_header());
        let (request, ()) = request.body(()).map_err(|_| Error::invalid("base_url has no valid host"))?.into_parts();
        let origin_size = endpoint.authority().len() + origin.for_proxy.as_ref().map_or(0, String::len);
        let head_size = origin_size + lines_size + HEAD_OVERHEAD;
        let template = Template::new(request.clone(), 2 * head_size);
        let template = template.map_err(|e| Error::invalid(format!("the settings make no valid request: {e}")))?;
        Ok(Agent {
            template,
            ureq: ureq::Agent::with_parts(config, Dialer(Arc::clone(&origin)), NoResolver),
            origin,
            request,
            head_size,
            max_response_bytes: options.max_response_bytes,
        })
    }

    /// Sends the request, and blocks until its answer has arrived or the call ends.
    pub fn exchange(&self, post: &Post<'_>, cancels: &Cancels, interruptible: bool) -> (Result<Reply, Failure>, Trace) {
        let mut call = Blocking::new(post.limits, cancels, interruptible);
        call.max_idle = post.max_idle;
        call.path = post.path.to_owned();
        call.lines = post.lines.cloned();
        call.output_size = self.request_size(post).min(self.head_size + HeldBuffers::OUTPUT_LIMIT);
        let outcome = call.scope(|| self.post(post).and_then(|response| self.take(response)));
        let outcome = outcome.map_err(|cause| classify(&call.context, cause));
        (outcome, call.context.trace())
    }

    /// How many connections there are. While calls are running, the counts may not add up exactly.
    pub fn connections(&self) -> Connections {
        let (open, waiting) = (self.gauge().open() as u64, self.gauge().waiting() as u64);
        Connections { open, idle: self.pool().len() as u64, waiting }
    }

    pub(super) fn gauge(&self) -> &Arc<Gauge> {
        &self.origin.gauge
    }

    pub(super) fn route(&self) -> &Route {
        &self.origin.route
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.origin.pool
    }

    pub(super) fn max_response_bytes(&self) -> usize {
        self.max_response_bytes
    }

    /// The bytes of a request, with the credentials of this moment.
    pub(super) fn encode(&self, path: &str, body: &[u8], lines: Option<&Lines>) -> Wiped<Vec<u8>> {
        inject("request");
        let origin = &*self.origin;
        let credentials = origin.credentials.get();
        let lines = [origin.common.as_str(), credentials.as_str(), lines.map_or("", Lines::as_str)];
        self.template.encode(origin.for_proxy.as_deref().unwrap_or(""), path, lines, body)
    }

    fn post(&self, post: &Post<'_>) -> Result<Response<ureq::Body>, ExchangeError> {
        inject("request");
        Ok(self.ureq.run(Request::from_parts(self.request.clone(), post.body))?)
    }

    /// About how many bytes the request has.
    fn request_size(&self, post: &Post<'_>) -> usize {
        let lines = post.lines.map_or(0, |lines| lines.as_str().len());
        self.head_size + lines + post.path.len() + post.body.len()
    }

    fn take(&self, mut response: Response<ureq::Body>) -> Result<Reply, ExchangeError> {
        inject("answer");
        let body = self.read_body(response.body_mut())?;
        Ok(Reply::new(&response, body))
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

impl Reply {
    pub(super) fn new<T>(response: &Response<T>, body: Vec<u8>) -> Reply {
        let status = response.status().as_u16();
        let mut reply = Reply { status, body, ..Reply::default() };
        if !(200..300).contains(&status) {
            let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
            reply.retry_after = header(&RETRY_AFTER);
            reply.request_id = header(&REQUEST_ID);
            reply.location = header(&LOCATION);
            reply.drop_unused();
        }
        reply
    }

    /// Drops the fields that mean nothing with this status.
    pub(super) fn drop_unused(&mut self) {
        if (200..300).contains(&self.status) {
            (self.retry_after, self.request_id) = (None, None);
        }
        if !(300..400).contains(&self.status) {
            self.location = None;
        }
    }
}

/// The peer decides how large an answer is, so a lack of memory is reported and does not abort the process.
fn grow(bytes: &mut Vec<u8>, length: usize) -> Result<(), ExchangeError> {
    bytes.try_reserve_exact(length - bytes.len()).map_err(|_| ExchangeError::OutOfMemory)?;
    bytes.resize(length, 0);
    Ok(())
}

/// The way to the service.
fn route(options: &AgentOptions<'_>) -> Result<Route, Error> {
    let endpoint = &options.destination.endpoint;
    let target = options.destination.target();
    let via = match (endpoint.unix_socket(), &options.destination.proxy) {
        (Some(path), _) => {
            let address = UnixAddress::new(path);
            Via::UnixSocket(address.map_err(|e| Error::invalid(format!("base_url is not a Unix socket here: {e}")))?)
        }
        (None, Some(proxy)) => {
            let is_forwarded = options.destination.is_forwarded();
            let tunnel = (!is_forwarded).then(|| Tunnel::new(proxy, &target, options.user_agent));
            Via::Proxy(Hop { at: proxy.at.clone(), https: proxy.is_over_tls(), tunnel })
        }
        (None, None) => Via::Nothing,
    };
    let is_proxy_over_tls = options.destination.proxy.as_ref().is_some_and(Proxy::is_over_tls);
    Ok(Route {
        https: endpoint.https,
        target,
        name: endpoint.host.in_url().to_owned(),
        tls: options.tls.map(TlsSettings::for_service),
        proxy_tls: options.tls.filter(|_| is_proxy_over_tls).map(TlsSettings::for_proxy),
        via,
        only_loopback: !endpoint.https && !options.allow_http,
    })
}

fn common_lines(user_agent: &str) -> Result<String, Error> {
    let content_type = "content-type: application/json\r\n";
    if user_agent.is_empty() {
        return Ok(content_type.to_owned());
    }
    HeaderValue::from_str(user_agent).map_err(|_| Error::invalid("user_agent is not a header value"))?;
    Ok(format!("{content_type}user-agent: {user_agent}\r\n"))
}
