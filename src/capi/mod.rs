//! The C ABI: every `extern "C"` function of the library, one file per handle. It checks and converts arguments, catches
//! panics and copies strings. The Rust API decides what a call does.
//!
//! `build.rs` generates `include/anchor.h` from these files, with their comments. So the comments of functions are for readers
//! of C, and the modules are in the order of the header.

mod boundary;

mod last_error;

mod text;

mod config;

mod client;

mod options;

mod cancel;

mod wait;

mod queue;

mod completion;
