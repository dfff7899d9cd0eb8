//! A panic does not leave the library; it becomes an error.

use crate::error::Error;
use crate::status::Status;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a call and turns a panic into an error. `maybe_consumed` is true then, because it is not known how far the call got.
pub(crate) fn catch<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        // A panic's own payload may panic when dropped.
        std::mem::forget(panic);
        let mut error = Error::new(Status::Internal, "a defect in libanchor was caught");
        error.detail.maybe_consumed = true;
        Err(error)
    })
}

/// Panics if a test asks for it here (tests/c/sanitized/panics.c). Released builds do not set the cfg.
#[inline]
pub(crate) fn inject(point: &str) {
    if cfg!(anchor_inject_panic) && std::env::var("ANCHOR_INJECT_PANIC").is_ok_and(|asked| asked == point) {
        panic!("a test asked for it");
    }
}
