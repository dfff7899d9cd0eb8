//! A stream of bytes that never blocks: TCP, or TLS over any stream. A caller that has to wait for the socket blocks by the
//! context of the exchange.

use super::context::{Ended, with_current};
use crate::sys::Socket;
use std::fmt::Debug;
use std::io;

pub(super) trait Stream: Debug + Send + Sync {
    /// Accepts bytes to be sent, and returns how many; 0 if there is no room now.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Sends what was accepted. False if there is no room now.
    fn flush(&mut self) -> io::Result<bool>;

    /// Reads at most `limit` bytes from the socket, and passes their content to `sink`, which may be nothing.
    fn read(&mut self, limit: usize, sink: &mut dyn FnMut(&[u8])) -> io::Result<Input>;

    /// The stream has ended or failed, and the next read reports it without the socket.
    fn is_over(&self) -> bool;

    /// The socket to poll.
    fn socket(&self) -> &Socket;

    /// The stream holds no unread bytes, and has not ended.
    fn is_clean(&self) -> bool;
}

/// The outcome of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// How many bytes were read from the socket.
    Taken(usize),
    /// The socket has no input now.
    Blocked,
    /// The peer has ended the stream.
    End,
}

/// Sends all bytes, as a step towards a connection.
pub(super) fn send_all(stream: &mut dyn Stream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes)? {
            0 => block(|call| call.await_connect_output(stream.socket()))?,
            count => bytes = &bytes[count..],
        }
    }
    while !stream.flush()? {
        block(|call| call.await_connect_output(stream.socket()))?;
    }
    Ok(())
}

/// Receives the next bytes, as a step towards a connection. False at the end of the stream.
pub(super) fn receive_some(stream: &mut dyn Stream, sink: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
    loop {
        if !stream.is_over() {
            block(|call| call.await_connect_input(stream.socket()))?;
        }
        match stream.read(usize::MAX, sink)? {
            Input::Taken(_) => return Ok(true),
            Input::End => return Ok(false),
            Input::Blocked => {}
        }
    }
}

/// Blocks by the context of the thread's exchange.
pub(super) fn block<T>(wait: impl FnOnce(&super::context::Context) -> Result<T, Ended>) -> io::Result<T> {
    match with_current(wait) {
        Some(Ok(ready)) => Ok(ready),
        Some(Err(Ended)) => Err(io::Error::other("the call has ended")),
        None => Err(io::Error::other("used outside of an exchange")),
    }
}
