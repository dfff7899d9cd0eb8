//! [`Config`]: the settings of a client. A setter that refuses its argument leaves the setting as it was. The values of
//! environment variables are checked when a client is made, so that `Client::new` reports mistakes in them.

use crate::address::destination::Destination;
use crate::address::endpoint::Endpoint;
use crate::address::host::HostPort;
use crate::address::proxy::{self, Proxy, ProxyVariables};
use crate::credentials::{Credentials, Header};
use crate::error::Error;
use crate::log::{Log, LogLevel};
use crate::secret::{Secret, Wiped};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

mod tls;

pub use tls::Trust;
pub(crate) use tls::{ClientCertificate, Pin, TlsOptions};

/// The base URL of the service if none is set.
pub const DEFAULT_BASE_URL: &str = "https://api.anchorbrowser.io";

const MAX_KEY_LENGTH: usize = 4096;
const MAX_USER_AGENT_LENGTH: usize = 1024;
/// The longest name that a message of SOCKS can carry.
const LONGEST_NAME: usize = 255;
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// After how many failures in a row a call gives up. What counts as a failure is decided in `calls`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Retries {
    /// Nothing was set: the rules of `calls` decide.
    #[default]
    Default,
    AtMost(u32),
    Always,
}

impl Retries {
    pub fn of(retries: u32) -> Retries {
        if retries == u32::MAX { Retries::Always } else { Retries::AtMost(retries) }
    }

    /// After how many failures in a row a call gives up if nothing was set and the failure is one that is counted.
    pub(crate) const IN_A_ROW: u32 = 5;
}

/// When a call asks again, and how long it waits for what. Some of it can be set for a single call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub retries: Retries,
    pub rearm: bool,
    pub slice: Duration,
    pub grace: Duration,
    pub connect_timeout: Duration,
}

/// Settings, which [`Client::new`](crate::Client::new) copies. Each setter returns the settings, so that calls can be
/// chained.
#[derive(Clone)]
pub struct Config {
    api_key: Option<Setting<Secret>>,
    headers: Vec<Header>,
    base_url: Setting<String>,
    user_agent: String,
    /// Outer `None`: the proxy of the environment; inner `None`: no proxy.
    proxy: Option<Option<Proxy>>,
    proxy_variables: ProxyVariables,
    connect_to: Option<ConnectTo>,
    pub(crate) allow_http: bool,
    pub(crate) tls: TlsOptions,
    pub(crate) connect_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) slice: Duration,
    pub(crate) grace: Duration,
    pub(crate) retries: Retries,
    pub(crate) rearm: bool,
    pub(crate) interruptible: bool,
    pub(crate) log: Log,
    /// What is wrong with the key in the environment.
    bad_key: Option<String>,
}

/// What is connected to in place of a host.
#[derive(Clone)]
struct ConnectTo {
    host: HostPort,
    address: HostPort,
}

/// A setting, and the setter or variable that it comes from, which messages name.
#[derive(Clone)]
struct Setting<T> {
    value: T,
    source: &'static str,
}

