//! Ctrl-C: the first cancels what is waiting, the second ends the process.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use anchor::CancelToken;
use anyhow::Context;

use crate::exit::Failure;

/// A token that SIGINT, SIGTERM and SIGHUP cancel.
pub fn token() -> Result<CancelToken, Failure> {
    let token = CancelToken::new()?;
    let on_signal = token.clone();
    let was_asked = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if was_asked.swap(true, Ordering::SeqCst) {
            process::exit(130);
        }
        on_signal.cancel();
    })
    .context("cannot take Ctrl-C")?;
    Ok(token)
}
