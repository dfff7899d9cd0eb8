//! A connection as ureq uses it: it collects the bytes of a request, puts the credentials in as it sends them, and passes
//! the repaired answer to ureq. It blocks by the exchange of its thread.

use super::blocking::{Blocking, with_current};
use super::buffers::HeldBuffers;
use super::dial;
use super::failure::FailureKind;
use super::gauge::Gauge;
use super::link::{Link, MAX_UNREAD, Sending};
use super::pool::{Idle, Pool};
use super::route::Route;
use super::stream::Input;
use crate::credentials::{Credentials, Lines};
use crate::sys::Latest;
use std::io;
use std::sync::Arc;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// Takes the connections of ureq's requests from the pool, or makes them. ureq's own pool stays empty, since started waits use
/// the connections too.
#[derive(Clone)]
pub(super) struct Dialer(pub Arc<Origin>);

/// What the connections of a client share.
pub(super) struct Origin {
    pub route: Route,
    /// Such as `http://host:81`: what a proxy that forwards the requests needs in their first line.
    pub for_proxy: Option<String>,
    /// The header lines that each request of the library has.
    pub common: String,
    pub pool: Pool,
    pub gauge: Arc<Gauge>,
    pub credentials: Arc<Latest<Credentials>>,
}

impl Connector for Dialer {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Self::Out>, ureq::Error> {
        // `Error::Other`, because ureq tries again after some kinds of `Error::Io`.
        let Idle { link, buffers } = with_current(|call| self.connection(call)).map_err(other)?;
        let connection = Connection {
            link: Some(link),
            origin: Arc::clone(&self.0),
            https: details.needs_tls(),
            buffers,
            is_early: false,
        };
        Ok(Some(connection))
    }
}

impl Dialer {
    fn connection(&self, call: &Blocking) -> io::Result<Idle> {
        match self.0.pool.take(call.max_idle) {
            Some(idle) => Ok(idle),
            None => {
                let link = Link::new(dial::blocking(&self.0.route, call)?, &self.0.gauge);
                Ok(Idle { link, buffers: HeldBuffers::default() })
            }
        }
    }
}

impl std::fmt::Debug for Dialer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dialer")
    }
}

/// A resolver that finds nothing. ureq calls its resolver before each request, even if the pool has a connection, so the dial
/// looks up the host instead.
#[derive(Debug)]
pub(super) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &ureq::config::Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

pub(super) struct Connection {
    /// `None` once it is in the pool.
    link: Option<Link>,
    origin: Arc<Origin>,
    https: bool,
    buffers: HeldBuffers,
    /// Input arrived while the request was being sent, and ureq has not been told.
    is_early: bool,
}

impl Connection {
    /// Sends what is collected. If the peer closes the connection or answers early, this succeeds, and the answer is read next.
    fn send_held(&mut self, call: &Blocking) -> io::Result<()> {
        let Some(link) = &mut self.link else { return Err(is_pooled()) };
        if link.sending() == Sending::Held {
            call.may_begin()?;
            link.begin(self.buffers.input_end(), &call.context)?;
            let target = [self.origin.for_proxy.as_deref().unwrap_or(""), &call.path];
            let origin = &self.origin;
            let credentials = origin.credentials.get();
            let own = call.lines.as_ref().map_or("", Lines::as_str);
            let lines = [origin.common.as_str(), credentials.as_str(), own];
            self.buffers.complete_head(target, lines)?;
        } else {
            call.may_send()?;
        }
        let mut sent = 0;
        while !link.send(self.buffers.held(), &mut sent, &call.context)? {
            // Input is read meanwhile: it may be the answer of a peer that refuses the request.
            let ready = call.await_output(link.socket())?;
            if ready.input && !ready.output {
                link.take_early_input(self.buffers.input_end(), &call.context)?;
                self.is_early = !self.buffers.input().is_empty();
            }
        }
        self.buffers.release_output();
        Ok(())
    }

    /// Sends the rest of the request, and reads until ureq has new input; false at the end of the stream.
    fn receive(&mut self, call: &Blocking) -> io::Result<bool> {
        if self.link.as_ref().is_some_and(|link| matches!(link.sending(), Sending::Held | Sending::Partly)) {
            self.send_held(call)?;
        }
        let Some(link) = &mut self.link else { return Err(is_pooled()) };
        link.finish_sending(&call.context);
        if std::mem::take(&mut self.is_early) {
            return Ok(true);
        }
        let before = self.buffers.input().len();
        loop {
            let limit = if link.is_over() { usize::MAX } else { call.await_input(link.socket())? };
            let taken = link.take_input(limit, self.buffers.input_end(), &call.context)?;
            match self.buffers.input().len() {
                unread if unread > MAX_UNREAD => {
                    let why = "the answer is larger than the limit";
                    call.context.note_verdict(FailureKind::TooLarge, why);
                    return Err(io::Error::other(why));
                }
                unread if unread > before => return Ok(true),
                _ if taken == Input::End => return Ok(false),
                _ => {}
            }
        }
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        if !self.buffers.hold(amount) {
            return Ok(());
        }
        with_current(|call| self.send_held(call)).map_err(other)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        with_current(|call| self.receive(call)).map_err(other)
    }

    /// ureq asks once, after an answer, whether to put the connection into its pool. It goes into the client's pool instead.
    fn is_open(&mut self) -> bool {
        let is_drained = self.buffers.are_empty();
        if let Some(link) = self.link.take_if(|link| is_drained && link.is_reusable()) {
            self.origin.pool.put(Idle { link, buffers: std::mem::take(&mut self.buffers) });
        }
        false
    }

    fn is_tls(&self) -> bool {
        self.https
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({:?})", self.link)
    }
}

fn is_pooled() -> io::Error {
    io::Error::other("the connection is in the pool")
}

/// `Error::Other`, because for ureq some kinds of `Error::Io` are the end of a body.
fn other(e: io::Error) -> ureq::Error {
    ureq::Error::Other(e.into())
}
