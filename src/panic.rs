//! No panic leaves the library: it becomes an error.

use crate::error::Error;
use crate::status::Status;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a call, and makes an error of a panic. How far the call had come is not known any more.
pub(crate) fn catch<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        // A panic's own payload may panic when dropped.
        std::mem::forget(panic);
        let mut error = Error::new(Status::Internal, "a defect in libanchor was caught");
        error.detail.maybe_consumed = true;
        Err(error)
    })
}

/// Panics if the test of panics, tests/c/sanitized/panics.c, asks for it here. What is shipped is built without the cfg.
#[inline]
pub(crate) fn inject(place: &str) {
    if cfg!(anchor_inject_panic) && std::env::var("ANCHOR_INJECT_PANIC").is_ok_and(|asked| asked == place) {
        panic!("a test asked for it");
    }
}
