//! Ctrl-C: the first one cancels the calls that wait, the second one ends the process.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use anchor::CancelToken;
use anyhow::Context;

use crate::exit::Failure;

/// A token that SIGINT, SIGTERM and SIGHUP cancel.
pub fn token() -> Result<CancelToken, Failure> {
    let token = CancelToken::new()?;
    let on_signal = token.clone();
    let was_interrupted = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if was_interrupted.swap(true, Ordering::SeqCst) {
            process::exit(130);
        }
        on_signal.cancel();
    })
    .context("cannot install a signal handler")?;
    Ok(token)
}
