//! The rules of a wait and of a signal.

pub(crate) mod call;
mod redact;
pub(crate) mod retry;
pub(crate) mod signal;
pub(crate) mod wait;
