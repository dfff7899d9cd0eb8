//! What all exports share: no panic crosses the ABI, `pthread_cancel` waits until the call is over, a pointer is checked before
//! it is used, and strings for the caller are allocated with malloc, so that a lack of memory can be reported.

use super::last_error;
use crate::error::Error;
use crate::panic;
use crate::status::Status;
use crate::sys::CancellationDisabled;
use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::time::Duration;

/// Runs a call that returns JSON. If `out_json` is not NULL, it is set to NULL first, and receives the answer or the error at
/// the end.
///
/// # Safety
///
/// `out_json` is NULL or valid for a write.
pub(super) unsafe fn answering(out_json: *mut *mut c_char, call: impl FnOnce() -> Result<String, Error>) -> Status {
    // SAFETY: the caller's promise.
    unsafe { put(out_json, ptr::null_mut()) };
    // SAFETY: the caller's promise.
    unsafe { put_answer(out_json, catch(call)) }
}

/// # Safety
///
/// As `answering`.
unsafe fn put_answer(out_json: *mut *mut c_char, answer: Result<String, Error>) -> Status {
    let (status, json) = match answer {
        Ok(json) => (Status::Ok, json),
        Err(error) if out_json.is_null() => return error.status(),
        Err(error) => (error.status(), error.to_json()),
    };
    if out_json.is_null() {
        return status;
    }
    let copy = malloc_string(&json);
    // SAFETY: the caller's promise.
    unsafe { put(out_json, copy) };
    if copy.is_null() {
        last_error::note(Some(&no_memory()));
        return Status::OutOfMemory;
    }
    status
}

/// Runs a call and stores its failure for `anchor_last_error`.
pub(super) fn catch<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let outcome = quietly(call);
    last_error::note(outcome.as_ref().err());
    outcome
}

/// Runs a call that does not change `anchor_last_error`. A panic is ignored.
pub(super) fn run_quietly(call: impl FnOnce()) {
    let _ = quietly(|| {
        call();
        Ok(())
    });
}

/// Runs a call that does not change `anchor_last_error`. Each export that could block, write or close goes through here.
pub(super) fn quietly<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let (mut call, mut outcome) = (Some(call), None);
    guarded(&mut || outcome = call.take().map(|call| call()))?;
    outcome.unwrap_or_else(|| Err(Error::new(Status::Internal, "the call did not run")))
}

/// In one place for all exports, since its code for panics is large.
#[inline(never)]
fn guarded(call: &mut dyn FnMut()) -> Result<(), Error> {
    let _disabled = CancellationDisabled::new();
    panic::catch(|| {
        call();
        Ok(())
    })
}

pub(super) fn no_memory() -> Error {
    Error::new(Status::OutOfMemory, "no memory is left for a string")
}

/// # Safety
///
/// `out` is NULL or valid for a write.
pub(super) unsafe fn put<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: the caller's promise, and it is not NULL.
        unsafe { out.write(value) };
    }
}

/// The handle behind a pointer.
///
/// # Safety
///
/// `handle` is NULL or points to a live T for as long as the reference is used.
pub(super) unsafe fn handle<'a, T>(handle: *const T, name: &str) -> Result<&'a T, Error> {
    // SAFETY: the caller's promise.
    unsafe { handle.as_ref() }.ok_or_else(|| Error::invalid(format!("{name} is NULL")))
}

/// A string argument.
///
/// # Safety
///
/// `text` is NULL or a NUL-terminated string that lives and stays unchanged for as long as the reference is used.
pub(super) unsafe fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str, Error> {
    // SAFETY: the caller's promise.
    let text = unsafe { bytes(text, name) }?;
    std::str::from_utf8(text).map_err(|e| Error::invalid(format!("{name} is not UTF-8 at byte {}", e.valid_up_to())))
}

/// A string argument in any encoding, without its NUL.
///
/// # Safety
///
/// As `text`.
pub(super) unsafe fn bytes<'a>(text: *const c_char, name: &str) -> Result<&'a [u8], Error> {
    if text.is_null() {
        return Err(Error::invalid(format!("{name} is NULL")));
    }
    // SAFETY: the caller's promise, and it is not NULL.
    Ok(unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// An argument that is 0 or 1.
pub(super) fn flag(value: c_int, name: &str) -> Result<bool, Error> {
    match value {
        0 | 1 => Ok(value == 1),
        _ => Err(Error::invalid(format!("{name} is neither 0 nor 1"))),
    }
}

/// An argument in milliseconds.
pub(super) fn millis(value: i64, name: &str) -> Result<Duration, Error> {
    let value = u64::try_from(value).map_err(|_| Error::invalid(format!("{name} is negative")))?;
    Ok(Duration::from_millis(value))
}

/// Renames the argument in a refusal, if its name in C differs from the one in Rust.
pub(super) fn renamed(error: Error, in_rust: &str, in_c: &str) -> Error {
    match error.message().strip_prefix(in_rust) {
        Some(rest) if error.status() == Status::InvalidArgument && rest.starts_with(' ') => {
            Error::invalid(format!("{in_c}{rest}"))
        }
        _ => error,
    }
}

/// A copy for the caller; NULL if memory ran out, or if the text contains a NUL, which would end the copy early.
pub(super) fn malloc_string(text: &str) -> *mut c_char {
    if text.as_bytes().contains(&0) {
        return ptr::null_mut();
    }
    // SAFETY: the copy is written within the allocation of one byte more, if there is one.
    unsafe {
        let copy = libc::malloc(text.len() + 1).cast::<c_char>();
        if !copy.is_null() {
            ptr::copy_nonoverlapping(text.as_ptr().cast(), copy, text.len());
            copy.add(text.len()).write(0);
        }
        copy
    }
}
