//! TLS by rustls, over any transport of ureq's. ureq has a wrapper of its own; this one keeps no buffers while it blocks, and
//! notes which side refused the other.

use super::buffers::HeldBuffers;
use super::context::{Context, with_current};
use super::refusal::words;
use super::tcp::Output;
use crate::error::Phase;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, ClientConnection, ProtocolVersion};
use std::io::{BufRead, Write};
use std::sync::Arc;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

/// A TLS session.
pub(super) struct TlsTransport {
    session: ClientConnection,
    inner: Box<dyn Transport>,
    buffers: HeldBuffers,
    /// Decrypted bytes that the session holds.
    readable: usize,
    /// The peer ended the session; it may have left the connection open.
    closed: bool,
}

impl TlsTransport {
    /// Shakes hands. The client's last flight leaves together with the first request. Not inlined, so that a plain
    /// connection does not pay with its stack.
    #[inline(never)]
    pub fn connect(
        inner: Box<dyn Transport>,
        config: Arc<ClientConfig>,
        host: &str,
        timeout: NextTimeout,
    ) -> Result<TlsTransport, ureq::Error> {
        with_current(|call| call.enter(Phase::Tls));
        let name = ServerName::try_from(host.trim_start_matches('[').trim_end_matches(']').to_owned());
        let name = name.map_err(|_| ureq::Error::Tls("the host is no valid server name"))?;
        let session = ClientConnection::new(config, name).map_err(|e| refused(&e, None))?;
        let mut tls = TlsTransport { session, inner, buffers: HeldBuffers::default(), readable: 0, closed: false };
        while tls.session.is_handshaking() {
            tls.write_records(timeout)?;
            if tls.session.wants_read() && !tls.read_records(timeout)? {
                return Err(ureq::Error::Other("the peer closed the connection in the handshake".into()));
            }
        }
        tls.write_records(timeout)?;
        Ok(tls)
    }

    fn encrypt_held(&mut self, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let mut taken = 0;
        while taken < self.buffers.held().len() {
            taken += self.session.writer().write(&self.buffers.held()[taken..])?;
            self.write_records(timeout)?;
        }
        self.buffers.release_output();
        Ok(())
    }

    fn write_records(&mut self, timeout: NextTimeout) -> Result<(), ureq::Error> {
        while self.session.wants_write() {
            self.session.write_tls(&mut Output { transport: &mut *self.inner, timeout })?;
        }
        Ok(())
    }

    /// Takes in what the peer sent; false at the end of the stream.
    fn read_records(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        if self.closed {
            return Ok(false);
        }
        self.inner.maybe_await_input(timeout)?;
        let mut records = self.inner.buffers().input();
        let taken = self.session.read_tls(&mut records)?;
        self.inner.buffers().input_consume(taken);
        match self.session.process_new_packets() {
            Ok(state) => {
                self.readable = state.plaintext_bytes_to_read();
                self.closed = state.peer_has_closed();
                Ok(taken > 0 && !self.closed)
            }
            Err(e) => {
                let error = refused(&e, self.session.protocol_version());
                // The alert that says to the peer why.
                let _ = self.write_records(timeout).and_then(|()| self.inner.transmit_output(0, timeout));
                Err(error)
            }
        }
    }

    /// Hands decrypted bytes on. None are left only at the end of the stream.
    fn take_plaintext(&mut self) -> Result<bool, ureq::Error> {
        let mut reader = self.session.reader();
        match reader.fill_buf() {
            Ok(plaintext) => {
                let count = plaintext.len();
                self.buffers.append_input(plaintext);
                reader.consume(count);
                self.readable -= count;
                if count == 0 {
                    with_current(|call| call.ended.set(true));
                }
                Ok(count > 0)
            }
            Err(_) => {
                with_current(|call| call.note_broken("the TLS stream was cut off without a close_notify"));
                Err(ureq::Error::Other("cut off".into()))
            }
        }
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if self.buffers.hold(amount) {
            self.encrypt_held(timeout)?;
        }
        if amount == 0 { self.inner.transmit_output(0, timeout) } else { Ok(()) }
    }

    /// Allocates for the plaintext only once there is some.
    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.encrypt_held(timeout)?;
        while self.readable == 0 && self.read_records(timeout)? {
            self.write_records(timeout)?;
        }
        self.take_plaintext()
    }

    fn is_open(&mut self) -> bool {
        self.readable == 0 && !self.closed && self.buffers.are_empty() && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl std::fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TlsTransport({:?})", self.inner)
    }
}

/// In the handshake, one side refuses the other; after it, a session that fails has lost its connection. Only that the
/// server wants a certificate of the client comes later in TLS 1.3: the request is on its way by then, but a server reads
/// nothing of it before the certificate.
fn refused(e: &rustls::Error, version: Option<ProtocolVersion>) -> ureq::Error {
    let wants_certificate = matches!(
        e,
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired | AlertDescription::BadCertificate)
    );
    let is_13 = version == Some(ProtocolVersion::TLSv1_3);
    // Of the service on a fresh connection, or of a proxy.
    let first_answer = |call: &Context| match call.phase() {
        Phase::Wait => is_13 && call.connected.get(),
        phase => is_13 && phase == Phase::Connect,
    };
    with_current(|call| match call.phase() {
        Phase::Tls => call.refused.set(true),
        _ if wants_certificate && first_answer(call) => call.note_unread(),
        _ => call.note_broken(words(e)),
    });
    ureq::Error::Other(words(e).into())
}
