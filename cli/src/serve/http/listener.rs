//! The listening socket and the loop behind it: accept, serve, and end in good order.
//!
//! What is served is the router's affair; that an answer is out is `connection`'s.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
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

const BACKLOG: u32 = 4096;
const IDLE_LIMIT: Duration = Duration::from_secs(75);
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Binds the first address that the host name stands for.
pub async fn bind(host: &str, port: u16) -> anyhow::Result<TcpListener> {
    let found = tokio::net::lookup_host((host, port)).await.with_context(|| format!("no such host: {host}"))?;
    let address = found.into_iter().next().with_context(|| format!("no address for {host}"))?;
    listen(address).with_context(|| format!("cannot listen on {address}"))
}

/// Where a client on this machine reaches the listener.
pub fn reachable_at(listener: &TcpListener) -> io::Result<SocketAddr> {
    let mut address = listener.local_addr()?;
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Ok(address)
}

/// Serves until `stop` ends, then lets the last answers out.
pub async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, routes: Router, stop: impl Future<Output = ()>) {
    let stopping = watch::Sender::new(false);
    // Each connection holds a clone of `open`; when the last one is gone, the channel ends.
    let (open, mut all_closed) = mpsc::channel::<()>(1);
    let server = Server { tls, routes, stopping: stopping.subscribe(), _open: open };
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((socket, address)) => drop(tokio::spawn(server.clone().connect(socket, address))),
                // Out of descriptors, most likely: waits that end will free some.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
    drop((listener, server));
    stopping.send_replace(true);
    // A peer that does not read its answer must not keep the process alive.
    let _ = timeout(LAST_ANSWERS, all_closed.recv()).await;
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What every connection needs.
#[derive(Clone)]
struct Server {
    tls: Option<TlsAcceptor>,
    routes: Router,
    stopping: watch::Receiver<bool>,
    _open: mpsc::Sender<()>,
}

impl Server {
    async fn connect(self, socket: TcpStream, address: SocketAddr) {
        if tune(&socket).is_err() {
            return;
        }
        match &self.tls {
            None => self.converse(socket, address).await,
            Some(tls) => {
                if let Ok(Ok(socket)) = timeout(HANDSHAKE_LIMIT, tls.accept(socket)).await {
                    self.converse(socket, address).await;
                }
            }
        }
    }

    async fn converse<S: Socket>(&self, socket: S, address: SocketAddr) {
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
            // How a connection ended is the peer's affair; what it carried has been settled.
            _ = connection.as_mut() => return,
            _ = stopping.wait_for(|stopping| *stopping) => connection.as_mut().graceful_shutdown(),
        }
        // To hyper a connection without a request yet is busy, and would be waited for.
        if was_used.load(Ordering::Relaxed) {
            let _ = connection.await;
        }
    }
}

/// Answers go out at once, and a peer that vanished without a word is noticed some day.
fn tune(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(5));
    SockRef::from(socket).set_tcp_keepalive(&keepalive)
}
