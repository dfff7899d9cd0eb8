//! The handle of a cancel token.

use super::boundary::{catch, catch_or};
use crate::cancel::CancelToken;
use std::ptr;

/// Unblocks calls, from any thread or signal handler. Any number of calls may share a token.
#[allow(non_camel_case_types)]
pub struct anchor_cancel_token {
    pub(super) token: CancelToken,
}

/// Makes a cancel token.
///
/// It holds one file descriptor.
///
/// @return  the token, to be freed with anchor_cancel_token_free; NULL if the process has no file descriptor left
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn anchor_cancel_token_new() -> *mut anchor_cancel_token {
    match catch(CancelToken::new) {
        Ok(token) => Box::into_raw(Box::new(anchor_cancel_token { token })),
        Err(_) => ptr::null_mut(),
    }
}

/// Ends every call that was given the token with ANCHOR_CANCELLED, and every later one, until the token is reset.
///
/// An answer that has already arrived is still returned.
///
/// @param token  the token; NULL does nothing
/// @par Threads
/// Any thread. Async-signal-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_cancel_token_cancel(token: *mut anchor_cancel_token) {
    // SAFETY: by contract NULL or live.
    if let Some(handle) = unsafe { token.as_ref() } {
        catch_or((), || handle.token.cancel());
    }
}

/// Makes a cancelled token usable again.
///
/// Let the calls that it cancelled return first: a call that has not returned yet may continue.
///
/// @param token  the token; NULL does nothing
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_cancel_token_reset(token: *mut anchor_cancel_token) {
    // SAFETY: by contract NULL or live.
    if let Some(handle) = unsafe { token.as_ref() } {
        catch_or((), || handle.token.reset());
    }
}

/// Frees a token.
///
/// No call may be using it any more.
///
/// @param token  the token; NULL does nothing
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_cancel_token_free(token: *mut anchor_cancel_token) {
    if !token.is_null() {
        // SAFETY: by contract it came from `anchor_cancel_token_new` and is freed once.
        let handle = unsafe { Box::from_raw(token) };
        catch_or((), || drop(handle));
    }
}
