//! The handle of a configuration.

use super::boundary::{catch, catch_or, renamed, text};
use crate::config::{Config, LogLevel, Trust};
use crate::error::Error;
use crate::status::Status;
use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Settings for clients. Used by one thread at a time.
#[allow(non_camel_case_types)]
pub struct anchor_config {
    pub(super) config: Config,
    /// Why the last call with it failed.
    error: Mutex<Option<CString>>,
}

impl anchor_config {
    pub(super) fn note(&self, error: Option<&Error>) {
        let message = error.map(|error| CString::new(error.message().replace('\0', " ")).unwrap_or_default());
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = message;
    }
}

/// Receives log lines, on the threads that make calls, those of started waits included. It must not call back into
/// the client. The key and events' data are never in a line.
///
/// - user_data: what was given with the callback
/// - level: an anchor_log_level
/// - message: one line without its end, valid during the call
#[allow(non_camel_case_types)]
pub type anchor_log_callback = Option<unsafe extern "C" fn(user_data: *mut c_void, level: i32, message: *const c_char)>;

/// Tries again for as long as the call lasts, however many failures come in a row.
#[allow(dead_code, reason = "for the header")]
pub const ANCHOR_RETRY_ALWAYS: u32 = 4_294_967_295;

/// Makes settings of the defaults and of the environment: ANCHORBROWSER_API_KEY (then ANCHOR_API_KEY),
/// ANCHORBROWSER_BASE_URL, and HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. Mistakes in these are reported by
/// anchor_client_new. What they say later has no effect.
///
/// @return  settings to be freed with anchor_config_free; NULL if a defect was caught
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn anchor_config_new() -> *mut anchor_config {
    catch_or(ptr::null_mut(), || {
        Box::into_raw(Box::new(anchor_config { config: Config::from_env(), error: Mutex::new(None) }))
    })
}

/// Frees settings. Clients made from them live on.
///
/// @param config  the settings; NULL does nothing
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_free(config: *mut anchor_config) {
    if !config.is_null() {
        // SAFETY: by contract it came from `anchor_config_new` and is freed once.
        let handle = unsafe { Box::from_raw(config) };
        catch_or((), || drop(handle));
    }
}

/// Why the last anchor_config_set_... or anchor_client_new with these settings failed, naming the argument or the
/// variable of the environment.
///
/// @param config  the settings
/// @return  an English sentence, valid until the settings are used again; NULL if the last call succeeded
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_error(config: *const anchor_config) -> *const c_char {
    // SAFETY: by contract NULL or live.
    let Some(handle) = (unsafe { config.as_ref() }) else { return ptr::null() };
    let error = handle.error.lock().unwrap_or_else(PoisonError::into_inner);
    error.as_ref().map_or(ptr::null(), |message| message.as_ptr())
}

/// Sets the API key.
///
/// @param config   the settings
/// @param api_key  printable ASCII, 1 to 4,096 bytes
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_api_key(config: *mut anchor_config, api_key: *const c_char) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set_text(config, "api_key", api_key, Config::set_api_key) }
}

/// Sets where the service is. Plain http is refused by anchor_client_new unless the host is loopback or
/// anchor_config_set_allow_http allows it.
///
/// @param config    the settings
/// @param base_url  "https://host[:port][/prefix]"; a trailing "/", "/v1" or "/api/v1" is understood.
///                  "https://api.anchorbrowser.io" by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_base_url(config: *mut anchor_config, base_url: *const c_char) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set_text(config, "base_url", base_url, Config::set_base_url) }
}

/// Allows or forbids to send the key in clear: to a plain http base URL that is not loopback, or through a proxy that was
/// set.
///
/// @param config  the settings
/// @param allow   0 or 1; 0 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_allow_http(config: *mut anchor_config, allow: c_int) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_flag(config, "allow_http", allow, Config::set_allow_http) }
}

/// Sets the User-Agent header.
///
/// @param config      the settings
/// @param user_agent  printable ASCII, at most 1,024 bytes; empty sends none. "libanchor/VERSION" by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_user_agent(config: *mut anchor_config, user_agent: *const c_char) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set_text(config, "user_agent", user_agent, Config::set_user_agent) }
}

