//! Moves bytes between ureq and a connected socket: output is held until input is awaited, so that a request is one send;
//! buffers of more than a kilobyte exist only while bytes are in them, so that a blocked wait holds next to none. Connecting
//! is not done here, but a proxy is asked for its tunnel.

use super::context::with_current;
use super::exchange::Proxy;
use crate::error::Phase;
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Instant;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};
use zeroize::Zeroizing;

/// A connected TCP socket.
pub(super) struct TcpTransport {
    socket: OwnedFd,
    buffers: HeldBuffers,
    last_used: Instant,
}

impl TcpTransport {
    pub fn new(socket: OwnedFd) -> Self {
        TcpTransport { socket, buffers: HeldBuffers::default(), last_used: Instant::now() }
    }

    /// Sends what is held. A peer that has hung up does not fail it: its answer may be in the socket already.
    fn flush(&mut self) -> Result<(), ureq::Error> {
        let mut sent = 0;
        while sent < self.buffers.held().len() {
            match send(&self.socket, &self.buffers.held()[sent..]) {
                Ok(count) => sent += count,
                Err(e) if is_retryable(&e) => self.block(libc::POLLOUT)?,
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

    fn block(&self, events: i16) -> Result<(), ureq::Error> {
        let fd = self.socket.as_raw_fd();
        match with_current(|call| call.block_on_fd(fd, events)) {
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
            self.block(libc::POLLIN)?;
            match receive(&self.socket, &mut self.buffers) {
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
                self.buffers.are_empty() && self.last_used.elapsed() <= max_idle && is_quiet(&self.socket)
            }
            Some(None) => self.buffers.are_empty(),
            None => false,
        }
    }
}

impl std::fmt::Debug for TcpTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TcpTransport({})", self.socket.as_raw_fd())
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

/// The way through a proxy.
pub(super) struct Tunnel {
    pub https: bool,
    pub host: String,
    pub port: u16,
    /// The CONNECT that asks for it, credentials included.
    request: Zeroizing<String>,
}

impl Tunnel {
    pub fn new(proxy: &Proxy, target: &str, target_port: u16, user_agent: &str) -> Tunnel {
        let mut head = format!("CONNECT {target}:{target_port} HTTP/1.1\r\nHost: {target}:{target_port}\r\n");
        if !user_agent.is_empty() {
            head.extend(["User-Agent: ", user_agent, "\r\n"]);
        }
        head.push_str("Proxy-Connection: Keep-Alive\r\n");
        // In one allocation: what a buffer held before it grew would not be wiped.
        let request = match &proxy.authorization {
            Some(credentials) => [&head, "Proxy-Authorization: ", credentials.as_str(), "\r\n\r\n"].concat(),
            None => [&head, "\r\n"].concat(),
        };
        Tunnel { https: proxy.https, host: proxy.host.clone(), port: proxy.port, request: Zeroizing::new(request) }
    }

    /// Sends the CONNECT and takes the head of the answer.
    pub fn open(&self, proxy: &mut dyn Transport, timeout: NextTimeout) -> Result<(), ureq::Error> {
        const MAX_HEAD: usize = 16 * 1024;
        Output { transport: proxy, timeout }.write_all(self.request.as_bytes())?;
        let refused = |why: String| Err(ureq::Error::Other(why.into()));
        loop {
            if !proxy.await_input(timeout)? {
                return refused("the proxy closed the connection".to_owned());
            }
            let input = proxy.buffers().input();
            if !input.starts_with(&b"HTTP/1."[..input.len().min(7)]) {
                return refused("the proxy's answer is not HTTP".to_owned());
            }
            if let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") {
                let code = input.get(9..12).and_then(|code| str::from_utf8(code).ok()).unwrap_or_default().to_owned();
                proxy.buffers().input_consume(end + 4);
                return if code.starts_with('2') { Ok(()) } else { refused(format!("the proxy answered HTTP {code}")) };
            }
            if input.len() > MAX_HEAD {
                return refused("the proxy's answer has no end".to_owned());
            }
        }
    }
}

/// Buffers that collect output until it is sent. Emptied, they are freed, so that a blocked wait holds none; but small ones
/// are kept, which cost less to hold than to allocate for each request.
#[derive(Default)]
pub(super) struct HeldBuffers {
    /// The first `held` bytes are output; the rest is room for more.
    output: Vec<u8>,
    held: usize,
    /// From `consumed` on it is input.
    input: Vec<u8>,
    consumed: usize,
    progress: bool,
}

impl HeldBuffers {
    /// How much output is collected before it is sent without waiting for more.
    pub(super) const OUTPUT_LIMIT: usize = 16 * 1024;
    /// The largest buffer that is kept.
    const SMALL: usize = 1024;
    /// Room that is always offered, so that a header line fits.
    const OUTPUT_ROOM: usize = 128;

    /// Keeps `amount` more bytes of the output. Whether it is time to send.
    pub fn hold(&mut self, amount: usize) -> bool {
        self.held += amount;
        amount == 0 || self.held >= Self::OUTPUT_LIMIT
    }

    pub fn held(&self) -> &[u8] {
        &self.output[..self.held]
    }

    pub fn are_empty(&self) -> bool {
        self.held == 0 && self.input.is_empty()
    }

    pub fn append_input(&mut self, bytes: &[u8]) {
        self.input.drain(..self.consumed);
        self.consumed = 0;
        self.input.extend_from_slice(bytes);
    }

    /// The key is in the output.
    pub fn release_output(&mut self) {
        wipe(&mut self.output[..self.held]);
        self.held = 0;
        if self.output.len() > Self::SMALL {
            self.output = Vec::new();
        }
    }

    fn make_output_room(&mut self) {
        let asked = with_current(|call| call.output_size).unwrap_or_default();
        let needed = if self.held == 0 { asked } else { Self::OUTPUT_ROOM };
        if self.output.len() - self.held >= needed.max(Self::OUTPUT_ROOM) {
            return;
        }
        let mut larger = vec![0; asked.max(2 * self.held) + 2 * Self::OUTPUT_ROOM];
        larger[..self.held].copy_from_slice(self.held());
        wipe(&mut self.output[..self.held]);
        self.output = larger;
    }
}

impl Buffers for HeldBuffers {
    fn output(&mut self) -> &mut [u8] {
        self.make_output_room();
        &mut self.output[self.held..]
    }

    fn input(&self) -> &[u8] {
        &self.input[self.consumed..]
    }

    /// Only transports append, and those of this module do it by `append_input`.
    fn input_append_buf(&mut self) -> &mut [u8] {
        &mut []
    }

    fn input_appended(&mut self, _: usize) {}

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.consumed += amount;
        if self.consumed == self.input.len() {
            self.input.clear();
            self.consumed = 0;
            if self.input.capacity() > Self::SMALL {
                self.input = Vec::new();
            }
        }
    }

    /// The first slice is room for a chunked body, which libanchor never sends.
    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut [], self.output())
    }

    fn can_use_input(&self) -> bool {
        self.progress && !self.input().is_empty()
    }
}

