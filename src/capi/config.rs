//! The handle of a configuration.

use super::boundary::{catch, flag, millis, renamed, run_quietly, text};
use crate::config::Config;
use crate::error::Error;
use crate::log::LogLevel;
use crate::status::Status;
use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Settings for clients. One thread at a time may use them.
#[allow(non_camel_case_types)]
pub struct anchor_config {
    pub(super) config: Config,
    /// Why the last call with these settings failed.
    error: Mutex<Option<CString>>,
}

impl anchor_config {
    pub(super) fn note(&self, error: Option<&Error>) {
        let message = error.map(|error| CString::new(error.message().replace('\0', " ")).unwrap_or_default());
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = message;
    }
}

/// A function that receives log lines. It is called on the threads that make calls, and for started waits on the
/// thread of the library, on which all signals are blocked. There it delays every started wait of the process, so it
/// must return soon. It must not call a function that blocks, or one of the same client; it may cancel. A child that it
/// forks must not return from it. A line contains neither the key, nor added headers, nor events' data.
///
/// - user_data: what was passed with the function
/// - level: an anchor_log_level
/// - message: one line without its end, valid during the call; a JSON object if anchor_config_set_log_json asks for it
#[allow(non_camel_case_types)]
pub type anchor_log_callback = Option<unsafe extern "C" fn(user_data: *mut c_void, level: i32, message: *const c_char)>;

/// As a number of retries: no limit.
#[allow(dead_code, reason = "for the header")]
pub const ANCHOR_RETRY_ALWAYS: u32 = 4_294_967_295;

/// Makes settings from the defaults and the environment.
///
/// It reads ANCHORBROWSER_API_KEY (then ANCHOR_API_KEY), ANCHORBROWSER_BASE_URL, HTTPS_PROXY, HTTP_PROXY, ALL_PROXY
/// and NO_PROXY; an empty variable counts as not set. anchor_client_new reports mistakes in them. A later change of
/// the environment has no effect on these settings.
///
/// @return  the settings, to be freed with anchor_config_free; NULL if a defect was caught
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn anchor_config_new() -> *mut anchor_config {
    let made = catch(|| {
        let settings = anchor_config { config: Config::from_env(), error: Mutex::new(None) };
        Ok(Box::into_raw(Box::new(settings)))
    });
    made.unwrap_or(ptr::null_mut())
}

/// Frees settings.
///
/// Clients that were made from them are not affected.
///
/// @param config  the settings; NULL does nothing
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_free(config: *mut anchor_config) {
    if !config.is_null() {
        // SAFETY: by contract it came from `anchor_config_new` and is freed once.
        let handle = unsafe { Box::from_raw(config) };
        run_quietly(|| drop(handle));
    }
}

/// Returns why the last setter, or anchor_client_new, failed with these settings.
///
/// @param config  the settings; NULL gives NULL
/// @return  an English sentence that names the argument or the variable of the environment; NULL if the last call
///          succeeded. It is valid until the settings are used again or freed, and must not be freed itself.
/// @since 0.1.0
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
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_api_key(config: *mut anchor_config, api_key: *const c_char) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set_text(config, "api_key", api_key, Config::set_api_key) }
}

/// Sets where the service is.
///
/// anchor_client_new refuses plain http, unless the host is loopback or anchor_config_set_allow_http allows it.
///
/// An IPv6 address may have a zone, as in "http://[fe80::1%25eth0]:8642". "unix:/path" is a service at a Unix socket of
/// this machine, in plain HTTP; anchor_client_new refuses it on Windows, and where its path is too long for the system.
///
/// @param config    the settings
/// @param base_url  "https://host[:port][/prefix]"; a trailing "/", "/v1" or "/api/v1" is ignored. Or "unix:/path".
///                  "https://api.anchorbrowser.io" by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_base_url(config: *mut anchor_config, base_url: *const c_char) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set_text(config, "base_url", base_url, Config::set_base_url) }
}

/// Sets whether the key may be sent unencrypted: to a plain http base URL whose host is not loopback, or to a proxy that
/// anchor_config_set_proxy sets for a plain http base URL.
///
/// @param config  the settings
/// @param allow   0 or 1; 0 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_allow_http(config: *mut anchor_config, allow: c_int) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_flag(config, "allow_http", allow, Config::set_allow_http) }
}

/// Adds a header to each request, such as traceparent or a gateway's token.
///
/// Its value is treated as the key is: it is wiped from memory and never logged. There may be 32 headers, of 16,384
/// bytes together. A header that the library sets itself is refused.
///
/// @param config  the settings
/// @param name    1 to 256 bytes, the name of a header
/// @param value   at most 4,096 bytes of printable ASCII
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_add_header(
    config: *mut anchor_config,
    name: *const c_char,
    value: *const c_char,
) -> Status {
    // SAFETY: by contract NULL or live, NULL or C strings.
    unsafe { set(config, &mut |config| config.add_header(text(name, "name")?, text(value, "value")?).map(drop)) }
}

