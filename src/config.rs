//! [`Config`]: the settings of a client. A setter that refuses its argument leaves the setting as it was. The values of
//! environment variables are checked when a client is made, so that `Client::new` reports mistakes in them.

use crate::address::endpoint::Endpoint;
use crate::address::proxy::{self, Proxy, ProxyVariables};
use crate::credentials::{Credentials, Header};
use crate::error::Error;
use crate::secret::Secret;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

mod tls;

pub use tls::Trust;
pub(crate) use tls::{ClientCertificate, Pin, TlsOptions};

/// The base URL of the service if none is set.
pub const DEFAULT_BASE_URL: &str = "https://api.anchorbrowser.io";

const MAX_KEY_LENGTH: usize = 4096;
const MAX_USER_AGENT_LENGTH: usize = 1024;
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

/// The importance of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum LogLevel {
    /// A failure after which a call tries again, or a system without certificate authorities.
    Warning = 1,
    /// A wait asks again because the event was not signaled yet.
    Info = 2,
    /// One line for each request.
    Debug = 3,
}

pub(crate) type LogSink = Arc<dyn Fn(LogLevel, &str) + Send + Sync>;

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
    pub(crate) log: Option<LogSink>,
    /// What is wrong with the key in the environment.
    bad_key: Option<String>,
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
            log: None,
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
    /// or [`set_allow_http`](Self::set_allow_http) allows it.
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

    /// Sets the proxy to connect through, with CONNECT: `http://[user:password@]host:port`, or the same with `https`; empty
    /// for no proxy. Once it is set, the proxies and `NO_PROXY` of the environment are ignored. With a plain `http` base URL
    /// it needs [`set_allow_http`](Self::set_allow_http), because the proxy could read the key. The proxies of the
    /// environment are not used for loopback hosts.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument), also for a SOCKS proxy.
    pub fn set_proxy(&mut self, url: &str) -> Result<&mut Self, Error> {
        let proxy = if url.is_empty() { None } else { Some(parse_proxy("proxy", url)?) };
        self.proxy = Some(proxy);
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
    /// contains neither the key nor events' data.
    pub fn set_log(&mut self, sink: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> &mut Self {
        self.log = Some(Arc::new(sink));
        self
    }

    /// Removes the function that receives log lines.
    pub fn clear_log(&mut self) -> &mut Self {
        self.log = None;
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

    pub(crate) fn credentials(&self) -> Result<Credentials, Error> {
        match (&self.api_key, &self.bad_key) {
            (Some(key), _) => Ok(Credentials::new(key.value.as_str(), &self.headers)),
            (None, Some(why)) => Err(Error::invalid(why.clone())),
            (None, None) => Err(Error::invalid("api_key is not set, and neither is ANCHORBROWSER_API_KEY")),
        }
    }

    pub(crate) fn endpoint(&self) -> Result<Endpoint, Error> {
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
    pub(crate) fn proxy_for(&self, endpoint: &Endpoint) -> Result<Option<Proxy>, Error> {
        match &self.proxy {
            Some(Some(_)) if !endpoint.https && !self.allow_http => Err(Error::invalid(format!(
                "proxy is set and {} is plain http, which would show the API key to the proxy; allow_http permits it",
                self.base_url.source
            ))),
            Some(set) => Ok(set.clone()),
            None if endpoint.is_loopback() => Ok(None),
            None => self.proxy_variables.proxy_for(endpoint).map(|(source, url)| parse_proxy(source, url)).transpose(),
        }
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
fn variable(name: &str) -> Option<Zeroizing<String>> {
    let value = Zeroizing::new(std::env::var_os(name)?.into_encoded_bytes());
    let text = Zeroizing::new(String::from_utf8_lossy(&value).into_owned());
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
        assert_eq!(config.credentials().unwrap().as_str(), "s3cret-key");
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
        assert!(config.set_proxy("socks5://h").unwrap_err().message().contains("SOCKS"));
    }
}
