//! A connected TCP socket as a stream.

use super::context::Context;
use super::stream::{Input, Stream};
use crate::sys::Socket;
use std::io;

#[derive(Debug)]
pub(super) struct Tcp(pub Socket);

impl Stream for Tcp {
    fn write(&mut self, bytes: &[u8], call: &Context) -> io::Result<usize> {
        loop {
            match self.0.send(bytes) {
                Ok(count) => {
                    call.count_sent(count);
                    return Ok(count);
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(0),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    fn flush(&mut self, _: &Context) -> io::Result<bool> {
        Ok(true)
    }

    fn read(&mut self, limit: usize, sink: &mut dyn FnMut(&[u8]), _: &Context) -> io::Result<Input> {
        loop {
            match self.0.receive(limit, |bytes| sink(bytes)) {
                Ok(0) => return Ok(Input::End),
                Ok(count) => return Ok(Input::Taken(count)),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(Input::Blocked),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    fn is_over(&self) -> bool {
        false
    }

    fn socket(&self) -> &Socket {
        &self.0
    }

    fn is_clean(&self) -> bool {
        true
    }
}
