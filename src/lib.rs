//! **libanchor** waits until a named event is signaled, and signals one, through the Anchor event-coordination API. It
//! blocks, has no runtime and starts no thread of its own accord, and has a C ABI: see `include/anchor.h`.
//!
//! A program holds a [`Client`], made from a [`Config`], and calls [`Client::wait`] and [`Client::signal`]. A
//! [`CancelToken`] brings a blocked call back, and a [`StartedWait`] is one that was started to be collected later. What
//! goes wrong is an [`Error`] with a [`Status`]: not signaled, cancelled, refused, never sent and sent-but-unanswered are
//! different answers.
//!
//! ```no_run
//! use anchor::{Client, Config, json_get};
//! use std::time::Duration;
//!
//! let client = Client::new(&Config::from_env())?;
//! let answer = client.wait("mfa_code", Some(Duration::from_secs(60)), None)?;
//! let code = json_get(&answer, "/data/code");
//! # Ok::<(), anchor::Error>(())
//! ```
//!
//! The arrows between the modules go one way: `capi` → `client` → `started`, `calls` → `session` → `http` → `sys`; `config`,
//! `address`, `secret`, `json`, `status` and `error` are leaves. Nothing outside `capi` knows a C type, nothing outside `http`
//! knows ureq or rustls, nothing outside `sys` knows libc or a descriptor. tests/sources/arrows.rs holds this.

mod address;
mod calls;
mod cancel;
// Its examples are C, which rustdoc would take for Rust.
#[cfg(not(doctest))]
mod capi;
mod client;
mod config;
mod error;
mod http;
mod json;
mod panic;
mod secret;
mod session;
mod started;
mod stats;
mod status;
mod sys;

pub use cancel::CancelToken;
pub use client::{Client, DrainError};
pub use config::{Config, DEFAULT_BASE_URL, LogLevel, Trust};
pub use error::{Error, Origin, Phase};
pub use json::json_get;
pub use started::StartedWait;
pub use stats::Stats;
pub use status::Status;
