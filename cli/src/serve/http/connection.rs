//! One accepted connection: a socket for hyper that watches whether answers are written and received.
//!
//! hyper reports neither that an answer was flushed nor that the peer closed just before. This module
//! sees both, between hyper and the socket, and reports them to the connection's `Outbox`.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use crate::serve::broker::Outbox;
use crate::system;

/// How long a reset may take to follow the peer's end. On this machine it is there at once, if the peer's
/// process is not held up between the two.
const RESET_GRACE: Duration = Duration::from_millis(500);

/// What a handler knows about the connection of its request.
#[derive(Clone)]
pub struct Peer {
    pub address: SocketAddr,
    pub outbox: Arc<Outbox>,
}

/// A TCP socket, with or without TLS.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Whether a shutdown writes bytes before its FIN. A peer that has closed answers them with a reset,
    /// even if it had read everything else.
    const SHUTDOWN_WRITES: bool;

    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    const SHUTDOWN_WRITES: bool = false;

    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    /// The close_notify.
    const SHUTDOWN_WRITES: bool = true;

    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// A socket that reports to an `Outbox`.
pub struct Connection<S: Socket> {
    /// `None` only while the connection is being dropped.
    socket: Option<S>,
    outbox: Arc<Outbox>,
}

impl<S: Socket> Connection<S> {
    pub fn new(socket: S, outbox: Arc<Outbox>) -> Self {
        Self { socket: Some(socket), outbox }
    }

    fn socket(&mut self) -> Pin<&mut S> {
        Pin::new(self.socket.as_mut().expect("only drop takes the socket"))
    }

    fn tcp(&self) -> &TcpStream {
        self.socket.as_ref().expect("only drop takes the socket").tcp()
    }

    /// Fails if an answer that is written now would be lost, or if a fault rule suppresses it.
    fn check_before_write(&self) -> io::Result<()> {
        if self.outbox.is_aborted() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        if self.outbox.is_loaded() { self.check_peer_is_there() } else { Ok(()) }
    }

    fn check_peer_is_there(&self) -> io::Result<()> {
        let mut byte = [std::mem::MaybeUninit::uninit()];
        match SockRef::from(self.tcp()).peek(&mut byte) {
            Ok(0) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }

    /// The bytes are with the kernel. On loopback, a peer that had closed has already sent its reset.
    fn written(&self) -> io::Result<()> {
        system::check_for_reset(self.tcp())?;
        self.outbox.written();
        Ok(())
    }
}

impl<S: Socket> AsyncRead for Connection<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(self.socket().poll_read(cx, buf));
        match &read {
            Ok(()) if buf.filled().len() > before => self.outbox.settle(),
            // TLS reports a FIN without close_notify as an error. Here it is an end like any other.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Poll::Ready(Ok(())),
            // The peer's end alone does not tell whether it has read what it was given: drop finds out.
            Ok(()) => {}
            Err(_) => self.outbox.reject(),
        }
        Poll::Ready(read)
    }
}

impl<S: Socket> AsyncWrite for Connection<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check_before_write()?;
        self.socket().poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_before_write()?;
        self.socket().poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    // hyper flushes when its own buffers are empty: the whole answer has been written by then.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.socket().poll_flush(cx))?;
        Poll::Ready(if self.outbox.is_loaded() { self.written() } else { Ok(()) })
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if S::SHUTDOWN_WRITES && self.outbox.is_written() {
            return Poll::Ready(Ok(())); // `settle_later` does it.
        }
        self.socket().poll_shutdown(cx)
    }
}

impl<S: Socket> Drop for Connection<S> {
    fn drop(&mut self) {
        // What the kernel never got is offered again in any case.
        self.outbox.unload();
        let (Some(socket), Ok(runtime)) = (self.socket.take(), Handle::try_current()) else {
            return;
        };
        if self.outbox.is_written() {
            runtime.spawn(settle_later(socket, self.outbox.clone()));
        }
    }
}

/// A peer that closed without having read its answer sends a reset, which may come after its FIN.
async fn settle_later<S: Socket>(mut socket: S, outbox: Arc<Outbox>) {
    let _ = timeout(RESET_GRACE, socket.tcp().ready(Interest::ERROR)).await;
    if system::check_for_reset(socket.tcp()).is_err() {
        return outbox.reject();
    }
    outbox.settle();
    if S::SHUTDOWN_WRITES {
        let _ = timeout(RESET_GRACE, socket.shutdown()).await;
    }
}
