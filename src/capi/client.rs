//! The handle of a client and its blocking calls.

use super::boundary::{answering, catch, handle, put, renamed, run_quietly, text};
use super::cancel::anchor_cancel_token;
use super::config::anchor_config;
use super::options::{anchor_options, options_of};
use crate::client::{Client, Timeout};
use crate::config::Config;
use crate::error::Error;
use crate::status::Status;
use std::ffi::c_char;
use std::ptr;
use std::time::Duration;

/// A timeout that suits most waits, in milliseconds. It is also the service's default.
#[allow(dead_code, reason = "for the header")]
pub const ANCHOR_DEFAULT_TIMEOUT_MS: i64 = 60000;

/// As a timeout: no limit.
pub const ANCHOR_NO_TIMEOUT: i64 = -1;

/// As the timeout of a signal or a drain: the request timeout of the settings.
pub const ANCHOR_REQUEST_TIMEOUT: i64 = -2;

/// Settings and connections to the service. Any number of threads may use a client at once.
#[allow(non_camel_case_types)]
pub struct anchor_client {
    pub(super) client: Client,
}

/// Makes a client.
///
/// It reads the certificates of the settings. It does not connect to the service.
///
/// @param config  the settings, which are copied; NULL for the defaults and the environment, as anchor_config_new
///                reads it
/// @param out     receives the client, to be freed with anchor_client_free; NULL on failure
/// @return  ANCHOR_OK; ANCHOR_INVALID_ARGUMENT if a setting or a variable of the environment is missing or not valid:
///          anchor_config_error names it; ANCHOR_OUT_OF_MEMORY if no file descriptor or memory is left to read
///          certificates
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_client_new(config: *const anchor_config, out: *mut *mut anchor_client) -> Status {
    // SAFETY: by contract NULL or valid.
    unsafe { put(out, ptr::null_mut()) };
    // SAFETY: by contract NULL or live.
    let settings = unsafe { config.as_ref() };
    let outcome = catch(|| match settings {
        _ if out.is_null() => Err(Error::invalid("out is NULL")),
        Some(settings) => Client::new(&settings.config),
        None => Client::new(&Config::from_env()),
    });
    if let Some(settings) = settings {
        settings.note(outcome.as_ref().err());
    }
    match outcome {
        Ok(client) => {
            // SAFETY: as above.
            unsafe { put(out, Box::into_raw(Box::new(anchor_client { client }))) };
            Status::Ok
        }
        Err(error) => error.status(),
    }
}

/// Frees a client and closes its idle connections.
///
/// No call may be running on the client: cancel them with anchor_client_cancel_all, and let them return first.
/// Started waits may continue after it, and log.
///
/// @param client  the client; NULL does nothing
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_client_free(client: *mut anchor_client) {
    if !client.is_null() {
        // SAFETY: by contract it came from `anchor_client_new` and is freed once.
        let handle = unsafe { Box::from_raw(client) };
        run_quietly(|| drop(handle));
    }
}

/// Replaces the API key for what is sent from now on.
///
/// Calls and started waits that run send their next request with it. The client keeps the last seven keys before it, to
/// hide them where the service quotes them. They are wiped from memory when the client is freed and its started waits
/// have ended.
///
/// @param client   the client
/// @param api_key  1 to 4,096 characters of printable ASCII
/// @return  ANCHOR_OK; ANCHOR_INVALID_ARGUMENT, and the key stays as it was; or ANCHOR_OUT_OF_MEMORY
/// @par Threads
/// Any thread. It is not async-signal-safe.
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_client_set_api_key(client: *mut anchor_client, api_key: *const c_char) -> Status {
    // SAFETY: by contract NULL or live; NULL or a C string.
    let outcome = catch(|| unsafe { handle(client, "client")?.client.set_api_key(text(api_key, "api_key")?) });
    outcome.map_or_else(|error| error.status(), |()| Status::Ok)
}

/// Ends every call that is running on the client, and every started wait, with ANCHOR_CANCELLED.
///
/// Later calls are not affected.
///
/// @param client  the client; NULL does nothing
/// @par Threads
/// Any thread. It is not async-signal-safe; in a signal handler use anchor_cancel_token_cancel.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_client_cancel_all(client: *mut anchor_client) {
    // SAFETY: by contract NULL or live.
    if let Some(handle) = unsafe { client.as_ref() } {
        run_quietly(|| handle.client.cancel_all());
    }
}