impl Drop for HeldBuffers {
    /// Output is left where sending failed, or never began.
    fn drop(&mut self) {
        wipe(&mut self.output);
    }
}

/// As zeroize does, but not byte for byte: it is done for each request.
fn wipe(secret: &mut [u8]) {
    // SAFETY: the pointer and length are those of a live, writable slice.
    unsafe { libc::explicit_bzero(secret.as_mut_ptr().cast(), secret.len()) };
}

fn is_retryable(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Notes what broke. `Error::Other`, because ureq takes some kinds of `Error::Io` for the end of a body.
fn broken(e: &io::Error) -> ureq::Error {
    with_current(|call| call.note_broken(e));
    ureq::Error::Other(e.to_string().into())
}

fn send(socket: &OwnedFd, bytes: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
    // SAFETY: the pointer and length are those of a live slice.
    let sent = unsafe { libc::send(socket.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Takes what is in the socket. It comes by way of the stack, so that the buffer is as large as what came; less than a page,
/// so that a wait which is armed again does not hold more of it.
#[inline(never)]
fn receive(socket: &OwnedFd, buffers: &mut HeldBuffers) -> io::Result<usize> {
    let mut room = [MaybeUninit::<u8>::uninit(); 3 * 1024];
    // SAFETY: the pointer and length are those of a live, writable array.
    let received = unsafe { libc::recv(socket.as_raw_fd(), room.as_mut_ptr().cast(), room.len(), libc::MSG_DONTWAIT) };
    let count = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
    // SAFETY: the kernel has written that many bytes.
    buffers.append_input(unsafe { std::slice::from_raw_parts(room.as_ptr().cast(), count) });
    Ok(count)
}

/// Whether the peer has neither sent anything nor hung up.
fn is_quiet(socket: &OwnedFd) -> bool {
    let mut byte = 0u8;
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    // SAFETY: the buffer is one byte of a local.
    let seen = unsafe { libc::recv(socket.as_raw_fd(), (&raw mut byte).cast(), 1, flags) };
    seen < 0 && io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock
}
