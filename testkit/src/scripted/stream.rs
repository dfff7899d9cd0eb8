//! The server's end of a connection, in clear or inside of TLS sessions.

use rustls::{ServerConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::TcpStream;

/// TCP, TLS over it, or TLS within TLS.
pub(super) trait Stream: Read + Write + Send {
    fn close_notify(&mut self) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn close_notify(&mut self) -> io::Result<()> {
        panic!("close_notify without TLS")
    }
}

impl Stream for StreamOwned<ServerConnection, Box<dyn Stream>> {
    fn close_notify(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        while self.conn.wants_write() {
            self.conn.write_tls(&mut self.sock)?;
        }
        Ok(())
    }
}