impl Config {
    /// Makes settings from the defaults alone. The environment is not read.
    #[must_use]
    pub fn bare() -> Config {
        Config {
            api_key: None,
            headers: Vec::new(),
            base_url: Setting { value: DEFAULT_BASE_URL.to_owned(), source: "base_url" },
            user_agent: concat!("libanchor/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxy: None,
            proxy_variables: ProxyVariables::default(),
            connect_to: None,
            allow_http: false,
            tls: TlsOptions::default(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            max_response_bytes: 8 * 1024 * 1024,
            slice: Duration::from_secs(50),
            grace: Duration::from_secs(2),
            retries: Retries::Default,
            rearm: true,
            interruptible: false,
            log: Log::default(),
            bad_key: None,
        }
    }

    /// Makes settings from the defaults and the environment. It reads `ANCHORBROWSER_API_KEY` (then `ANCHOR_API_KEY`),
    /// `ANCHORBROWSER_BASE_URL`, `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; an empty variable counts as not
    /// set. [`Client::new`](crate::Client::new) reports mistakes in them. A later change of the environment has no effect on
    /// these settings.
    #[must_use]
    pub fn from_env() -> Config {
        let mut config = Config { proxy_variables: ProxyVariables::read(variable), ..Config::bare() };
        for source in ["ANCHORBROWSER_API_KEY", "ANCHOR_API_KEY"] {
            if let Some(key) = variable(source) {
                match check_key(&key) {
                    Ok(value) => config.api_key = Some(Setting { value, source }),
                    Err(why) => config.bad_key = Some(format!("{source} {why}")),
                }
                break;
            }
        }
        if let Some(value) = variable("ANCHORBROWSER_BASE_URL") {
            config.base_url = Setting { value: value.to_string(), source: "ANCHORBROWSER_BASE_URL" };
        }
        config
    }

    /// Sets the API key, which is sent in the header `anchor-api-key`: printable ASCII, 1 to 4,096 bytes.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument), with a message that names the setting, as in each setter.
    pub fn set_api_key(&mut self, key: &str) -> Result<&mut Self, Error> {
        let value = check_key(key).map_err(|why| Error::invalid(format!("api_key {why}")))?;
        self.api_key = Some(Setting { value, source: "api_key" });
        self.bad_key = None;
        Ok(self)
    }

    /// Adds a header to each request, such as `traceparent` or a gateway's token. Its value is treated as the key is: it is
    /// wiped from memory and never logged. At most 32 headers, of 16,384 bytes together.
    ///
    /// - `name`: 1 to 256 bytes, a name of a header; one that the library sets itself is refused.
    /// - `value`: at most 4,096 bytes of printable ASCII.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn add_header(&mut self, name: &str, value: &str) -> Result<&mut Self, Error> {
        Header::add_to(&mut self.headers, name, value).map_err(|why| Error::invalid(format!("header {why}")))?;
        Ok(self)
    }

    /// Sets where the service is: `https://host[:port][/prefix]`; a trailing `/`, `/v1` or `/api/v1` is ignored.
    /// [`DEFAULT_BASE_URL`] by default. [`Client::new`](crate::Client::new) refuses plain `http`, unless the host is loopback
    /// or [`set_allow_http`](Self::set_allow_http) allows it. An IPv6 address may have a zone: `http://[fe80::1%25eth0]:8642`.
    ///
    /// `unix:/path` is a service at a Unix socket of this machine, in plain HTTP; not on Windows.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn set_base_url(&mut self, url: &str) -> Result<&mut Self, Error> {
        Endpoint::parse(url).map_err(|why| Error::invalid(format!("base_url {why}")))?;
        self.base_url = Setting { value: url.to_owned(), source: "base_url" };
        Ok(self)
    }

    /// Sets whether the key may be sent unencrypted: to a plain `http` base URL whose host is not loopback, or to a proxy
    /// that [`set_proxy`](Self::set_proxy) sets for a plain `http` base URL. False by default.
    pub fn set_allow_http(&mut self, allow: bool) -> &mut Self {
        self.allow_http = allow;
        self
    }

