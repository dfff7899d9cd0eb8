//! [`Config`]: what a client is set up with. Each setter checks its argument and keeps what it was before if the argument
//! is refused; what the environment says is checked when a client is made, so that its mistakes are reported too.

use crate::address::endpoint::Endpoint;
use crate::address::proxy::{self, Proxy, ProxyVariables};
use crate::error::Error;
use crate::secret::Secret;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// The service's address when none is set.
pub const DEFAULT_BASE_URL: &str = "https://api.anchorbrowser.io";

const MAX_KEY_LENGTH: usize = 4096;
const MAX_USER_AGENT_LENGTH: usize = 1024;
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Which certificate authorities a client trusts, in addition to those of a file that is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i32)]
pub enum Trust {
    /// The system's, or the built-in ones of Mozilla if none of the system's is found or may be read; the log says so.
    #[default]
    Auto = 0,
    /// The system's only.
    System = 1,
    /// The built-in ones of Mozilla only.
    Bundled = 2,
}

/// How many failures in a row a call tries again. What counts as a failure is decided in `calls`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Retries {
    /// Nothing was set: the rules of `calls` decide, and five where they count.
    #[default]
    Default,
    AtMost(u32),
    Always,
}

impl Retries {
    /// How many failures in a row are tried again, where they count and nothing was set.
    pub(crate) const IN_A_ROW: u32 = 5;
}

/// The importance of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum LogLevel {
    /// A failure after which the call tries again, or that ends it.
    Warning = 1,
    /// One line for each call and for each re-arm.
    Info = 2,
    /// One line for each request.
    Debug = 3,
}

pub(crate) type LogSink = Arc<dyn Fn(LogLevel, &str) + Send + Sync>;

/// Settings, copied by [`Client::new`](crate::Client::new).
#[derive(Clone)]
pub struct Config {
    api_key: Option<Setting<Secret>>,
    base_url: Setting<String>,
    user_agent: String,
    /// Outer `None`: as the environment says; inner `None`: no proxy.
    proxy: Option<Option<Proxy>>,
    proxy_variables: ProxyVariables,
    pub(crate) allow_http: bool,
    pub(crate) trust: Trust,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) connect_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) slice: Duration,
    pub(crate) grace: Duration,
    pub(crate) retries: Retries,
    pub(crate) rearm: bool,
    pub(crate) interruptible: bool,
    pub(crate) log: Option<LogSink>,
    /// What was wrong with a key of the environment.
    bad_key: Option<String>,
}

/// A setting and the name that a message gives it.
#[derive(Clone)]
struct Setting<T> {
    value: T,
    source: &'static str,
}

