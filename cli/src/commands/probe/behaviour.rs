//! What becomes of a signal: how fast it goes, whether it is kept, in which order, and who gets it.

use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anchor::{Error, Status, json_get};

use super::{Finding, Probe};

const ROUNDS: usize = 10;
/// A kept signal comes at once; this much later it is not kept.
const KEPT: Duration = Duration::from_secs(3);
/// How long a waiter is given to be known to the service, beside the way there.
const SETTLE: Duration = Duration::from_millis(300);
const WAITER: Duration = Duration::from_secs(15);

/// Asks everything, and tells each finding as it is made. A service that cannot be reached ends it.
pub fn all(probe: &Probe<'_>, tell: &Sender<Finding>) -> Result<(), Error> {
    let told = |question: &str, answer: String| {
        // Whoever asked stays to hear the answer.
        let _ = tell.send(Finding::new(question, answer));
    };
    let (way, latency) = latency(probe)?;
    told("latency of a signal", latency);
    told("a signal that nobody waits for", buffering(probe)?);
    told("several of one name", order(probe)?);
    told("one signal, two waiters", waiters(probe, way)?);
    told("a wait that asks once", asks_once(probe)?);
    Ok(())
}

/// The median, and a sentence about it.
fn latency(probe: &Probe<'_>) -> Result<(Duration, String), Error> {
    let name = probe.name("latency");
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        probe.client.signal(&name, None)?;
        times.push(start.elapsed());
    }
    drain(probe, &name);
    times.sort_unstable();
    let (least, median, most) = (times[0], times[ROUNDS / 2], times[ROUNDS - 1]);
    Ok((median, format!("{} (from {} to {}, of {ROUNDS})", ms(median), ms(least), ms(most))))
}

fn buffering(probe: &Probe<'_>) -> Result<String, Error> {
    let name = probe.name("kept");
    signal(probe, &name, 1)?;
    Ok(match take(probe, &name, KEPT)? {
        Some(_) => "is kept for the next wait".into(),
        None => format!("is not kept: a wait that began after it got nothing in {} s", KEPT.as_secs()),
    })
}

fn order(probe: &Probe<'_>) -> Result<String, Error> {
    let name = probe.name("order");
    for number in 1..=3 {
        signal(probe, &name, number)?;
    }
    let mut came = Vec::new();
    while came.len() < 4
        && let Some(number) = take(probe, &name, KEPT)?
    {
        came.push(number);
    }
    Ok(match came.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["1", "2", "3"] => "come first in, first out".into(),
        ["3", "2", "1"] => "come last in, first out".into(),
        ["1"] => "are one: only the first is kept".into(),
        ["3"] => "are one: only the last is kept".into(),
        [] => "are not kept".into(),
        _ => format!("came as {} of 1, 2, 3", came.join(", ")),
    })
}

/// Two waits, one begun after the other, and a single signal; then a second one for whoever is left.
fn waiters(probe: &Probe<'_>, way: Duration) -> Result<String, Error> {
    let name = probe.name("waiters");
    let settle = SETTLE + way * 4;
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        for who in ["first", "second"] {
            let (tell, name) = (tell.clone(), &name);
            scope.spawn(move || tell.send((who, probe.client.wait(name, Some(WAITER), Some(probe.cancel)))));
            thread::sleep(settle);
        }
        signal(probe, &name, 1)?;
        let (served, outcome) = told.recv().expect("two waits are running");
        outcome?;
        let both = told.recv_timeout(settle * 4).is_ok();
        if both {
            return Ok("ends both waits".into());
        }
        signal(probe, &name, 2)?;
        let (_, outcome) = told.recv().expect("one wait is running");
        outcome?;
        Ok(format!("ends one wait: the one that began {served}"))
    })
}

fn asks_once(probe: &Probe<'_>) -> Result<String, Error> {
    let start = Instant::now();
    take(probe, &probe.name("nothing"), Duration::ZERO)?;
    Ok(format!("comes back after {}", ms(start.elapsed())))
}

fn signal(probe: &Probe<'_>, name: &str, number: u32) -> Result<(), Error> {
    probe.client.signal(name, Some(&format!(r#"{{"n":{number}}}"#))).map(drop)
}

/// The number in the next signal, if there is one in time.
fn take(probe: &Probe<'_>, name: &str, timeout: Duration) -> Result<Option<String>, Error> {
    match probe.client.wait(name, Some(timeout), Some(probe.cancel)) {
        Ok(answer) => Ok(Some(json_get(&answer, "/data/n").unwrap_or_default())),
        Err(error) if error.status() == Status::Timeout => Ok(None),
        Err(error) => Err(error),
    }
}

fn drain(probe: &Probe<'_>, name: &str) {
    // Left over signals harm nobody: the name is not used again.
    let _ = probe.client.drain(name);
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
