//! What a person sees while a wait blocks: that it lives, for how long it has, and for how long it will.
//!
//! On stderr, only if that is a terminal, and gone without a trace when the wait ends.

use std::fmt::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::exit;

const TICK: Duration = Duration::from_millis(100);

/// A line that moves until this is dropped.
pub struct Spinner(Option<ProgressBar>);

impl Spinner {
    pub fn none() -> Self {
        Self(None)
    }

    /// `limit` is the time until the wait ends by itself, if it does.
    pub fn start(what: &str, limit: Option<Duration>) -> Self {
        if !exit::is_watched() {
            return Self::none();
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style(limit));
        // A name must not move the cursor.
        bar.set_message(what.escape_debug().to_string());
        bar.enable_steady_tick(TICK);
        Self(Some(bar))
    }

    /// Runs what writes to the terminal without the line in its way.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn style(limit: Option<Duration>) -> ProgressStyle {
    let start = Instant::now();
    ProgressStyle::with_template("{spinner:.cyan} waiting for {wide_msg} {times:.dim}")
        .expect("the template is right")
        .with_key("times", move |_: &ProgressState, out: &mut dyn Write| {
            let _ = out.write_str(&times(start.elapsed(), limit));
        })
}

fn times(elapsed: Duration, limit: Option<Duration>) -> String {
    let elapsed_text = clock(elapsed);
    match limit {
        Some(limit) => format!("{elapsed_text} elapsed, {} left", clock(limit.saturating_sub(elapsed))),
        None => format!("{elapsed_text} elapsed"),
    }
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_like_a_clock() {
        let seconds = Duration::from_secs;
        assert_eq!(times(seconds(5), Some(seconds(65))), "0:05 elapsed, 1:00 left");
        assert_eq!(times(seconds(70), Some(seconds(65))), "1:10 elapsed, 0:00 left");
        assert_eq!(times(seconds(3725), None), "1:02:05 elapsed");
    }
}
