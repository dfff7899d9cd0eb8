//! `anchor serve`: the event-coordination API on this machine, for work without an account.
//!
//! The rules are in `store`, the blocking in `hub`, HTTP in `api`; a socket is seen by `listener` and
//! `connection` only. The server keeps everything in memory and forgets it when it ends.

mod accounts;
mod answer;
mod api;
mod connection;
mod delivery;
mod hub;
mod listener;
mod store;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::ServeArgs;
use accounts::Accounts;
use api::Api;
use hub::Hub;
use store::Limits;

/// Serves until SIGINT or SIGTERM.
pub fn run(args: &ServeArgs) -> anyhow::Result<()> {
    // Thousands of waits are thousands of sockets. Where that is not allowed, fewer do.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(args))
}

async fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    let stop = stop_signal()?;
    let listener = listener::bind(&args.host, args.port).await?;
    let address = listener::reachable_at(&listener)?;
    let hub = Hub::new(Limits {
        queue: 1000,
        queued_bytes: 64 << 20,
        retention: Duration::from_secs(86400),
    });
    let api = Api {
        hub: hub.clone(),
        accounts: Arc::new(Accounts::new(&args.api_key)),
        max_wait: Duration::MAX,
        max_body: 1 << 20,
    };
    announce(&format!("http://{address}")).context("cannot print the URL")?;
    let stop = async {
        stop.await;
        hub.close();
    };
    listener::serve(listener, api::routes(api), stop).await;
    Ok(())
}

/// The first line of stdout is for programs: it tells where the server is, and that it is ready.
fn announce(url: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{url}")?;
    stdout.flush()
}

/// Ends with the first SIGINT or SIGTERM. Both are taken from here on, not only once it is awaited.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