    /// Sets the `User-Agent` header: printable ASCII, at most 1,024 bytes. If it is empty, the header is not sent.
    /// `libanchor/VERSION` by default.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn set_user_agent(&mut self, user_agent: &str) -> Result<&mut Self, Error> {
        if user_agent.len() > MAX_USER_AGENT_LENGTH {
            return Err(Error::invalid(format!("user_agent is longer than {MAX_USER_AGENT_LENGTH} bytes")));
        }
        if !is_printable(user_agent) {
            return Err(Error::invalid("user_agent contains a control character, or a character outside ASCII"));
        }
        user_agent.clone_into(&mut self.user_agent);
        Ok(self)
    }

    /// Sets the proxy to connect through: `scheme://[user:password@]host:port`; empty for no proxy. Once it is set, the proxies
    /// and `NO_PROXY` of the environment are ignored. With a plain `http` base URL it needs
    /// [`set_allow_http`](Self::set_allow_http), because the proxy could read the key. The proxies of the environment are not
    /// used for loopback hosts.
    ///
    /// | scheme | |
    /// | --- | --- |
    /// | `http` | a tunnel by CONNECT; the requests themselves if the base URL is plain `http` |
    /// | `https` | the same over TLS |
    /// | `socks5h` | SOCKS5; the proxy looks up the name of the service |
    /// | `socks5` | SOCKS5; the library looks it up |
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument), also for SOCKS of another version.
    pub fn set_proxy(&mut self, url: &str) -> Result<&mut Self, Error> {
        let proxy = if url.is_empty() { None } else { Some(parse_proxy("proxy", url)?) };
        self.proxy = Some(proxy);
        Ok(self)
    }

    /// Connects to `address` in place of `host` if that is the host and port of the base URL, as curl's `--connect-to` does. The
    /// request and the check of the certificate still name the host. A proxy is asked for the address, by a tunnel. Two empty
    /// texts remove the setting. None by default.
    ///
    /// - `host`: `host:port`.
    /// - `address`: `address:port`, where the address may be a name too.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn set_connect_to(&mut self, host: &str, address: &str) -> Result<&mut Self, Error> {
        let parse = |name: &str, text: &str| {
            HostPort::parse(text).map_err(|why| Error::invalid(format!("connect_to: {name} {why}")))
        };
        self.connect_to = match (host, address) {
            ("", "") => None,
            _ => Some(ConnectTo { host: parse("host", host)?, address: parse("address", address)? }),
        };
        Ok(self)
    }

    /// Sets how long DNS lookup, connect and TLS handshake of a connection may take together: 1 ms to 24 h; 10 s by default.
    /// The timeout of the call also applies to them.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn set_connect_timeout(&mut self, timeout: Duration) -> Result<&mut Self, Error> {
        self.connect_timeout = at_least_1_ms("connect_timeout", timeout)?;
        Ok(self)
    }

    /// Sets how long a signal or a drain may take: 1 ms to 24 h; 30 s by default.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn set_request_timeout(&mut self, timeout: Duration) -> Result<&mut Self, Error> {
        self.request_timeout = at_least_1_ms("request_timeout", timeout)?;
        Ok(self)
    }

    /// Sets the size of the largest answer that is accepted: 1 to 1,073,741,824 bytes; 8,388,608 by default. A call that
    /// receives a larger one fails with [`Status::ResponseTooLarge`](crate::Status::ResponseTooLarge).
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn set_max_response_bytes(&mut self, bytes: usize) -> Result<&mut Self, Error> {
        if !(1..=1 << 30).contains(&bytes) {
            return Err(Error::invalid("max_response_bytes is not from 1 to 1073741824"));
        }
        self.max_response_bytes = bytes;
        Ok(self)
    }

    /// Sets the longest time for which one request of a wait asks the service to hold it: 1 ms to 24 h; 50 s by default. A
    /// longer wait makes several requests. The slice should be shorter than the idle limits of the gateways and NATs between
    /// the program and the service.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn set_slice(&mut self, slice: Duration) -> Result<&mut Self, Error> {
        self.slice = at_least_1_ms("slice", slice)?;
        Ok(self)
    }

    /// Sets how much longer a request of a wait is given than it asked for: 0 to 24 h; 2 s by default. This way an answer that
    /// the service sends at the last moment is still received. A wait returns at the latest at its timeout plus this time.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn set_grace(&mut self, grace: Duration) -> Result<&mut Self, Error> {
        if grace > LONGEST {
            return Err(Error::invalid("grace is longer than 24 h"));
        }
        self.grace = grace;
        Ok(self)
    }

    /// Sets after how many failures in a row a call gives up. 0 gives up after the first failure; `u32::MAX` sets no limit.
    ///
    /// By default the number depends on the failure. In an outage, in which the service cannot be reached or a gateway
    /// answers 502, 503 or 504 instead of it, a wait tries again until its deadline. But if this client has never reached the
    /// service, the wait gives up after 5 retries and 5 seconds, or after 5 retries if the host name does not exist. After
    /// any other failure that is safe to repeat, a call gives up after 5 in a row. docs/settings.md has the whole table.
    pub fn set_retries(&mut self, retries: u32) -> &mut Self {
        self.retries = Retries::of(retries);
        self
    }

    /// Sets whether a wait continues after a connection broke to which its request had been written; true by default. The
    /// service may have handed the event to the broken connection. Without re-arming, the wait fails at once with
    /// [`Status::ConnectionLost`](crate::Status::ConnectionLost).
    pub fn set_rearm(&mut self, rearm: bool) -> &mut Self {
        self.rearm = rearm;
        self
    }

    /// Sets whether a signal handler that runs on the blocked thread ends the call with
    /// [`Status::Interrupted`](crate::Status::Interrupted); false by default. A signal that arrives before the call blocks
    /// does not end it.
    pub fn set_interruptible(&mut self, interruptible: bool) -> &mut Self {
        self.interruptible = interruptible;
        self
    }

    /// Sets the function that receives log lines; none by default. It is called on every thread that makes a call, and for
    /// started waits on the thread of the library, possibly at the same time. There it delays every started wait of the
    /// process, so it must return soon. It must not call a function that blocks, or one of the same client; it may cancel. No
    /// line of a wait comes after its [`StartedWait`](crate::StartedWait) or its [`Queue`](crate::Queue) was dropped. A line
    /// contains neither the key, nor added headers, nor events' data.
    pub fn set_log(&mut self, sink: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> &mut Self {
        self.log.sink = Some(Arc::new(sink));
        self
    }

    /// Removes the function that receives log lines.
    pub fn clear_log(&mut self) -> &mut Self {
        self.log.sink = None;
        self
    }

    /// Sets whether a log line is a JSON object, whose members are `level`, `message` and what else is known: `operation`
    /// (`wait` or `signal`), `eventName`, `attempt`, `phase` and `status` as in an error's JSON, `code` for the HTTP status, and
    /// `pauseMs` before the call tries again. False by default.
    pub fn set_log_json(&mut self, json: bool) -> &mut Self {
        self.log.json = json;
        self
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy {
            retries: self.retries,
            rearm: self.rearm,
            slice: self.slice,
            grace: self.grace,
            connect_timeout: self.connect_timeout,
        }
    }

    /// The key and the headers, with that for a proxy which forwards the requests.
    pub(crate) fn credentials(&self, destination: &Destination) -> Result<Credentials, Error> {
        match (&self.api_key, &self.bad_key) {
            (Some(key), _) => {
                let for_proxy = destination.forward_authorization().map(Header::proxy_authorization);
                let headers: Vec<Header> = self.headers.iter().cloned().chain(for_proxy).collect();
                Ok(Credentials::new(key.value.as_str(), &headers))
            }
            (None, Some(why)) => Err(Error::invalid(why.clone())),
            (None, None) => Err(Error::invalid("api_key is not set, and neither is ANCHORBROWSER_API_KEY")),
        }
    }

    pub(crate) fn destination(&self) -> Result<Destination, Error> {
        let endpoint = self.endpoint()?;
        let proxy = self.proxy_for(&endpoint)?;
        let connect_to = self.connect_to_for(&endpoint).cloned();
        let destination = Destination { endpoint, connect_to, proxy };
        if destination.is_named_to_socks() && destination.target().host.bare().len() > LONGEST_NAME {
            let source = self.base_url.source;
            return Err(Error::invalid(format!(
                "{source} has a host of more than {LONGEST_NAME} bytes, too long for SOCKS"
            )));
        }
        Ok(destination)
    }

    fn endpoint(&self) -> Result<Endpoint, Error> {
        let Setting { value, source } = &self.base_url;
        let endpoint = Endpoint::parse(value).map_err(|why| Error::invalid(format!("{source} {why}")))?;
        if !endpoint.https && !endpoint.is_loopback() && !self.allow_http {
            return Err(Error::invalid(format!(
                "{source} is plain http to another machine, which would show the API key to the network; allow_http permits it"
            )));
        }
        Ok(endpoint)
    }

    pub(crate) fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// A proxy can read the key of a plain http request. Proxies of the environment are not used for loopback hosts; a proxy
    /// that was set for one is refused, not ignored.
    fn proxy_for(&self, endpoint: &Endpoint) -> Result<Option<Proxy>, Error> {
        let source = self.base_url.source;
        match &self.proxy {
            Some(Some(_)) if endpoint.unix_socket().is_some() => {
                Err(Error::invalid(format!("proxy is set and {source} is a Unix socket, which no proxy can reach")))
            }
            Some(Some(_)) if !endpoint.https && !self.allow_http => Err(Error::invalid(format!(
                "proxy is set and {source} is plain http, which would show the API key to the proxy; allow_http permits it"
            ))),
            Some(set) => Ok(set.clone()),
            None if endpoint.is_loopback() => Ok(None),
            None if self.connect_to_for(endpoint).is_some_and(|at| at.host.is_loopback()) => Ok(None),
            None => self.proxy_variables.proxy_for(endpoint).map(|(source, url)| parse_proxy(source, url)).transpose(),
        }
    }

    fn connect_to_for(&self, endpoint: &Endpoint) -> Option<&HostPort> {
        let set = self.connect_to.as_ref().filter(|_| endpoint.unix_socket().is_none())?;
        (set.host == endpoint.host_port()).then_some(&set.address)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("api_key", &self.api_key.as_ref().map(|key| format!("set by {}", key.source)))
            .field("base_url", &Endpoint::parse(&self.base_url.value))
            .finish_non_exhaustive()
    }
}

