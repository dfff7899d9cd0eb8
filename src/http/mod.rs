//! One HTTP exchange, with an exact end. ureq is the engine: agent, pool, HTTP/1.1, CONNECT. What its own sockets cannot do
//! is done here, behind ureq's connector, resolver and transport traits; nothing outside this module knows ureq or a socket.
//!
//! **The call context.** An exchange has limits in time, cancel tokens, and a phase. ureq's traits have no place for
//! these, but ureq runs connector and transport on the caller's thread. So [`exchange`] puts a [`context::Context`]
//! on its stack, points a thread-local at it while ureq runs, and whatever blocks asks the context how long it
//! may. There is one place that blocks: [`context`]'s `ppoll`. The context also takes notes (how far the exchange came,
//! what broke), and a failure is classified from these notes, never from an error's text.
//!
//! In the order of a request: [`exchange`] starts it; on a pool miss [`dial`] looks up and dials; [`tls`] wraps;
//! [`tcp`] moves the bytes; [`context`] waits.

mod blocking;
mod buffers;
mod chunked;
mod connection;
mod context;
mod dial;
mod exchange;
mod failure;
mod framing;
mod head;
mod inbound;
mod lookup;
mod race;
mod stream;
mod tcp;
mod tls;
mod tls_error;
mod trust;
mod tunnel;

pub(crate) use blocking::{Cancels, Stop, pause_until};
pub(crate) use context::Limits;
pub(crate) use exchange::{Agent, AgentOptions, Exchange, Reply, Trace};
pub(crate) use failure::{Failure, FailureKind};
pub(crate) use trust::TlsSettings;
