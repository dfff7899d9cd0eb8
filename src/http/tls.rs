//! TLS by rustls over any stream. Unlike ureq's own wrapper, this one keeps no buffers while the call is blocked, and notes which
//! side refused the other.

use super::context::{Context, Limits};
use super::stream::{Input, Step, Stream};
use super::tls_error::words;
use crate::error::Phase;
use crate::sys::Socket;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, ClientConnection, ProtocolVersion};
use std::io::{self, BufRead, Write};
use std::sync::Arc;

/// A TLS session.
pub(super) struct Tls {
    session: ClientConnection,
    inner: Box<dyn Stream>,
    /// Records that are to be sent, from `sent` on.
    output: Vec<u8>,
    sent: usize,
    /// The beginning of a record whose rest has not arrived yet.
    input: Vec<u8>,
    /// The peer has ended the session (close_notify). The connection may still be open.
    closed: bool,
    /// The handshake is over. Until then a read sends nothing: the last flight leaves together with the request.
    is_established: bool,
    /// The error after the last good record. It is reported after the bytes before it were read.
    fault: Option<io::Error>,
}

/// The largest buffer that is kept when it is empty; keeping it costs less than an allocation for each request.
const SMALL: usize = 1024;
/// The head of a record: its type, a version, and the length of its content.
const RECORD_HEAD: usize = 5;

impl Tls {
    /// Begins a session over `inner`; [`shake_hands`](Self::shake_hands) comes next.
    pub fn new(inner: Box<dyn Stream>, config: Arc<ClientConfig>, host: &str, call: &Context) -> io::Result<Tls> {
        call.enter(Phase::Tls);
        let name = ServerName::try_from(host.trim_start_matches('[').trim_end_matches(']').to_owned());
        let name = name.map_err(|_| io::Error::other("the host is not a valid server name"))?;
        let session = ClientConnection::new(config, name).map_err(|e| refused(&e, None, call))?;
        Ok(Tls {
            session,
            inner,
            output: Vec::new(),
            sent: 0,
            input: Vec::new(),
            closed: false,
            is_established: false,
            fault: None,
        })
    }

    /// Does a step of the handshake. The client's last flight is sent together with the first request.
    pub fn shake_hands(&mut self, call: &Context) -> io::Result<Step> {
        if !self.flush(call)? {
            return Ok(Step::Output);
        }
        if self.session.is_handshaking() {
            let taken = self.read(usize::MAX, &mut |_| (), call)?;
            if let Some(fault) = self.fault.take() {
                return Err(fault);
            }
            match taken {
                Input::End => return Err(io::Error::other("the peer closed the connection in the handshake")),
                Input::Blocked => return Ok(Step::Input),
                Input::Taken(_) => {}
            }
        }
        if self.session.is_handshaking() {
            return Ok(if self.flush(call)? { Step::Turn } else { Step::Output });
        }
        self.is_established = true;
        Ok(Step::Done)
    }

    /// Decrypts the complete records, passes their content to `sink`, and keeps the rest. So the session never holds a part of a
    /// record, which `is_clean` could not see.
    fn decrypt(&mut self, sink: &mut dyn FnMut(&[u8])) -> Result<(), rustls::Error> {
        let mut input = std::mem::take(&mut self.input);
        let mut taken = 0;
        let mut outcome = Ok(());
        while let Some(length) = record_length(&input[taken..]).filter(|_| outcome.is_ok() && !self.closed) {
            outcome = self.decrypt_record(&input[taken..taken + length], sink);
            taken += length;
        }
        input.drain(..taken);
        if !input.is_empty() || input.capacity() <= SMALL {
            self.input = input;
        }
        outcome
    }

    /// Passes one record to the session, which may accept it in pieces.
    fn decrypt_record(&mut self, mut record: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<(), rustls::Error> {
        while !record.is_empty() && !self.closed {
            match self.session.read_tls(&mut record) {
                Ok(0) | Err(_) => return Err(rustls::Error::General("a record does not fit the session".to_owned())),
                Ok(_) => {}
            }
            let processed = self.session.process_new_packets().map(|state| self.closed = state.peer_has_closed());
            // Content that was decrypted before a fault is good.
            let mut reader = self.session.reader();
            while let Ok(plaintext) = reader.fill_buf() {
                let count = plaintext.len();
                if count == 0 {
                    break;
                }
                sink(plaintext);
                reader.consume(count);
            }
            processed?;
        }
        Ok(())
    }
}

impl Stream for Tls {
    fn write(&mut self, bytes: &[u8], call: &Context) -> io::Result<usize> {
        // Only what had no room before goes first: the client's last flight leaves together with the first request.
        if !self.output.is_empty() && !self.flush(call)? {
            return Ok(0);
        }
        let taken = self.session.writer().write(bytes)?;
        self.flush(call)?;
        Ok(taken)
    }

