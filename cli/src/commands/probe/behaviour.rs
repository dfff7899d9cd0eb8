//! What the service does with a signal: how fast it answers, whether it keeps the signal, in which order, and which wait
//! gets it.

use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anchor::{Error, Status, Timeout, json_get};

use super::{Finding, Probe};

const ROUNDS: usize = 10;
/// A signal that the service keeps comes at once; one that has not come after this time was not kept.
const KEPT: Duration = Duration::from_secs(3);
/// The time after which the service must know a wait, beside the round trip.
const SETTLE: Duration = Duration::from_millis(300);
const WAITER: Duration = Duration::from_secs(15);

/// Measures everything and sends each finding. An error, such as a service that cannot be reached, ends it.
pub fn measure(probe: &Probe<'_>, findings: &Sender<Finding>) -> Result<(), Error> {
    let report = |question: &str, answer: String| {
        // The receiver exists until this function has returned.
        let _ = findings.send(Finding::new(question, answer));
    };
    let (round_trip, latency) = latency(probe)?;
    report("latency of a signal", latency);
    report("a signal that nobody waits for", buffering(probe)?);
    report("several of one name", order(probe)?);
    report("one signal, two waiters", waiters(probe, round_trip)?);
    report("a wait that asks once", asks_once(probe)?);
    Ok(())
}

/// The median, and a sentence about it.
fn latency(probe: &Probe<'_>) -> Result<(Duration, String), Error> {
    let name = probe.name("latency");
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        probe.client.signal(&name, None, Timeout::Request, None)?;
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
    while came.len() < 4 {
        let Some(number) = take(probe, &name, KEPT)? else { break };
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

/// Starts two waits, one after the other, and signals once; then a second time for the wait that is left.
fn waiters(probe: &Probe<'_>, round_trip: Duration) -> Result<String, Error> {
    let name = probe.name("waiters");
    let settle = SETTLE + round_trip * 4;
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for which in ["first", "second"] {
            let (sender, name) = (sender.clone(), &name);
            scope.spawn(move || sender.send((which, probe.client.wait(name, Some(WAITER), Some(probe.cancel)))));
            thread::sleep(settle);
        }
        signal(probe, &name, 1)?;
        let (served, outcome) = receiver.recv().expect("two waits are running");
        outcome?;
        let both = receiver.recv_timeout(settle * 4).is_ok();
        if both {
            return Ok("ends both waits".into());
        }
        signal(probe, &name, 2)?;
        let (_, outcome) = receiver.recv().expect("one wait is running");
        outcome?;
        Ok(format!("ends one wait: the one that started {served}"))
    })
}

fn asks_once(probe: &Probe<'_>) -> Result<String, Error> {
    let start = Instant::now();
    take(probe, &probe.name("nothing"), Duration::ZERO)?;
    Ok(format!("is answered after {}", ms(start.elapsed())))
}

fn signal(probe: &Probe<'_>, name: &str, number: u32) -> Result<(), Error> {
    probe.client.signal(name, Some(&format!(r#"{{"n":{number}}}"#)), Timeout::Request, None).map(drop)
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
    // If this fails, signals remain that no program waits for.
    let _ = probe.client.drain(name, Timeout::Request, None);
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
