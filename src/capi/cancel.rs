//! The handle of a cancel token.

use super::boundary::{catch, catch_or};
use crate::cancel::CancelToken;
use std::ptr;

/// Brings blocked calls back, from any thread or signal handler. Any number of calls may share one.
#[allow(non_camel_case_types)]
pub struct anchor_cancel_token {
    pub(super) token: CancelToken,
}

/// Makes a token that is not cancelled. It holds one file descriptor.
///
/// @return  the token, to be freed with anchor_cancel_token_free; NULL if the process has no file descriptor
///          left
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn anchor_cancel_token_new() -> *mut anchor_cancel_token {
    match catch(CancelToken::new) {
        Ok(token) => Box::into_raw(Box::new(anchor_cancel_token { token })),
        Err(_) => ptr::null_mut(),
    }
}

/// Ends every call that was given the token with ANCHOR_CANCELLED, and every later one, until it is reset. An answer
/// that has already arrived is still returned. Any thread; async-signal-safe.
///
/// @param token  the token; NULL does nothing
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_cancel_token_cancel(token: *mut anchor_cancel_token) {
    // SAFETY: by contract NULL or live.
    if let Some(handle) = unsafe { token.as_ref() } {
        catch_or((), || handle.token.cancel());
    }
}

/// Makes a token usable again. Let the calls that it cancelled return first: one that has not may go on.
///
/// @param token  the token; NULL does nothing
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_cancel_token_reset(token: *mut anchor_cancel_token) {
    // SAFETY: by contract NULL or live.
    if let Some(handle) = unsafe { token.as_ref() } {
        catch_or((), || handle.token.reset());
    }
}

/// Frees a token. No call may be using it any more.
///
/// @param token  the token; NULL does nothing
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_cancel_token_free(token: *mut anchor_cancel_token) {
    if !token.is_null() {
        // SAFETY: by contract it came from `anchor_cancel_token_new` and is freed once.
        let handle = unsafe { Box::from_raw(token) };
        catch_or((), || drop(handle));
    }
}
