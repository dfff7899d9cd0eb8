//! The listening socket: accepts connections, serves them, and shuts down in order.
//!
//! What is served is in `routes`; whether an answer was delivered is in `connection`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::connection::{Connection, Peer, Socket};
use crate::serve::broker::Outbox;
use crate::system::{self, LocalListener};

const BACKLOG: u32 = 4096;
const IDLE_LIMIT: Duration = Duration::from_secs(75);
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Where the server listens.
pub enum Listener {
    Tcp(TcpListener),
    Local(LocalListener),
}

impl Listener {
    /// Binds the first address of the host name.
    pub async fn at_host(host: &str, port: u16) -> anyhow::Result<Self> {
        let found = tokio::net::lookup_host((host, port)).await.with_context(|| format!("no such host: {host}"))?;
        let address = found.into_iter().next().with_context(|| format!("no address for {host}"))?;
        listen(address).map(Self::Tcp).with_context(|| format!("cannot listen on {address}"))
    }

    /// Binds a Unix socket.
    pub fn at_path(path: &Path) -> anyhow::Result<Self> {
        LocalListener::bind(path).map(Self::Local).with_context(|| format!("cannot listen on {}", path.display()))
    }

    /// The base URL of a client on this machine.
    pub fn url(&self, scheme: &str) -> io::Result<String> {
        match self {
            Self::Tcp(listener) => Ok(format!("{scheme}://{}", reachable_at(listener)?)),
            Self::Local(listener) => Ok(format!("unix:{}", listener.path().display())),
        }
    }

    /// Whether only this machine can connect.
    pub fn is_local(&self) -> io::Result<bool> {
        match self {
            Self::Tcp(listener) => Ok(listener.local_addr()?.ip().is_loopback()),
            Self::Local(_) => Ok(true),
        }
    }

    /// The next connection, and whose it is: one of a Unix socket is of this machine.
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        match self {
            Self::Tcp(listener) => listener.accept().await,
            Self::Local(listener) => Ok((listener.accept().await?, (Ipv4Addr::LOCALHOST, 0).into())),
        }
    }
}

/// The address at which a client on this machine reaches the listener.
fn reachable_at(listener: &TcpListener) -> io::Result<SocketAddr> {
    let mut address = listener.local_addr()?;
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Ok(address)
}

/// Serves until `stop` resolves, then writes the last answers.
pub async fn serve(listener: Listener, tls: Option<TlsAcceptor>, routes: Router, stop: impl Future<Output = ()>) {
    let stopping = watch::Sender::new(false);
    // Each connection holds a clone of `open`; when the last one is gone, the channel ends.
    let (open, mut all_closed) = mpsc::channel::<()>(1);
    let is_tcp = matches!(listener, Listener::Tcp(_));
    let server = Server { tls, routes, is_tcp, stopping: stopping.subscribe(), _open: open };
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((socket, address)) => drop(tokio::spawn(server.clone().connect(socket, address))),
                // Most likely there are no descriptors left: waits that end will free some.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
    drop((listener, server));
    stopping.send_replace(true);
    // A peer that does not read its answer must not keep the process alive.
    let _ = timeout(SHUTDOWN_GRACE, all_closed.recv()).await;
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    system::prepare_listener(&socket)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What every connection needs.
#[derive(Clone)]
struct Server {
    tls: Option<TlsAcceptor>,
    routes: Router,
    is_tcp: bool,
    stopping: watch::Receiver<bool>,
    _open: mpsc::Sender<()>,
}

impl Server {
    async fn connect(self, socket: TcpStream, address: SocketAddr) {
        if self.is_tcp && set_options(&socket).is_err() {
            return;
        }
        match &self.tls {
            None => self.serve_connection(socket, address).await,
            Some(tls) => {
                if let Ok(Ok(socket)) = timeout(HANDSHAKE_LIMIT, tls.accept(socket)).await {
                    self.serve_connection(socket, address).await;
                }
            }
        }
    }

    async fn serve_connection<S: Socket>(&self, socket: S, address: SocketAddr) {
        let outbox = Arc::new(Outbox::default());
        let peer = Peer { address, outbox: outbox.clone() };
        let was_used = Arc::new(AtomicBool::new(false));
        let routes = TowerToHyperService::new(self.routes.clone());
        let service = service_fn(|mut request| {
            was_used.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(peer.clone());
            routes.call(request.map(Body::new))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE_LIMIT)
            .serve_connection(TokioIo::new(Connection::new(socket, outbox)), service);
        tokio::pin!(connection);
        let mut stopping = self.stopping.clone();
        tokio::select! {
            // An error here is the peer's; the outbox has been settled.
            _ = connection.as_mut() => return,
            _ = stopping.wait_for(|stopping| *stopping) => connection.as_mut().graceful_shutdown(),
        }
        // hyper takes a connection without a request for busy, and would wait for it.
        if was_used.load(Ordering::Relaxed) {
            let _ = connection.await;
        }
    }
}

/// Answers are sent at once, and a peer that vanished without a FIN is noticed.
fn set_options(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(5));
    SockRef::from(socket).set_tcp_keepalive(&keepalive)
}