/// Sets the proxy to tunnel through with CONNECT. From then on the environment's proxies and NO_PROXY do not count. With a
/// plain http base URL it needs anchor_config_set_allow_http. The environment's proxies are not used for loopback hosts.
///
/// @param config  the settings
/// @param proxy   "http://[user:password@]host:port", also "https://..."; empty for none. A SOCKS proxy is refused
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_proxy(config: *mut anchor_config, proxy: *const c_char) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set_text(config, "proxy", proxy, Config::set_proxy) }
}

/// Adds certificate authorities to those that are trusted.
///
/// @param config   the settings
/// @param ca_file  path of a PEM file, which anchor_client_new reads
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_ca_file(config: *mut anchor_config, ca_file: *const c_char) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set_text(config, "ca_file", ca_file, |config, path| config.set_ca_file(path)) }
}

/// Sets which certificate authorities are trusted, beside those of anchor_config_set_ca_file. The variables SSL_CERT_FILE
/// and SSL_CERT_DIR name the system's, if they are set and not empty when anchor_client_new reads these. With
/// ANCHOR_TRUST_AUTO the bundled ones are trusted where none of the system's is found or may be read, and the log says so.
///
/// @param config  the settings
/// @param trust   an anchor_trust; ANCHOR_TRUST_AUTO by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_trust(config: *mut anchor_config, trust: i32) -> Status {
    let known = [Trust::Auto, Trust::System, Trust::Bundled].into_iter().find(|known| *known as i32 == trust);
    // SAFETY: by contract NULL or live.
    unsafe {
        set(config, |config| {
            let trust = known.ok_or_else(|| Error::invalid("trust is not an anchor_trust"))?;
            Ok(config.set_trust(trust))
        })
    }
}

/// Sets how long DNS, connect and TLS handshake may take together, for each connection, within the call's time.
///
/// @param config      the settings
/// @param timeout_ms  1 to 86,400,000; 10,000 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_connect_timeout_ms(config: *mut anchor_config, timeout_ms: i64) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_millis(config, "connect_timeout", timeout_ms, Config::set_connect_timeout) }
}

/// Sets how long a signal, or a drain, may take.
///
/// @param config      the settings
/// @param timeout_ms  1 to 86,400,000; 30,000 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_request_timeout_ms(config: *mut anchor_config, timeout_ms: i64) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_millis(config, "request_timeout", timeout_ms, Config::set_request_timeout) }
}

/// Sets the largest answer that is taken; a larger one is ANCHOR_RESPONSE_TOO_LARGE.
///
/// @param config  the settings
/// @param bytes   1 to 1,073,741,824; 8,388,608 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_max_response_bytes(config: *mut anchor_config, bytes: usize) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set(config, |config| config.set_max_response_bytes(bytes)) }
}

/// Sets the longest that one request of a wait asks the service to hold it; a longer wait is made of several. It should
/// stay below the idle limits of gateways and NATs on the way.
///
/// @param config    the settings
/// @param slice_ms  1 to 86,400,000; 50,000 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_slice_ms(config: *mut anchor_config, slice_ms: i64) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_millis(config, "slice", slice_ms, Config::set_slice) }
}

/// Sets how much longer than it asked for a request of a wait is given, so that an answer sent at the last moment is
/// still taken. A wait returns at the latest at its timeout plus this.
///
/// @param config    the settings
/// @param grace_ms  0 to 86,400,000; 2,000 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_grace_ms(config: *mut anchor_config, grace_ms: i64) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_millis(config, "grace", grace_ms, Config::set_grace) }
}

/// Sets how many failures in a row are tried again before a call gives up. What is tried again is safe to repeat: what
/// never reached the service, and for a wait also HTTP 429, 502, 503 and 504, and, if re-arming, a broken connection.
///
/// @param config   the settings
/// @param retries  5 by default; 0 gives up at once; ANCHOR_RETRY_ALWAYS never does
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_retries(config: *mut anchor_config, retries: u32) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set(config, |config| Ok(config.set_retries(retries))) }
}

