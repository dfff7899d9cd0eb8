//! Faults on purpose: which rule applies to which request, and how long requests are delayed.
//!
//! How a fault is made is in `http/inject.rs`.

pub mod latency;
pub mod rule;