/// The value of an environment variable. One that is not UTF-8 is not taken for absent: its replacement characters are refused
/// where the value is used.
fn variable(name: &str) -> Option<Wiped<String>> {
    let value = Wiped::new(std::env::var_os(name)?.into_encoded_bytes());
    let text = Wiped::new(String::from_utf8_lossy(&value).into_owned());
    (!text.is_empty()).then_some(text)
}

pub(crate) fn check_key(key: &str) -> Result<Secret, String> {
    if key.is_empty() {
        return Err("is empty".to_owned());
    }
    if key.len() > MAX_KEY_LENGTH {
        return Err(format!("is longer than {MAX_KEY_LENGTH} bytes"));
    }
    if !is_printable(key) {
        return Err("contains a control character (perhaps a line end), or a character outside ASCII".to_owned());
    }
    Ok(Secret::from(key))
}

fn parse_proxy(source: &str, url: &str) -> Result<Proxy, Error> {
    proxy::parse(url).map_err(|why| Error::invalid(format!("{source} {why}")))
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|b| (0x20..0x7f).contains(&b))
}

pub(crate) fn at_least_1_ms(name: &str, duration: Duration) -> Result<Duration, Error> {
    if duration < Duration::from_millis(1) || duration > LONGEST {
        return Err(Error::invalid(format!("{name} is not from 1 ms to 24 h")));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Status;

    #[test]
    fn keys_are_checked_and_never_shown() {
        for bad in ["", "a\nb", "a\r", "\u{7f}", "k\u{e9}y", &"x".repeat(4097)] {
            let error = Config::bare().set_api_key(bad).unwrap_err();
            assert_eq!(error.status(), Status::InvalidArgument);
            assert!(error.message().starts_with("api_key "));
        }
        let mut config = Config::bare();
        config.set_api_key("s3cret-key").unwrap();
        assert!(!format!("{config:?}").contains("s3cret"));
        assert_eq!(config.credentials(&config.destination().unwrap()).unwrap().key(), "s3cret-key");
    }

    #[test]
    fn a_refused_setting_changes_nothing() {
        let mut config = Config::bare();
        config.set_base_url("http://localhost:1").unwrap();
        assert!(config.set_base_url("nonsense").is_err());
        assert_eq!(config.endpoint().unwrap().authority(), "localhost:1");
    }

    #[test]
    fn plain_http_needs_loopback_or_leave() {
        let mut config = Config::bare();
        config.set_base_url("http://api.example").unwrap();
        assert!(config.endpoint().unwrap_err().message().contains("plain http"));
        assert!(config.set_allow_http(true).endpoint().is_ok());
    }

    #[test]
    fn another_address_is_for_the_host_and_port_of_the_base_url() {
        let target = |base_url: &str, host: &str| {
            let mut config = Config::bare();
            config.set_base_url(base_url).unwrap().set_connect_to(host, "10.0.0.1:8443").unwrap();
            config.destination().unwrap().target().authority()
        };
        assert_eq!(target("https://API.example/gate", "api.example:443"), "10.0.0.1:8443");
        assert_eq!(target("https://api.example:444", "api.example:443"), "api.example:444");
        assert_eq!(target("https://api.example", "example:443"), "api.example:443");
        assert_eq!(target("unix:/run/x", "localhost:80"), "localhost:80");
        let mut config = Config::bare();
        config
            .set_base_url("https://h")
            .unwrap()
            .set_connect_to("h:443", "a:1")
            .unwrap()
            .set_connect_to("", "")
            .unwrap();
        assert_eq!(config.destination().unwrap().target().authority(), "h:443");
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused() {
        let refusal = |base_url: &str, proxy: &str| {
            let mut config = Config::bare();
            config.set_base_url(base_url).unwrap().set_proxy(proxy).unwrap();
            config.destination().err().map(|e| e.message().to_owned()).unwrap_or_default()
        };
        assert!(refusal("unix:/run/x", "http://p").contains("which no proxy can reach"));
        assert!(refusal("http://localhost", "socks5h://p").contains("would show the API key to the proxy"));
        let long = format!("https://{}", "x".repeat(256));
        assert!(refusal(&long, "socks5h://p").contains("too long for SOCKS"));
        assert_eq!(refusal(&long, "socks5://p"), "");
        assert_eq!(refusal(&long[..8 + 255], "socks5h://p"), "");
    }

    #[test]
    fn retries_that_are_set_differ_from_the_default() {
        let mut config = Config::bare();
        assert_eq!(config.retries, Retries::Default);
        assert_eq!(config.set_retries(5).retries, Retries::AtMost(5));
        assert_eq!(config.set_retries(0).retries, Retries::AtMost(0));
        assert_eq!(config.set_retries(u32::MAX).retries, Retries::Always);
    }

    #[test]
    fn ranges_are_named() {
        let mut config = Config::bare();
        let zero = Duration::ZERO;
        assert!(config.set_connect_timeout(zero).unwrap_err().message().contains("connect_timeout is not from 1 ms"));
        assert!(config.set_request_timeout(zero).unwrap_err().message().contains("request_timeout is not from 1 ms"));
        assert!(config.set_slice(Duration::MAX).unwrap_err().message().contains("slice is not from 1 ms"));
        assert!(config.set_grace(Duration::MAX).unwrap_err().message().contains("grace is longer"));
        assert!(config.set_grace(zero).is_ok());
        assert!(config.set_max_response_bytes(0).unwrap_err().message().contains("max_response_bytes"));
        assert!(config.set_user_agent("a\r\nb: c").unwrap_err().message().contains("user_agent"));
        assert!(config.set_proxy("socks4://h").unwrap_err().message().contains("SOCKS"));
        assert!(config.set_connect_to("h", "a:1").unwrap_err().message().contains("connect_to: host has no port"));
        assert!(
            config.set_connect_to("h:1", "").unwrap_err().message().contains("connect_to: address has no valid host")
        );
    }
}