/// Sets the User-Agent header.
///
/// @param config      the settings
/// @param user_agent  printable ASCII, at most 1,024 bytes; with "" the header is not sent. "libanchor/VERSION" by
///                    default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_user_agent(config: *mut anchor_config, user_agent: *const c_char) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set_text(config, "user_agent", user_agent, Config::set_user_agent) }
}

/// Sets the proxy to connect through.
///
/// With http, and with https over TLS, the proxy opens a tunnel by CONNECT; if the base URL is plain http, it gets the
/// requests themselves. With socks5h it opens a tunnel by SOCKS5 and looks up the name of the service. With socks5 the
/// library looks up the name, and asks for its addresses in turn.
///
/// Once it is set, the proxies and NO_PROXY of the environment are ignored. With a plain http base URL it needs
/// anchor_config_set_allow_http. Proxies of the environment are not used for loopback hosts.
///
/// @param config  the settings
/// @param proxy   "scheme://[user:password@]host[:port]", both percent-encoded; "" for no proxy. The
///                default port is 80, 443 or 1080
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT, also for SOCKS of another version than 5
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_proxy(config: *mut anchor_config, proxy: *const c_char) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set_text(config, "proxy", proxy, Config::set_proxy) }
}

/// Sets what to connect to in place of the host of the base URL, as curl's --connect-to does.
///
/// The request, and the check of the certificate, still name the host. A proxy is asked for the address, by a tunnel; the
/// proxies of the environment are not used if the address is loopback. A host that is not that of the base URL has no
/// effect.
///
/// @param config   the settings
/// @param host     "host:port" of the base URL; the port of https is 443, that of http 80
/// @param address  "address:port"; the address may be a name too. Two empty strings remove the setting
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_connect_to(
    config: *mut anchor_config,
    host: *const c_char,
    address: *const c_char,
) -> Status {
    // SAFETY: by contract NULL or live, NULL or C strings.
    unsafe {
        set(config, &mut |config| config.set_connect_to(text(host, "host")?, text(address, "address")?).map(drop))
    }
}

mod tls;

/// Sets how long DNS lookup, connect and TLS handshake of a connection may take together.
///
/// The timeout of the call also applies to them.
///
/// @param config      the settings
/// @param timeout_ms  milliseconds, 1 to 86,400,000; 10,000 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_connect_timeout_ms(config: *mut anchor_config, timeout_ms: i64) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_millis(config, "connect_timeout", timeout_ms, Config::set_connect_timeout) }
}

/// Sets how long a signal or a drain may take.
///
/// @param config      the settings
/// @param timeout_ms  milliseconds, 1 to 86,400,000; 30,000 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_request_timeout_ms(config: *mut anchor_config, timeout_ms: i64) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_millis(config, "request_timeout", timeout_ms, Config::set_request_timeout) }
}

/// Sets the size of the largest answer that is accepted.
///
/// A call that receives a larger one returns ANCHOR_RESPONSE_TOO_LARGE.
///
/// @param config  the settings
/// @param bytes   1 to 1,073,741,824; 8,388,608 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_max_response_bytes(config: *mut anchor_config, bytes: usize) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set(config, &mut |config| config.set_max_response_bytes(bytes).map(drop)) }
}

/// Sets the longest time for which one request of a wait asks the service to hold it.
///
/// A longer wait makes several requests. The slice should be shorter than the idle limits of the gateways and NATs
/// between the program and the service.
///
/// @param config    the settings
/// @param slice_ms  milliseconds, 1 to 86,400,000; 50,000 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_slice_ms(config: *mut anchor_config, slice_ms: i64) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_millis(config, "slice", slice_ms, Config::set_slice) }
}

/// Sets how much longer a request of a wait is given than it asked for.
///
/// This way an answer that the service sends at the last moment is still received. A wait returns at the latest at its
/// timeout plus this time.
///
/// @param config    the settings
/// @param grace_ms  milliseconds, 0 to 86,400,000; 2,000 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_grace_ms(config: *mut anchor_config, grace_ms: i64) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_millis(config, "grace", grace_ms, Config::set_grace) }
}

