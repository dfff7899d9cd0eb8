//! **libanchor** waits until a named event is signaled, and signals events, through the Anchor event-coordination API.
//! Its calls block; it has no async runtime. It also has a C ABI: see `include/anchor.h`.
//!
//! A program makes a [`Client`] from a [`Config`] and calls [`Client::wait`] and [`Client::signal`]. A [`CancelToken`]
//! unblocks a call. A [`StartedWait`] is a wait that runs in the background until the program takes its outcome. A call
//! that fails returns an [`Error`], whose [`Status`] distinguishes an event that was not signaled, a cancelled call, a
//! refusal by the service, a request that was never sent, and a request that was sent and never answered.
//!
//! The library starts a thread only to look up a host name, and one for all started waits. There is no global state that a
//! program can see.
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
//! Imports between the modules go one way: `capi` → `client` → `started`, `calls` → `session` → `http` → `sys`. `options`,
//! `config`, `credentials`, `address`, `secret`, `json`, `status` and `error` are leaves. Only `capi` uses C types, only
//! `http` uses ureq and rustls, and only `sys` uses libc, descriptors and handles. tests/sources/arrows.rs checks this.

mod address;
mod calls;
mod cancel;
mod census;
// Its examples are in C; rustdoc would run them as Rust.
#[cfg(not(doctest))]
mod capi;
mod client;
mod config;
mod credentials;
mod error;
mod http;
mod json;
mod log;
mod options;
mod panic;
mod secret;
mod session;
mod started;
mod stats;
mod status;
mod sys;

pub use cancel::CancelToken;
pub use census::{StageCount, StartedWaits};
pub use client::{Client, DrainError, Timeout};
pub use config::{Config, DEFAULT_BASE_URL, Trust};
pub use error::{Error, Origin, Phase};
pub use json::json_get;
pub use log::LogLevel;
pub use options::Options;
pub use started::{Completion, Queue, QueuedWait, StartedWait};
pub use stats::{Connections, Stats};
pub use status::Status;