/// Sets whether a wait goes on after a connection broke that its request was written to. The event may have been handed
/// out to the broken connection; without re-arming the wait returns ANCHOR_CONNECTION_LOST at once.
///
/// @param config  the settings
/// @param rearm   0 or 1; 1 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_rearm(config: *mut anchor_config, rearm: c_int) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_flag(config, "rearm", rearm, Config::set_rearm) }
}

/// Sets whether a signal handler that runs on the blocked thread ends the call with ANCHOR_INTERRUPTED. For languages
/// whose Ctrl-C only sets a flag. A signal that arrives before the call blocks does not end it.
///
/// @param config         the settings
/// @param interruptible  0 or 1; 0 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_interruptible(config: *mut anchor_config, interruptible: c_int) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_flag(config, "interruptible", interruptible, Config::set_interruptible) }
}

/// Sets who receives log lines.
///
/// @param config     the settings
/// @param callback   the receiver, called from any thread that makes calls; NULL for none, the default
/// @param user_data  handed to it; it must stay valid as long as a client made from the settings
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_log_callback(
    config: *mut anchor_config,
    callback: anchor_log_callback,
    user_data: *mut c_void,
) -> Status {
    let user_data = UserData(user_data);
    // SAFETY: by contract NULL or live.
    unsafe {
        set(config, |config| {
            Ok(match callback {
                None => config.clear_log(),
                Some(callback) => config.set_log(move |level, line| user_data.hand_to(callback, level, line)),
            })
        })
    }
}

struct UserData(*mut c_void);

// SAFETY: by contract the callback, and so its data, may be used from any thread.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    fn hand_to(&self, callback: unsafe extern "C" fn(*mut c_void, i32, *const c_char), level: LogLevel, line: &str) {
        if let Ok(line) = CString::new(line.replace('\0', " ")) {
            // SAFETY: by contract the callback takes these from any thread; the line lives during the call.
            unsafe { callback(self.0, level as i32, line.as_ptr()) };
        }
    }
}

/// # Safety
///
/// `config` is NULL or live and used by this thread alone.
unsafe fn set(
    config: *mut anchor_config,
    change: impl for<'c> FnOnce(&'c mut Config) -> Result<&'c mut Config, Error>,
) -> Status {
    // SAFETY: the caller's promise.
    let Some(handle) = (unsafe { config.as_mut() }) else { return Status::InvalidArgument };
    let outcome = catch(|| change(&mut handle.config).map(|_| ()));
    handle.note(outcome.as_ref().err());
    outcome.map_or_else(|error| error.status(), |()| Status::Ok)
}

/// # Safety
///
/// As `set`; `value` is NULL or a C string.
unsafe fn set_text(
    config: *mut anchor_config,
    name: &str,
    value: *const c_char,
    change: impl for<'c> FnOnce(&'c mut Config, &str) -> Result<&'c mut Config, Error>,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe { set(config, |config| change(config, text(value, name)?)) }
}

/// A message names the setting as its setter in C does, with the unit.
///
/// # Safety
///
/// As `set`.
unsafe fn set_millis(
    config: *mut anchor_config,
    name: &str,
    millis: i64,
    change: impl for<'c> FnOnce(&'c mut Config, Duration) -> Result<&'c mut Config, Error>,
) -> Status {
    let value = u64::try_from(millis).map_err(|_| Error::invalid(format!("{name}_ms is negative")));
    // SAFETY: the caller's promise.
    unsafe {
        set(config, |config| {
            change(config, Duration::from_millis(value?)).map_err(|e| renamed(e, name, &format!("{name}_ms")))
        })
    }
}

/// # Safety
///
/// As `set`.
unsafe fn set_flag(
    config: *mut anchor_config,
    name: &str,
    flag: c_int,
    change: impl for<'c> FnOnce(&'c mut Config, bool) -> &'c mut Config,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        set(config, |config| match flag {
            0 | 1 => Ok(change(config, flag == 1)),
            _ => Err(Error::invalid(format!("{name} is neither 0 nor 1"))),
        })
    }
}
