//! The C ABI: every `extern "C"` of the library, one file per handle. It checks and converts arguments, catches panics
//! and copies strings; what a call does is decided in the Rust API.
//!
//! `include/anchor.h` is generated from these files, comments included, so they are written for C readers, and stand in
//! the order in which a reader of the header meets them.

mod boundary;

mod text;

mod config;

mod client;

mod cancel;

mod wait;
