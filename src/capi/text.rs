//! Version, statuses, strings and JSON: the exports that need no handle.

use super::boundary::{catch_or, malloc_string, text};
use crate::json::{OutOfMemory, json_find};
use crate::status::Status;
use std::ffi::{CStr, c_char};
use std::ptr;

/// Returns the version of the library that is loaded, such as "0.1.0".
///
/// ANCHOR_VERSION is the version of the header.
///
/// @return  a static string, which must not be freed
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn anchor_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Returns the version of the library that is loaded, as a number to compare.
///
/// ANCHOR_VERSION_NUMBER is the same number of the header.
///
/// @return  0x00MMmmpp: major, minor and patch
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn anchor_version_number() -> u32 {
    const fn part(text: &str) -> u32 {
        let (digits, mut at, mut number) = (text.as_bytes(), 0, 0);
        while at < digits.len() {
            number = number * 10 + (digits[at] - b'0') as u32;
            at += 1;
        }
        number
    }
    const NUMBER: u32 = part(env!("CARGO_PKG_VERSION_MAJOR")) << 16
        | part(env!("CARGO_PKG_VERSION_MINOR")) << 8
        | part(env!("CARGO_PKG_VERSION_PATCH"));
    NUMBER
}

/// Frees a string that a function of libanchor gave to the caller.
///
/// @param string  the string; NULL does nothing
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_string_free(string: *mut c_char) {
    // SAFETY: by contract NULL or from `malloc_string`, and freed once.
    unsafe { libc::free(string.cast()) };
}

/// Returns a value from a JSON text, such as the answer of a wait.
///
///     char *code = anchor_json_get(json, "/data/code");
///
/// @param json     a JSON text
/// @param pointer  a JSON pointer (RFC 6901): "" for the whole text, or "/name/0/..." with "~1" for a slash and
///                 "~0" for a tilde within a name
/// @return  a string to be freed with anchor_string_free: a JSON string without its quotes and escapes, any other
///          value as its JSON text, unchanged. NULL if the text has no such value, if an argument is NULL or
///          malformed, if the string contains U+0000, which a C string cannot hold, or if memory ran out
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_json_get(json: *const c_char, pointer: *const c_char) -> *mut c_char {
    catch_or(ptr::null_mut(), || {
        // SAFETY: by contract NULL or C strings.
        let arguments = unsafe { (text(json, "json"), text(pointer, "pointer")) };
        match arguments {
            (Ok(json), Ok(pointer)) => match json_find(json, pointer) {
                Ok(Some(found)) => malloc_string(&found),
                Ok(None) | Err(OutOfMemory) => ptr::null_mut(),
            },
            _ => ptr::null_mut(),
        }
    })
}

/// Returns the name of a status, such as "ANCHOR_TIMEOUT".
///
/// @param status  any value
/// @return  a static string, which must not be freed; "ANCHOR_UNKNOWN" for a value that this version does not know
/// @par Threads
/// Any thread. Async-signal-safe.
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn anchor_status_name(status: i32) -> *const c_char {
    row_text(status, c"ANCHOR_UNKNOWN", |row| row.1)
}

/// Returns an English sentence about a status.
///
/// @param status  any value
/// @return  a static string, which must not be freed
/// @par Threads
/// Any thread. Async-signal-safe.
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn anchor_status_message(status: i32) -> *const c_char {
    row_text(status, c"A status that this version of libanchor does not know.", |row| row.2)
}

fn row_text(
    status: i32,
    unknown: &'static CStr,
    column: impl FnOnce(&(Status, &'static CStr, &'static CStr)) -> &'static CStr,
) -> *const c_char {
    Status::from_value(status).map_or(unknown, |status| column(status.row())).as_ptr()
}
