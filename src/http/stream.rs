//! A connection's bytes, without blocking: what TCP and TLS have in common, so that TLS goes over either. Who has to wait for
//! the socket does so by the call's context.

use super::context::{Ended, with_current};
use crate::sys::Socket;
use std::fmt::Debug;
use std::io;

pub(super) trait Stream: Debug + Send + Sync {
    /// Takes bytes to be sent, and says how many; 0 if there is no room now.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Sends what was taken. False if there is no room now.
    fn flush(&mut self) -> io::Result<bool>;

    /// Takes at most `limit` bytes of the socket, and gives to `sink` what they hold, which may be nothing.
    fn read(&mut self, limit: usize, sink: &mut dyn FnMut(&[u8])) -> io::Result<Input>;

    /// The peer has ended it, or broken it: the next read says so without the socket.
    fn is_over(&self) -> bool;

    /// What to poll.
    fn socket(&self) -> &Socket;

    /// Nothing of the peer is left over in it.
    fn is_clean(&self) -> bool;
}

/// What a read came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// So many bytes were taken from the socket.
    Taken(usize),
    /// There is nothing now.
    Blocked,
    /// The peer has ended the stream.
    End,
}

/// Sends all of it, as a step towards a connection.
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

/// Takes in what comes next, as a step towards a connection. False at the end of the stream.
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

/// Blocks by the context of this thread's exchange.
pub(super) fn block<T>(wait: impl FnOnce(&super::context::Context) -> Result<T, Ended>) -> io::Result<T> {
    match with_current(wait) {
        Some(Ok(ready)) => Ok(ready),
        Some(Err(Ended)) => Err(io::Error::other("the call has ended")),
        None => Err(io::Error::other("used outside of an exchange")),
    }
}
