//! The C ABI: every `extern "C"` of the library, one file per handle. It checks and converts arguments, catches panics
//! and copies strings; the Rust API decides what a call does.
//!
//! `build.rs` generates `include/anchor.h` from these files, comments included. So the comments are for C readers, and the
//! modules are in the order of the header.

mod boundary;

mod text;

mod config;

mod client;

mod cancel;

mod wait;