impl Config {
    /// The defaults, and nothing from the environment.
    #[must_use]
    pub fn bare() -> Config {
        Config {
            api_key: None,
            base_url: Setting { value: DEFAULT_BASE_URL.to_owned(), source: "base_url" },
            user_agent: concat!("libanchor/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxy: None,
            proxy_variables: ProxyVariables::default(),
            allow_http: false,
            trust: Trust::Auto,
            ca_file: None,
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

    /// The defaults, and what the environment says: `ANCHORBROWSER_API_KEY` (then `ANCHOR_API_KEY`),
    /// `ANCHORBROWSER_BASE_URL`, and `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`. Empty variables count as
    /// absent. Mistakes in them are reported by [`Client::new`](crate::Client::new).
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

    /// The API key, sent as `anchor-api-key`. Printable ASCII, at most 4,096 bytes.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, here and in each setter, with a message that names the setting.
    pub fn set_api_key(&mut self, key: &str) -> Result<&mut Self, Error> {
        let value = check_key(key).map_err(|why| Error::invalid(format!("api_key {why}")))?;
        self.api_key = Some(Setting { value, source: "api_key" });
        self.bad_key = None;
        Ok(self)
    }

    /// Where the service is: `https://host[:port][/prefix]`. A trailing `/`, `/v1` or `/api/v1` is understood. Plain
    /// `http` is refused by [`Client::new`](crate::Client::new) unless the host is loopback or
    /// [`set_allow_http`](Self::set_allow_http) allows it.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`.
    pub fn set_base_url(&mut self, url: &str) -> Result<&mut Self, Error> {
        Endpoint::parse(url).map_err(|why| Error::invalid(format!("base_url {why}")))?;
        self.base_url = Setting { value: url.to_owned(), source: "base_url" };
        Ok(self)
    }

    /// Sends the key in clear, if the base URL says so: to another machine, or to a proxy that was set. For a service
    /// behind a TLS proxy of your own.
    pub fn set_allow_http(&mut self, allow: bool) -> &mut Self {
        self.allow_http = allow;
        self
    }

    /// The `User-Agent` header. Printable ASCII, at most 1,024 bytes; empty sends none.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`.
    pub fn set_user_agent(&mut self, user_agent: &str) -> Result<&mut Self, Error> {
        if user_agent.len() > MAX_USER_AGENT_LENGTH {
            return Err(Error::invalid(format!("user_agent is longer than {MAX_USER_AGENT_LENGTH} bytes")));
        }
        if !is_printable(user_agent) {
            return Err(Error::invalid("user_agent holds a control character or one outside ASCII"));
        }
        user_agent.clone_into(&mut self.user_agent);
        Ok(self)
    }

    /// The proxy to tunnel through with CONNECT: `http://[user:password@]host:port`, also `https://`. Empty: none,
    /// whatever the environment says. The environment and its NO_PROXY count no more once this is set. With a plain `http`
    /// base URL it needs [`set_allow_http`](Self::set_allow_http), since the proxy could read the key. The environment's
    /// proxies are not used for loopback hosts.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`, also for a SOCKS proxy.
    pub fn set_proxy(&mut self, url: &str) -> Result<&mut Self, Error> {
        let proxy = if url.is_empty() { None } else { Some(parse_proxy("proxy", url)?) };
        self.proxy = Some(proxy);
        Ok(self)
    }

    /// A PEM file of certificate authorities to trust in addition. Read by [`Client::new`](crate::Client::new).
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for an empty path.
    pub fn set_ca_file(&mut self, path: impl AsRef<Path>) -> Result<&mut Self, Error> {
        let path = path.as_ref();
        if path.as_os_str().is_empty() {
            return Err(Error::invalid("ca_file is empty"));
        }
        self.ca_file = Some(path.to_owned());
        Ok(self)
    }

    /// Which certificate authorities to trust.
    pub fn set_trust(&mut self, trust: Trust) -> &mut Self {
        self.trust = trust;
        self
    }

    /// How long DNS, connect and TLS handshake may take together, for each connection, within the call's deadline.
    /// 1 ms to 24 h; 10 s by default.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`.
    pub fn set_connect_timeout(&mut self, timeout: Duration) -> Result<&mut Self, Error> {
        self.connect_timeout = at_least_1_ms("connect_timeout", timeout)?;
        Ok(self)
    }

    /// How long a signal, or a drain, may take. 1 ms to 24 h; 30 s by default.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`.
    pub fn set_request_timeout(&mut self, timeout: Duration) -> Result<&mut Self, Error> {
        self.request_timeout = at_least_1_ms("request_timeout", timeout)?;
        Ok(self)
    }

    /// The largest answer taken, in bytes: 1 to 1 GiB; 8 MiB by default.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`.
    pub fn set_max_response_bytes(&mut self, bytes: usize) -> Result<&mut Self, Error> {
        if !(1..=1 << 30).contains(&bytes) {
            return Err(Error::invalid("max_response_bytes is not from 1 to 1073741824"));
        }
        self.max_response_bytes = bytes;
        Ok(self)
    }

    /// The longest that one request of a wait asks the service to hold it; a longer wait is made of several. Below the
    /// idle limits of gateways and NATs on the way. 1 ms to 24 h; 50 s by default.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`.
    pub fn set_slice(&mut self, slice: Duration) -> Result<&mut Self, Error> {
        self.slice = at_least_1_ms("slice", slice)?;
        Ok(self)
    }

    /// How much longer than it asked for a request of a wait is given, so that an answer sent at the last moment is still
    /// taken. A wait returns at the latest at its timeout plus this. 0 to 24 h; 2 s by default.
    ///
    /// # Errors
    ///
    /// `InvalidArgument`.
    pub fn set_grace(&mut self, grace: Duration) -> Result<&mut Self, Error> {
        if grace > LONGEST {
            return Err(Error::invalid("grace is longer than 24 h"));
        }
        self.grace = grace;
        Ok(self)
    }

    /// How many failures in a row are tried again before a call gives up; 5 by default. `u32::MAX`: however many.
    pub fn set_retries(&mut self, retries: u32) -> &mut Self {
        self.retries = if retries == u32::MAX { Retries::Always } else { Retries::AtMost(retries) };
        self
    }

    /// Whether a wait goes on after a connection broke that its request was written to; true by default. The event may
    /// have been handed out to the broken connection; if not re-armed, the wait returns `ConnectionLost` at once.
    pub fn set_rearm(&mut self, rearm: bool) -> &mut Self {
        self.rearm = rearm;
        self
    }

    /// Whether a signal handler that runs on the waiting thread ends the call with `Interrupted`; false by default.
    pub fn set_interruptible(&mut self, interruptible: bool) -> &mut Self {
        self.interruptible = interruptible;
        self
    }

    /// Where log lines go; nowhere by default. Called on the threads that make calls. The key and events' data are never
    /// in a line.
    pub fn set_log(&mut self, sink: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> &mut Self {
        self.log = Some(Arc::new(sink));
        self
    }

    /// Stops logging.
    pub fn clear_log(&mut self) -> &mut Self {
        self.log = None;
        self
    }

    pub(crate) fn key(&self) -> Result<&Secret, Error> {
        match (&self.api_key, &self.bad_key) {
            (Some(key), _) => Ok(&key.value),
            (None, Some(why)) => Err(Error::invalid(why.clone())),
            (None, None) => Err(Error::invalid("api_key is not set, and neither is ANCHORBROWSER_API_KEY")),
        }
    }

    pub(crate) fn endpoint(&self) -> Result<Endpoint, Error> {
        let Setting { value, source } = &self.base_url;
        let endpoint = Endpoint::parse(value).map_err(|why| Error::invalid(format!("{source} {why}")))?;
        if !endpoint.https && !endpoint.is_loopback() && !self.allow_http {
            return Err(Error::invalid(format!(
                "{source} is plain http to another machine, which would show the API key to the network: allow_http permits it"
            )));
        }
        Ok(endpoint)
    }

    pub(crate) fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// A tunnel of a plain request is in clear too, so a proxy would read the key. The environment's proxies are for other
    /// machines; one that was set is refused rather than passed over.
    pub(crate) fn proxy_for(&self, endpoint: &Endpoint) -> Result<Option<Proxy>, Error> {
        match &self.proxy {
            Some(Some(_)) if !endpoint.https && !self.allow_http => Err(Error::invalid(format!(
                "proxy is set and {} is plain http, which would show the API key to the proxy: allow_http permits it",
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

/// What is not UTF-8 is kept as something that is refused where it is used, rather than taken for absent.
fn variable(name: &str) -> Option<Zeroizing<String>> {
    let value = Zeroizing::new(std::env::var_os(name)?.into_encoded_bytes());
    let text = Zeroizing::new(String::from_utf8_lossy(&value).into_owned());
    (!text.is_empty()).then_some(text)
}

fn check_key(key: &str) -> Result<Secret, String> {
    if key.is_empty() {
        return Err("is empty".to_owned());
    }
    if key.len() > MAX_KEY_LENGTH {
        return Err(format!("is longer than {MAX_KEY_LENGTH} bytes"));
    }
    if !is_printable(key) {
        return Err("holds a control character (a line end, perhaps) or one outside ASCII".to_owned());
    }
    Ok(Secret::from(key))
}

fn parse_proxy(source: &str, url: &str) -> Result<Proxy, Error> {
    proxy::parse(url).map_err(|why| Error::invalid(format!("{source} {why}")))
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|b| (0x20..0x7f).contains(&b))
}

fn at_least_1_ms(name: &str, duration: Duration) -> Result<Duration, Error> {
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
        assert_eq!(config.key().unwrap().as_str(), "s3cret-key");
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
        assert!(config.set_ca_file("").unwrap_err().message().contains("ca_file"));
    }
}
