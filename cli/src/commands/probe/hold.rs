//! Which time-outs the service honours, and for how long the service, and every gateway before it, holds a wait.
//!
//! All waits run at the same time. Each has a client of its own, whose statistics show when the request was answered.

use std::thread;
use std::time::{Duration, Instant};

use anchor::{CancelToken, Client, Config, Error, Status};

use super::{Finding, Probe};
use crate::args::ProbeArgs;
use crate::client;
use crate::exit::Failure;

const TIMEOUTS_S: [u64; 6] = [1, 5, 20, 60, 120, 300];
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// A wait that was answered before this share of its time was cut short.
const TOLERANCE: f64 = 0.98;

/// One finding for each time-out up to the longest one to measure.
pub fn measure(probe: &Probe<'_>, args: &ProbeArgs) -> Result<Vec<Finding>, Failure> {
    let config = client::config(&args.client)?;
    let mut times: Vec<Duration> =
        TIMEOUTS_S.into_iter().map(Duration::from_secs).filter(|time| *time < args.max_hold).collect();
    times.push(args.max_hold);
    thread::scope(|scope| {
        let holds: Vec<_> = times
            .into_iter()
            .map(|time| {
                let config = config.clone();
                scope.spawn(move || hold(probe, config, time))
            })
            .collect();
        holds.into_iter().map(|hold| Ok(hold.join().expect("a hold does not panic")?)).collect()
    })
}

fn hold(probe: &Probe<'_>, mut config: Config, time: Duration) -> Result<Finding, Error> {
    // A single request, so that its end is visible.
    config.set_slice(time)?.set_rearm(false).set_retries(0);
    let client = Client::new(&config)?;
    let name = probe.name(&format!("hold-{}", time.as_millis()));
    let end = until_answered(&client, &name, time, probe.cancel)?;
    let question = format!("a wait of {}", humantime::format_duration(time));
    Ok(Finding::new(question, end.describe(time)))
}

/// How a hold ended, and when.
enum End {
    Answered(Duration),
    Failed(Error, Duration),
    Signaled,
}

impl End {
    fn describe(&self, asked: Duration) -> String {
        match self {
            Self::Answered(held) if held.as_secs_f64() >= asked.as_secs_f64() * TOLERANCE => {
                format!("is honoured: answered after {}", seconds(*held))
            }
            Self::Answered(held) => format!("is cut short: answered after {}", seconds(*held)),
            Self::Failed(error, held) => format!("ends with {} after {}", error.status().name(), seconds(*held)),
            Self::Signaled => "was signaled by another program".into(),
        }
    }
}

/// Waits on a thread of its own, and observes here when the first request is answered without an event.
fn until_answered(client: &Client, name: &str, time: Duration, cancel: &CancelToken) -> Result<End, Error> {
    let stop = CancelToken::new()?;
    thread::scope(|scope| {
        let start = Instant::now();
        let wait = scope.spawn(|| client.wait(name, Some(time), Some(&stop)));
        while !wait.is_finished() {
            if client.stats().rearms > 0 {
                let held = start.elapsed();
                stop.cancel();
                return Ok(End::Answered(held));
            }
            if cancel.is_cancelled() {
                stop.cancel();
            }
            thread::sleep(POLL_INTERVAL);
        }
        let held = start.elapsed();
        match wait.join().expect("a wait does not panic") {
            Ok(_) => Ok(End::Signaled),
            Err(error) if error.status() == Status::Timeout => Ok(End::Answered(held)),
            Err(error) if error.status() == Status::Cancelled => Err(error),
            Err(error) => Ok(End::Failed(error, held)),
        }
    })
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
