//! The handle of the options of one call.

use super::boundary::{catch, flag, millis, renamed, run_quietly, text};
use crate::error::Error;
use crate::options::Options;
use crate::status::Status;
use std::ffi::{c_char, c_int};
use std::ptr;

/// Options of one call, or of many: what they set takes the place of the client's settings for these calls.
#[allow(non_camel_case_types)]
pub struct anchor_options {
    options: Options,
}

/// The options of a call; NULL is none.
///
/// # Safety
///
/// `options` is NULL or live.
pub(super) unsafe fn options_of<'a>(options: *const anchor_options) -> &'a Options {
    static NONE: Options = Options::NONE;
    // SAFETY: the caller's promise.
    unsafe { options.as_ref() }.map_or(&NONE, |handle| &handle.options)
}

/// Makes options that change nothing.
///
///     anchor_options *options = anchor_options_new();
///     if (options && anchor_options_set_request_id(options, "4bf92f35") == ANCHOR_OK) {
///         status = anchor_wait_for_event_with(client, "mfa_code", 60000, options, NULL, &json);
///     }
///     anchor_options_free(options);
///
/// @return  the options, to be freed with anchor_options_free; NULL if no memory is left
/// @par Threads
/// Any number of calls may use them at once, as long as no thread changes them.
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn anchor_options_new() -> *mut anchor_options {
    let made = catch(|| Ok(Box::into_raw(Box::new(anchor_options { options: Options::new() }))));
    made.unwrap_or(ptr::null_mut())
}

/// Frees options.
///
/// No call may be running with them. A started wait has a copy of its own.
///
/// @param options  the options; NULL does nothing
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_options_free(options: *mut anchor_options) {
    if !options.is_null() {
        // SAFETY: by contract it came from `anchor_options_new` and is freed once.
        let handle = unsafe { Box::from_raw(options) };
        run_quietly(|| drop(handle));
    }
}

/// Sets after how many failures in a row the call gives up, as in anchor_config_set_retries.
///
/// @param options  the options
/// @param retries  0 or more; 0 gives up after the first failure; ANCHOR_RETRY_ALWAYS sets no limit
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_options_set_retries(options: *mut anchor_options, retries: u32) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe {
        set(options, &mut |options| {
            options.set_retries(retries);
            Ok(())
        })
    }
}

/// Sets whether the wait continues after a connection broke to which its request had been written, as in
/// anchor_config_set_rearm.
///
/// @param options  the options
/// @param rearm    0 or 1
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_options_set_rearm(options: *mut anchor_options, rearm: c_int) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe {
        set(options, &mut |options| {
            options.set_rearm(flag(rearm, "rearm")?);
            Ok(())
        })
    }
}

/// Sets the longest time for which one request of the wait asks the service to hold it, as in
/// anchor_config_set_slice_ms.
///
/// @param options   the options
/// @param slice_ms  milliseconds, 1 to 86,400,000
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_options_set_slice_ms(options: *mut anchor_options, slice_ms: i64) -> Status {
    let change = &mut |options: &mut Options| {
        options.set_slice(millis(slice_ms, "slice_ms")?).map(drop).map_err(|e| renamed(e, "slice", "slice_ms"))
    };
    // SAFETY: by contract NULL or live.
    unsafe { set(options, change) }
}

/// Adds a header to each request of the call, after those of the settings, as anchor_config_add_header does.
///
/// @param options  the options
/// @param name     1 to 256 bytes, the name of a header
/// @param value    at most 4,096 bytes of printable ASCII
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_options_add_header(
    options: *mut anchor_options,
    name: *const c_char,
    value: *const c_char,
) -> Status {
    // SAFETY: by contract NULL or live, NULL or C strings.
    unsafe { set(options, &mut |options| options.add_header(text(name, "name")?, text(value, "value")?).map(drop)) }
}

/// Sets the id that each request of the call carries in the header x-request-id.
///
/// Logs of the service and of gateways show it. It is not a secret.
///
/// @param options     the options
/// @param request_id  1 to 256 bytes of printable ASCII without spaces
/// @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_options_set_request_id(
    options: *mut anchor_options,
    request_id: *const c_char,
) -> Status {
    // SAFETY: by contract NULL or live, NULL or a C string.
    unsafe { set(options, &mut |options| options.set_request_id(text(request_id, "request_id")?).map(drop)) }
}

/// # Safety
///
/// `options` is NULL or live, and no other thread uses it.
unsafe fn set(options: *mut anchor_options, change: &mut dyn FnMut(&mut Options) -> Result<(), Error>) -> Status {
    let outcome = catch(|| {
        // SAFETY: the caller's promise.
        let handle = unsafe { options.as_mut() }.ok_or_else(|| Error::invalid("options is NULL"))?;
        change(&mut handle.options)
    });
    outcome.map_or_else(|error| error.status(), |()| Status::Ok)
}
