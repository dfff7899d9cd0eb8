//! One HTTP exchange that ends exactly when it has to. ureq keeps the agent and the pool and speaks HTTP/1.1. Its own sockets
//! meet a deadline late and cannot be cancelled, so this module implements ureq's connector, resolver and transport traits.
//! Nothing outside this module uses ureq.
//!
//! **Machines.** Everything below the protocol is a machine without blocking I/O: a [`stream`], the [`dial`], the [`link`]. A
//! machine does what it can and says what it needs. In a blocking call, [`blocking`] polls for it. A [`flight`] is a whole
//! exchange of this kind, without ureq, for a driver with many of them.
//!
//! **The context.** An exchange has limits in time and a phase, and notes how far it got and what broke: [`context`]. A failure
//! is classified by these notes, never by the text of an error. ureq's traits have no parameter for a context, but ureq calls
//! the connector and the transport on the caller's thread. So [`exchange`] puts it on its stack and points a thread-local at it
//! while ureq runs. Only [`connection`] and its [`buffers`], which implement ureq's traits, read the thread-local.
//!
//! In the order of a request: [`exchange`] starts it. If the [`pool`] has no connection, [`dial`] makes one along the [`route`]:
//! [`lookup`], [`race`], [`tunnel`], [`tls`]. [`link`] sends the request with the key in it, and takes the answer. [`inbound`] repairs the
//! head of the answer before ureq parses it, or refuses it. For a flight, [`codec`] writes the request and keeps the answer.

mod blocking;
mod buffers;
mod chunked;
mod codec;
mod connection;
mod context;
mod dial;
mod exchange;
mod failure;
mod flight;
mod framing;
mod gauge;
mod head;
mod inbound;
mod link;
mod lookup;
mod pool;
mod race;
mod request_head;
mod route;
mod stream;
mod tcp;
mod tls;
mod tls_error;
mod trust;
mod tunnel;

pub(crate) use blocking::{Cancels, pause_until};
pub(crate) use context::{Limits, Stop, Trace};
pub(crate) use exchange::{Agent, AgentOptions, Post, Reply};
pub(crate) use failure::{Failure, FailureKind};
pub(crate) use flight::{Await, Flight, Landed};
pub(crate) use lookup::Found;
pub(crate) use trust::TlsSettings;
