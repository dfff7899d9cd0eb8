//! Moves bytes between ureq and a connected socket: output is held until input is awaited, so that a request is one send.
//! Connecting is not done here.

use super::buffers::HeldBuffers;
use super::context::with_current;
use crate::error::Phase;
use crate::sys::{Socket, Watch};
use std::io::{self, Write};
use std::time::Instant;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

/// A connected TCP socket.
pub(super) struct TcpTransport {
    socket: Socket,
    buffers: HeldBuffers,
    last_used: Instant,
}

impl TcpTransport {
    pub fn new(socket: Socket) -> Self {
        TcpTransport { socket, buffers: HeldBuffers::default(), last_used: Instant::now() }
    }

    /// Sends what is held. A peer that has hung up does not fail it: its answer may be in the socket already.
    fn flush(&mut self) -> Result<(), ureq::Error> {
        let mut sent = 0;
        while sent < self.buffers.held().len() {
            match self.socket.send(&self.buffers.held()[sent..]) {
                Ok(count) => sent += count,
                Err(e) if is_retryable(&e) => self.block(Watch::output(&self.socket))?,
                Err(e) if matches!(e.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => {
                    with_current(|call| call.note_cut(&e));
                    break;
                }
                Err(e) => return Err(broken(&e)),
            }
        }
        with_current(|call| call.count_sent(sent));
        self.buffers.release_output();
        Ok(())
    }

    fn block(&self, watch: Watch) -> Result<(), ureq::Error> {
        match with_current(|call| call.block_on(watch)) {
            Some(Ok(())) => Ok(()),
            Some(Err(e)) => Err(ureq::Error::Other(e.into())),
            None => Err(ureq::Error::Other("used outside of an exchange".into())),
        }
    }
}

impl Transport for TcpTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    /// An `amount` of 0 sends what is held; ureq itself never asks for that.
    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        if self.buffers.hold(amount) { self.flush() } else { Ok(()) }
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        self.flush()?;
        loop {
            self.block(Watch::input(&self.socket))?;
            match self.socket.receive(|bytes| self.buffers.append_input(bytes)) {
                Ok(0) => {
                    with_current(|call| call.ended.set(true));
                    return Ok(false);
                }
                Ok(_) => {
                    self.last_used = Instant::now();
                    return Ok(true);
                }
                Err(e) if is_retryable(&e) => {}
                Err(e) => return Err(broken(&e)),
            }
        }
    }

    /// A connection with unread bytes, an end of the stream or an error is not fit to be used again. ureq asks when it
    /// puts a connection into the pool and when it takes it out, which is when the socket is looked at.
    fn is_open(&mut self) -> bool {
        let is_to_be_used = with_current(|call| (call.phase() == Phase::Send).then_some(call.max_idle));
        match is_to_be_used {
            Some(Some(max_idle)) => {
                self.buffers.are_empty() && self.last_used.elapsed() <= max_idle && self.socket.is_quiet()
            }
            Some(None) => self.buffers.are_empty(),
            None => false,
        }
    }
}

impl std::fmt::Debug for TcpTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TcpTransport({:?})", self.socket)
    }
}

/// The most input that may make no sense yet. ureq limits an answer's head, but not the size line of a chunk or a trailer.
const MAX_UNPARSED: usize = 128 * 1024;

/// The outermost transport: notes when the request is out and when the answer begins.
#[derive(Debug)]
pub(super) struct Metered<T>(pub T);

impl<T: Transport> Transport for Metered<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        if with_current(|call| call.phase() == Phase::Send) == Some(true) {
            if with_current(|call| !call.may_send()) == Some(true) {
                return Err(ureq::Error::Other("the call has ended".into()));
            }
            self.0.transmit_output(0, timeout)?;
            with_current(|call| call.note_written(Instant::now()));
        }
        let before = self.0.buffers().input().len();
        let progress = self.0.await_input(timeout)?;
        let received = self.0.buffers().input().len().saturating_sub(before);
        with_current(|call| call.count_received(received));
        match self.0.buffers().input().len() {
            unparsed if unparsed > MAX_UNPARSED => Err(ureq::Error::LargeResponseHeader(unparsed, MAX_UNPARSED)),
            _ => Ok(progress),
        }
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

/// Puts bytes into a transport's output.
pub(super) struct Output<'a> {
    pub transport: &'a mut dyn Transport,
    pub timeout: NextTimeout,
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let output = self.transport.buffers().output();
        let count = bytes.len().min(output.len());
        output[..count].copy_from_slice(&bytes[..count]);
        self.transport.transmit_output(count, self.timeout).map_err(ureq::Error::into_io)?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_retryable(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Notes what broke. `Error::Other`, because ureq takes some kinds of `Error::Io` for the end of a body.
fn broken(e: &io::Error) -> ureq::Error {
    with_current(|call| call.note_broken(e));
    ureq::Error::Other(e.to_string().into())
}
