//! A stream of bytes that never blocks: TCP, or TLS over any stream. The driver of the exchange waits for the socket.

use super::context::Context;
use crate::sys::Socket;
use std::fmt::Debug;
use std::io;

/// `call`: the exchange that uses the stream, for its notes.
pub(super) trait Stream: Debug + Send + Sync {
    /// Accepts bytes to be sent, and returns how many; 0 if there is no room now.
    fn write(&mut self, bytes: &[u8], call: &Context) -> io::Result<usize>;

    /// Sends what was accepted. False if there is no room now.
    fn flush(&mut self, call: &Context) -> io::Result<bool>;

    /// Reads at most `limit` bytes from the socket, and passes their content to `sink`, which may be nothing.
    fn read(&mut self, limit: usize, sink: &mut dyn FnMut(&[u8]), call: &Context) -> io::Result<Input>;

    /// The stream has ended or failed, and the next read reports it without the socket.
    fn is_over(&self) -> bool;

    /// The socket to poll.
    fn socket(&self) -> &Socket;

    /// Frees the buffers that are empty, since the stream may be idle for a long time.
    fn release(&mut self) {}

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

/// How far a step towards a connection got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Done,
    /// It has read, and there may be more input.
    Turn,
    /// It needs input.
    Input,
    /// It needs room for output.
    Output,
}