    fn flush(&mut self, call: &Context) -> io::Result<bool> {
        loop {
            while self.session.wants_write() {
                self.session.write_tls(&mut self.output)?;
            }
            while self.sent < self.output.len() {
                match self.inner.write(&self.output[self.sent..], call)? {
                    0 => return Ok(false),
                    count => self.sent += count,
                }
            }
            self.sent = 0;
            self.output.clear();
            if self.output.capacity() > SMALL {
                self.output = Vec::new();
            }
            if !self.session.wants_write() {
                return self.inner.flush(call);
            }
        }
    }

    fn read(&mut self, limit: usize, sink: &mut dyn FnMut(&[u8]), call: &Context) -> io::Result<Input> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        if self.closed {
            return Ok(Input::End);
        }
        let taken = self.inner.read(limit, &mut |bytes| self.input.extend_from_slice(bytes), call)?;
        let mut gave = false;
        let decrypted = self.decrypt(&mut |plaintext| {
            gave = true;
            sink(plaintext);
        });
        if let Err(e) = decrypted {
            let fault = refused(&e, self.session.protocol_version(), call);
            // Sends the alert that gives the peer the reason. A failure of this changes nothing.
            let _ = self.flush(call);
            if !gave {
                return Err(fault);
            }
            self.fault = Some(fault);
            return Ok(taken);
        }
        if self.is_established && self.session.wants_write() {
            // Sends the answer to a key update. If there is no room now, the next write sends it.
            self.flush(call)?;
        }
        match taken {
            Input::End if !gave && !self.closed && !self.session.is_handshaking() => Err(cut_off(call)),
            Input::Taken(_) if self.closed && !gave => Ok(Input::End),
            taken => Ok(taken),
        }
    }

    fn is_over(&self) -> bool {
        self.closed || self.fault.is_some()
    }

    fn socket(&self) -> &Socket {
        self.inner.socket()
    }

    fn release(&mut self) {
        if self.output.is_empty() {
            self.output = Vec::new();
        }
        if self.input.is_empty() {
            self.input = Vec::new();
        }
        self.inner.release();
    }

    fn is_clean(&self) -> bool {
        self.input.is_empty() && !self.is_over() && self.inner.is_clean()
    }
}

impl Drop for Tls {
    /// Sends close_notify, by which the peer can distinguish an end from a cut. It does not block.
    fn drop(&mut self) {
        if self.fault.is_none() && !self.session.is_handshaking() {
            self.session.send_close_notify();
            let _ = self.flush(&Context::new(Limits::default()));
        }
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tls({:?})", self.inner)
    }
}

/// The length of the first record, if all of it has arrived. Bytes that are not a record go to the session, which reports what
/// is wrong with them.
fn record_length(input: &[u8]) -> Option<usize> {
    const LONGEST: usize = RECORD_HEAD + 16 * 1024 + 2048;
    let head = input.get(..RECORD_HEAD)?;
    let length = RECORD_HEAD + usize::from(u16::from_be_bytes([head[3], head[4]]));
    if length > LONGEST || !(20..=24).contains(&head[0]) {
        return Some(input.len());
    }
    (input.len() >= length).then_some(length)
}

fn cut_off(call: &Context) -> io::Error {
    let said = "the TLS stream was cut off without a close_notify";
    call.note_broken(said);
    io::Error::other(said)
}

/// Notes an error of the session. During the handshake, one side has refused the other. After it, the connection is lost, with
/// one exception: in TLS 1.3 a server refuses a missing client certificate only after the handshake, when the request may
/// already be sent.
fn refused(e: &rustls::Error, version: Option<ProtocolVersion>, call: &Context) -> io::Error {
    let is_of_certificate = matches!(e, rustls::Error::AlertReceived(alert) if refuses_a_certificate(*alert));
    let is_13 = version == Some(ProtocolVersion::TLSv1_3);
    // The first bytes that the service sends on a new connection, or a proxy's.
    let is_first = match call.phase() {
        Phase::Send | Phase::Wait => call.is_fresh() && call.received() == 0,
        phase => phase == Phase::Connect,
    };
    match call.phase() {
        Phase::Tls => call.refused.set(true),
        _ if is_of_certificate && is_13 && is_first => {
            call.refused.set(true);
            call.enter(Phase::Tls);
        }
        _ => call.note_broken(words(e)),
    }
    io::Error::other(words(e))
}

/// Whether the alert is about the client's certificate: 42 to 46, 48, 49 and 116.
fn refuses_a_certificate(alert: AlertDescription) -> bool {
    use AlertDescription as Alert;
    matches!(
        alert,
        Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::CertificateRequired
    )
}
