//! [`Options`]: what one call does otherwise than the settings of its client say.

use crate::config::{Policy, Retries, at_least_1_ms};
use crate::credentials::{Header, Lines};
use crate::error::Error;
use std::time::Duration;

/// Options of one call. What is not set here is as in the settings of the client. Any number of calls may use them at once.
#[derive(Clone, Debug)]
pub struct Options {
    retries: Option<Retries>,
    rearm: Option<bool>,
    slice: Option<Duration>,
    headers: Vec<Header>,
    request_id: Option<String>,
    /// The headers and the id as the requests carry them.
    lines: Option<Lines>,
}

impl Default for Options {
    fn default() -> Self {
        Options::new()
    }
}

const LONGEST_REQUEST_ID: usize = 256;

impl Options {
    pub(crate) const NONE: Options = Options::new();

    /// Makes options that change nothing.
    #[must_use]
    pub const fn new() -> Options {
        Options { retries: None, rearm: None, slice: None, headers: Vec::new(), request_id: None, lines: None }
    }

    /// As [`Config::set_retries`](crate::Config::set_retries).
    pub fn set_retries(&mut self, retries: u32) -> &mut Self {
        self.retries = Some(Retries::of(retries));
        self
    }

    /// As [`Config::set_rearm`](crate::Config::set_rearm).
    pub fn set_rearm(&mut self, rearm: bool) -> &mut Self {
        self.rearm = Some(rearm);
        self
    }

    /// As [`Config::set_slice`](crate::Config::set_slice).
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn set_slice(&mut self, slice: Duration) -> Result<&mut Self, Error> {
        self.slice = Some(at_least_1_ms("slice", slice)?);
        Ok(self)
    }

    /// Adds a header to each request of the call, after those of the settings. It is as in
    /// [`Config::add_header`](crate::Config::add_header), and has the same limits of its own.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn add_header(&mut self, name: &str, value: &str) -> Result<&mut Self, Error> {
        Header::add_to(&mut self.headers, name, value).map_err(|why| Error::invalid(format!("header {why}")))?;
        self.lines = Lines::new(&self.headers, self.request_id.as_deref());
        Ok(self)
    }

    /// Sets the id that each request of the call carries in the header `x-request-id`: 1 to 256 bytes of printable ASCII
    /// without spaces. Logs of the service and of gateways show it; it is not a secret.
    ///
    /// # Errors
    ///
    /// [`Status::InvalidArgument`](crate::Status::InvalidArgument).
    pub fn set_request_id(&mut self, id: &str) -> Result<&mut Self, Error> {
        if id.is_empty() || id.len() > LONGEST_REQUEST_ID {
            return Err(Error::invalid(format!("request_id is not of 1 to {LONGEST_REQUEST_ID} bytes")));
        }
        if !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid(
                "request_id contains a space, a control character, or a character outside ASCII",
            ));
        }
        self.request_id = Some(id.to_owned());
        self.lines = Lines::new(&self.headers, Some(id));
        Ok(self)
    }

    /// The policy of a call with these options.
    pub(crate) fn apply(&self, policy: Policy) -> Policy {
        Policy {
            retries: self.retries.unwrap_or(policy.retries),
            rearm: self.rearm.unwrap_or(policy.rearm),
            slice: self.slice.unwrap_or(policy.slice),
            ..policy
        }
    }

    /// What the requests of the call carry beside the headers of the settings.
    pub(crate) fn lines(&self) -> Option<&Lines> {
        self.lines.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_is_not_set_is_as_in_the_settings() {
        let mut config = Config::bare();
        let policy = config.set_retries(3).set_rearm(false).set_slice(Duration::from_secs(9)).unwrap().policy();
        assert_eq!(Options::new().apply(policy), policy);
        let mut options = Options::new();
        options.set_retries(u32::MAX).set_rearm(true).set_slice(Duration::from_secs(1)).unwrap();
        let expected =
            Policy { retries: Retries::Always, rearm: true, slice: Duration::from_secs(1), ..Config::bare().policy() };
        assert_eq!(options.apply(policy), expected);
    }

    #[test]
    fn what_is_not_valid_is_refused_and_names_the_option() {
        let mut options = Options::new();
        assert!(options.set_slice(Duration::ZERO).unwrap_err().message().starts_with("slice "));
        assert!(options.add_header("host", "x").unwrap_err().message().starts_with("header "));
        for id in ["", "a b", "a\r\nb", "é", &"x".repeat(257)] {
            assert!(options.set_request_id(id).unwrap_err().message().starts_with("request_id "));
        }
        assert!(options.lines().is_none());
    }

    #[test]
    fn a_request_id_is_a_line_but_not_a_secret() {
        let mut options = Options::new();
        options.add_header("x-gate", "open").unwrap().set_request_id("id-1").unwrap();
        let lines = options.lines().unwrap();
        assert_eq!(lines.as_str(), "x-gate: open\r\nx-request-id: id-1\r\n");
        assert_eq!(lines.values().collect::<Vec<_>>(), ["open"]);
    }
}
