//! One HTTP exchange that ends exactly when it has to. ureq keeps the agent and the pool and speaks HTTP/1.1. Its own sockets
//! meet a deadline late and cannot be cancelled, so this module implements ureq's connector, resolver and transport traits.
//! Nothing outside this module uses ureq.
//!
//! **The context.** An exchange has limits in time, cancel tokens, and a phase. ureq's traits have no parameter for these, but
//! ureq calls the connector and the transport on the caller's thread. So [`exchange`] puts a [`context::Context`] on its stack
//! and points a thread-local at it while ureq runs. Everything that blocks asks this context, and all of it blocks in
//! [`blocking`]. The context also notes how far the exchange got and what broke. A failure is classified by these notes,
//! never by the text of an error.
//!
//! In the order of a request: [`exchange`] starts it. If the pool has no connection, [`dial`] makes one: [`lookup`], [`race`],
//! [`tunnel`], [`tls`]. [`connection`] sends the request, puts the key into it, and passes the answer to ureq. [`inbound`]
//! repairs the head of the answer before ureq parses it, or refuses it.

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
