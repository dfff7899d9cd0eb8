//! The signals that end the command; on Windows, Ctrl-C and the other events of the console.
//!
//! The first one cancels the calls that wait. When what came is printed, the command ends by that signal itself, so that
//! a shell stops its loop as well. A second one ends it at once.

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use anchor::{CancelToken, Client};
use anyhow::Context;

use crate::exit::Failure;
use crate::system::signals::{Signal, on_first};

static RECEIVED: OnceLock<Signal> = OnceLock::new();

/// A token that the signals cancel from now on.
pub fn token() -> Result<CancelToken, Failure> {
    let token = CancelToken::new()?;
    let on_signal = token.clone();
    handle(move || on_signal.cancel())?;
    Ok(token)
}

/// Makes the signals cancel the client's calls from now on.
pub fn cancel_calls(client: &Client) -> Result<(), Failure> {
    let client = client.clone();
    // It ends the calls that run at that moment. One that is only about to start is ended by the next round.
    handle(move || {
        loop {
            client.cancel_all();
            thread::sleep(Duration::from_millis(10));
        }
    })
}

/// The signal that has come, if one has.
pub fn received() -> Option<Signal> {
    RECEIVED.get().copied()
}

fn handle(cancel: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let act = move |signal| {
        let _ = RECEIVED.set(signal);
        cancel();
    };
    Ok(on_first(act).context("cannot install the signal handlers")?)
}