/// Returns counts of what the client has done and does, as a JSON object.
///
/// Its members are the numbers waits, signals, answers, timeouts, cancels, failures, dropped, rearms, retries,
/// unanswered, connectionsMade, connectionsReused, bytesSent and bytesReceived, and the objects connections and
/// started. "dropped" counts answers of started waits that nobody took before the wait or the queue was freed. "unanswered" counts
/// requests that were sent and whose answer was never read: each of them may have taken an event or delivered a
/// signal.
///
/// "connections" shows the connections that this process has now: open is their number; of these, idle are those that
/// no call uses, and waiting those on which a request was sent and no byte of its answer has arrived.
///
/// "started" shows where the started waits of this process are now. Its members are queued, for a turn to make a
/// connection, of which a client makes 128 at once; dns, connect, tls, send, wait, for an answer, and receive, which
/// are the phases of a request; and paused, before another request. Each is an object with "count" and "oldestMs",
/// the milliseconds since the first of these waits got there.
///
/// @param client    the client
/// @param out_json  receives the object, to be freed with anchor_string_free
/// @return  ANCHOR_OK, ANCHOR_INVALID_ARGUMENT or ANCHOR_OUT_OF_MEMORY
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_client_stats(client: *const anchor_client, out_json: *mut *mut c_char) -> Status {
    // SAFETY: by contract NULL or valid; NULL or live.
    unsafe {
        answering(out_json, || {
            let handle = handle(client, "client")?;
            if out_json.is_null() {
                return Err(Error::invalid("out_json is NULL"));
            }
            Ok(handle.client.stats().to_json())
        })
    }
}

/// Blocks until an event is signaled.
///
/// If the event was signaled before, the call takes that signal and returns at once.
///
///     char *json = NULL;
///     anchor_status status = anchor_wait_for_event(client, "mfa_code", 60000, NULL, &json);
///     if (status == ANCHOR_OK) {
///         char *code = anchor_json_get(json, "/data/code");
///         ...
///         anchor_string_free(code);
///     }
///     anchor_string_free(json);
///
/// @param client      the client
/// @param event_name  1 to 4,096 bytes of UTF-8, not "." or ".."; events belong to the account
/// @param timeout_ms  milliseconds, 0 or more; 0 asks once, without waiting; ANCHOR_NO_TIMEOUT sets no limit. The
///                    call usually returns one round trip after this time, and at the latest at this time plus the
///                    grace
/// @param cancel      a token that ends the call; NULL for none
/// @param out_json    receives a string to be freed with anchor_string_free: on success the service's answer, byte
///                    for byte, one JSON object such as {"data":{...}}; on failure the error as JSON. NULL if not
///                    wanted
/// @return  ANCHOR_OK, ANCHOR_TIMEOUT, ANCHOR_CANCELLED, or any other status except ANCHOR_PENDING
/// @par Threads
/// Any number of threads may wait on one client at once, for the same event too. Each signal is taken by one of
/// them.
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_for_event(
    client: *mut anchor_client,
    event_name: *const c_char,
    timeout_ms: i64,
    cancel: *mut anchor_cancel_token,
    out_json: *mut *mut c_char,
) -> Status {
    // SAFETY: the same contract.
    unsafe { anchor_wait_for_event_with(client, event_name, timeout_ms, ptr::null(), cancel, out_json) }
}

/// As anchor_wait_for_event, with options of this call.
///
/// @param client      the client
/// @param event_name  as in anchor_wait_for_event
/// @param timeout_ms  as in anchor_wait_for_event
/// @param options     what is otherwise than in the client's settings; NULL for nothing
/// @param cancel      as in anchor_wait_for_event
/// @param out_json    as in anchor_wait_for_event
/// @return  as anchor_wait_for_event
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_for_event_with(
    client: *mut anchor_client,
    event_name: *const c_char,
    timeout_ms: i64,
    options: *const anchor_options,
    cancel: *mut anchor_cancel_token,
    out_json: *mut *mut c_char,
) -> Status {
    // SAFETY: by contract each pointer is NULL or valid for the call.
    unsafe {
        answering(out_json, || {
            let handle = handle(client, "client")?;
            let event_name = text(event_name, "event_name")?;
            let (timeout, cancel) = (timeout(timeout_ms)?, cancel.as_ref().map(|cancel| &cancel.token));
            handle.client.wait_with(event_name, timeout, options_of(options), cancel)
        })
    }
}

/// Signals an event: the service hands the data to a call that waits for the event, now or later.
///
/// A request that was written is never sent again.
///
/// @param client      the client
/// @param event_name  1 to 4,096 bytes of UTF-8, not "." or ".."
/// @param data_json   a JSON object; NULL for {}
/// @param timeout_ms  milliseconds, 1 or more; ANCHOR_REQUEST_TIMEOUT for the request timeout of the settings;
///                    ANCHOR_NO_TIMEOUT sets no limit
/// @param cancel      a token that ends the call; NULL for none
/// @param out_json    receives the answer or the error, as in anchor_wait_for_event; NULL if not wanted
/// @return  ANCHOR_OK; ANCHOR_NOT_SENT if it is certain that the signal was not delivered; ANCHOR_CONNECTION_LOST
///          if it may have been; or any other status except ANCHOR_TIMEOUT and ANCHOR_PENDING
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_signal_event(
    client: *mut anchor_client,
    event_name: *const c_char,
    data_json: *const c_char,
    timeout_ms: i64,
    cancel: *mut anchor_cancel_token,
    out_json: *mut *mut c_char,
) -> Status {
    // SAFETY: the same contract.
    unsafe { anchor_signal_event_with(client, event_name, data_json, timeout_ms, ptr::null(), cancel, out_json) }
}