/// Sets after how many failures in a row a call gives up.
///
/// A call tries again what is safe to repeat: a request that never reached the service; in a wait also after HTTP
/// 408 of a gateway, 429, 502, 503 and 504 and, if anchor_config_set_rearm is on, after a broken connection.
///
/// If this function is not called, the number depends on the failure. In an outage, in which the service cannot be
/// reached or a gateway answers 502, 503 or 504 instead of it, a wait tries again until its deadline. But if this client
/// has never reached the service, the wait gives up after 5 retries and 5 seconds, or after 5 retries if the name of
/// the host does not exist.
///
/// After a failure that may have taken an event or reports a limit, a wait tries again 5 times in a row: a connection
/// that broke after its request was written, HTTP 429, no memory, thread or file descriptor. A signal tries again 5
/// times in a row. A drain, and a wait with a timeout of 0, do not try again.
///
/// @param config   the settings
/// @param retries  0 or more; 0 gives up after the first failure; ANCHOR_RETRY_ALWAYS sets no limit
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_retries(config: *mut anchor_config, retries: u32) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe {
        set(config, &mut |config| {
            config.set_retries(retries);
            Ok(())
        })
    }
}

/// Sets whether a wait continues after a connection broke to which its request had been written.
///
/// The service may have handed the event to the broken connection. Without re-arming the wait returns
/// ANCHOR_CONNECTION_LOST at once.
///
/// @param config  the settings
/// @param rearm   0 or 1; 1 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_rearm(config: *mut anchor_config, rearm: c_int) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_flag(config, "rearm", rearm, Config::set_rearm) }
}

/// Sets whether a signal handler that runs on the blocked thread ends the call with ANCHOR_INTERRUPTED.
///
/// This is for languages in which Ctrl-C only sets a flag. A signal that arrives before the call blocks does not
/// end it.
///
/// @param config         the settings
/// @param interruptible  0 or 1; 0 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_interruptible(config: *mut anchor_config, interruptible: c_int) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_flag(config, "interruptible", interruptible, Config::set_interruptible) }
}

/// Sets the function that receives log lines.
///
/// @param config     the settings
/// @param callback   the function; NULL for none, which is the default
/// @param user_data  passed to the function; it must stay valid until each client that was made from the settings is
///                   freed, and each of its started waits or the queue of the wait
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @par Threads
/// The function is called on every thread that makes a call, and on the thread of started waits, possibly at the
/// same time.
/// @since 0.1.0
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
        set(config, &mut |config| {
            match callback {
                None => config.clear_log(),
                Some(callback) => config.set_log(move |level, line| user_data.hand_to(callback, level, line)),
            };
            Ok(())
        })
    }
}

/// Sets whether a log line is a JSON object with the fields of what it reports.
///
/// Its members are level ("warning", "info" or "debug"), message, and what else is known: operation ("wait" or
/// "signal"), eventName, attempt, phase and status as in an error's JSON, code for the HTTP status, and pauseMs before
/// the call tries again. anchor_json_get reads them.
///
/// @param config  the settings
/// @param json    0 or 1; 0 by default
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_config_set_log_json(config: *mut anchor_config, json: c_int) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { set_flag(config, "log_json", json, Config::set_log_json) }
}

#[derive(Clone, Copy)]
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
unsafe fn set(config: *mut anchor_config, change: &mut dyn FnMut(&mut Config) -> Result<(), Error>) -> Status {
    // SAFETY: the caller's promise.
    let mut handle = unsafe { config.as_mut() };
    let outcome = catch(|| match &mut handle {
        Some(handle) => change(&mut handle.config),
        None => Err(Error::invalid("config is NULL")),
    });
    if let Some(handle) = handle {
        handle.note(outcome.as_ref().err());
    }
    outcome.map_or_else(|error| error.status(), |()| Status::Ok)
}

/// # Safety
///
/// As `set`; `value` is NULL or a C string.
unsafe fn set_text(
    config: *mut anchor_config,
    name: &str,
    value: *const c_char,
    change: for<'c> fn(&'c mut Config, &str) -> Result<&'c mut Config, Error>,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe { set(config, &mut |config| change(config, text(value, name)?).map(drop)) }
}

/// Sets a duration. A message names the setting with its unit, as the setter in C does.
///
/// # Safety
///
/// As `set`.
unsafe fn set_millis(
    config: *mut anchor_config,
    name: &str,
    value: i64,
    change: for<'c> fn(&'c mut Config, Duration) -> Result<&'c mut Config, Error>,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        set(config, &mut |config| {
            let name_in_c = format!("{name}_ms");
            let changed = change(config, millis(value, &name_in_c)?).map(drop);
            changed.map_err(|e| renamed(e, name, &name_in_c))
        })
    }
}

/// # Safety
///
/// As `set`.
unsafe fn set_flag(
    config: *mut anchor_config,
    name: &str,
    value: c_int,
    change: for<'c> fn(&'c mut Config, bool) -> &'c mut Config,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        set(config, &mut |config| {
            change(config, flag(value, name)?);
            Ok(())
        })
    }
}
