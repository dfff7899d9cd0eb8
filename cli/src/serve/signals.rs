//! The signals that stop the server.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::client::signals::is_ignored;

/// Resolves at the first SIGINT or SIGTERM. Both are handled from now on, not only once it is awaited.
///
/// A signal that was ignored when the process started stays ignored: the parent, such as a shell that starts a
/// background job, asked for that.
pub fn stop() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = handled(SignalKind::interrupt())?;
    let mut terminate = handled(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            () = received(&mut interrupt) => {}
            () = received(&mut terminate) => {}
        }
    })
}

fn handled(kind: SignalKind) -> io::Result<Option<Signal>> {
    if is_ignored(kind.as_raw_value()) { Ok(None) } else { signal(kind).map(Some) }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