/// As anchor_signal_event, with options of this call.
///
/// @param client      the client
/// @param event_name  as in anchor_signal_event
/// @param data_json   as in anchor_signal_event
/// @param timeout_ms  as in anchor_signal_event
/// @param options     what is otherwise than in the client's settings; NULL for nothing
/// @param cancel      as in anchor_signal_event
/// @param out_json    as in anchor_signal_event
/// @return  as anchor_signal_event
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_signal_event_with(
    client: *mut anchor_client,
    event_name: *const c_char,
    data_json: *const c_char,
    timeout_ms: i64,
    options: *const anchor_options,
    cancel: *mut anchor_cancel_token,
    out_json: *mut *mut c_char,
) -> Status {
    // SAFETY: by contract each pointer is NULL or valid for the call.
    unsafe {
        answering(out_json, || {
            let handle = handle(client, "client")?;
            let event_name = text(event_name, "event_name")?;
            let data = if data_json.is_null() { None } else { Some(text(data_json, "data_json")?) };
            let timeout = request_timeout(timeout_ms)?;
            let cancel = cancel.as_ref().map(|cancel| &cancel.token);
            handle
                .client
                .signal_with(event_name, data, timeout, options_of(options), cancel)
                .map_err(|e| renamed(renamed(e, "data", "data_json"), "timeout", "timeout_ms"))
        })
    }
}

/// Takes and drops the signals of an event that no call has waited for, until none is left.
///
/// A program can call it to begin without old signals.
///
/// @param client       the client
/// @param event_name   1 to 4,096 bytes of UTF-8, not "." or ".."
/// @param timeout_ms   milliseconds, 0 or more; 0 asks once; ANCHOR_REQUEST_TIMEOUT for the request timeout of the
///                     settings; ANCHOR_NO_TIMEOUT sets no limit
/// @param cancel       a token that ends the call; NULL for none
/// @param out_drained  receives how many signals were dropped, on failure too; NULL if not wanted
/// @return  ANCHOR_OK; ANCHOR_TIMEOUT if signals may be left after the time; or any other status except
///          ANCHOR_PENDING
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_drain_event(
    client: *mut anchor_client,
    event_name: *const c_char,
    timeout_ms: i64,
    cancel: *mut anchor_cancel_token,
    out_drained: *mut u32,
) -> Status {
    // SAFETY: the same contract.
    unsafe { anchor_drain_event_with(client, event_name, timeout_ms, ptr::null(), cancel, out_drained) }
}

/// As anchor_drain_event, with options of this call.
///
/// @param client       the client
/// @param event_name   as in anchor_drain_event
/// @param timeout_ms   as in anchor_drain_event
/// @param options      what is otherwise than in the client's settings; NULL for nothing
/// @param cancel       as in anchor_drain_event
/// @param out_drained  as in anchor_drain_event
/// @return  as anchor_drain_event
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_drain_event_with(
    client: *mut anchor_client,
    event_name: *const c_char,
    timeout_ms: i64,
    options: *const anchor_options,
    cancel: *mut anchor_cancel_token,
    out_drained: *mut u32,
) -> Status {
    // SAFETY: by contract NULL or valid.
    unsafe { put(out_drained, 0) };
    let mut drained = 0;
    let outcome = catch(|| {
        // SAFETY: by contract NULL or live; NULL or a C string.
        let (handle, event_name) = unsafe { (handle(client, "client")?, text(event_name, "event_name")?) };
        let timeout = request_timeout(timeout_ms)?;
        // SAFETY: by contract NULL or live.
        let (options, cancel) = unsafe { (options_of(options), cancel.as_ref().map(|cancel| &cancel.token)) };
        match handle.client.drain_with(event_name, timeout, options, cancel) {
            Ok(count) => drained = count,
            Err(e) => {
                drained = e.drained;
                return Err(e.source);
            }
        }
        Ok(())
    });
    // SAFETY: by contract NULL or valid.
    unsafe { put(out_drained, drained) };
    outcome.map_or_else(|error| error.status(), |()| Status::Ok)
}

/// The timeout of a signal or a drain.
fn request_timeout(timeout_ms: i64) -> Result<Timeout, Error> {
    match (u64::try_from(timeout_ms), timeout_ms) {
        (Ok(millis), _) => Ok(Timeout::After(Duration::from_millis(millis))),
        (Err(_), ANCHOR_NO_TIMEOUT) => Ok(Timeout::Never),
        (Err(_), ANCHOR_REQUEST_TIMEOUT) => Ok(Timeout::Request),
        (Err(_), _) => {
            Err(Error::invalid("timeout_ms is negative and neither ANCHOR_REQUEST_TIMEOUT nor ANCHOR_NO_TIMEOUT"))
        }
    }
}

/// The timeout of a wait: `None` is no limit.
pub(super) fn timeout(timeout_ms: i64) -> Result<Option<Duration>, Error> {
    match u64::try_from(timeout_ms) {
        Ok(millis) => Ok(Some(Duration::from_millis(millis))),
        Err(_) if timeout_ms == ANCHOR_NO_TIMEOUT => Ok(None),
        Err(_) => Err(Error::invalid("timeout_ms is negative and not ANCHOR_NO_TIMEOUT")),
    }
}
