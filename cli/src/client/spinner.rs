//! The progress line that a person sees while a wait blocks: the event, the time that has passed, the time that is left.
//!
//! It is drawn on stderr if that is a terminal that can move its cursor, and only by a job in the foreground. It is removed
//! when the wait ends.

use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use console::{Term, is_dumb};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::escape::escape;
use crate::system;

const MAX_NAME_LENGTH: usize = 40;
const TICK: Duration = Duration::from_millis(100);
const FRAMES_PER_SECOND: u8 = 20;

/// The line is drawn until this is dropped.
pub struct Spinner(Option<ProgressBar>);

impl Spinner {
    pub fn none() -> Self {
        Self(None)
    }

    /// `limit`: the time-out of the wait, if it has one.
    pub fn start(what: &str, limit: Option<Duration>) -> Self {
        if !io::stderr().is_terminal() || is_dumb() {
            return Self::none();
        }
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(JobTerm(Term::stderr())), FRAMES_PER_SECOND);
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style(limit));
        bar.set_message(shown(what));
        bar.enable_steady_tick(TICK);
        Self(Some(bar))
    }

    /// Removes the line while `write` writes to the terminal.
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

/// The terminal while this job is in its foreground; otherwise nothing is drawn. Four columns narrower than it is:
/// indicatif fills its line to the end, so the `^C` that a terminal echoes would wrap, and the line would not be removed.
#[derive(Debug)]
struct JobTerm(Term);

impl TermLike for JobTerm {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(4)
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.draw(|term| term.move_cursor_up(lines))
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.draw(|term| term.move_cursor_down(lines))
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.draw(|term| term.move_cursor_right(columns))
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.draw(|term| term.move_cursor_left(columns))
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.draw(|term| term.write_line(line))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.draw(|term| term.write_str(text))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.draw(Term::clear_line)
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}

impl JobTerm {
    /// Asked each time: a job can be moved to the background and back.
    fn draw(&self, write: impl FnOnce(&Term) -> io::Result<()>) -> io::Result<()> {
        if system::is_in_foreground() { write(&self.0) } else { Ok(()) }
    }
}

/// A name must not move the cursor, nor push the times off the line.
fn shown(what: &str) -> String {
    let escaped = escape(what);
    match escaped.char_indices().nth(MAX_NAME_LENGTH) {
        Some((end, _)) => format!("{}…", &escaped[..end]),
        None => escaped.into_owned(),
    }
}

fn style(limit: Option<Duration>) -> ProgressStyle {
    let start = Instant::now();
    ProgressStyle::with_template("{spinner:.cyan} waiting for {msg}  {times:.dim}")
        .expect("the template is valid")
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
    fn a_name_is_escaped_and_shortened() {
        assert_eq!(shown("mfa_code"), "mfa_code");
        assert_eq!(shown("a\u{1b}[2J\n"), "a\\u001b[2J\\n");
        assert_eq!(shown(&"é".repeat(50)), format!("{}…", "é".repeat(40)));
    }

    #[test]
    fn times_read_like_a_clock() {
        let seconds = Duration::from_secs;
        assert_eq!(times(seconds(5), Some(seconds(65))), "0:05 elapsed, 1:00 left");
        assert_eq!(times(seconds(70), Some(seconds(65))), "1:10 elapsed, 0:00 left");
        assert_eq!(times(seconds(3725), None), "1:02:05 elapsed");
    }
}
