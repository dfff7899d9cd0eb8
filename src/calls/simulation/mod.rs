//! The rules against a service that is a script, with a clock of their own: hours pass at once, and each step is kept.
//! [`simulate`] stands for [`call`](super::call); the rules are the real ones. Begin at [`wait_paths`].

mod drain_paths;
mod properties;
mod script;
mod signal_paths;
mod strategies;
mod wait_paths;
mod wait_retries;

use super::outcome::{Kind, Outcome};
use super::{Pause, Reason, Request, Rules, Step};
use crate::config::Config;
use crate::error::{Error, Phase};
use crate::http::{FailureKind, Stop};
use crate::status::Status;
use script::{Script, Scripted};
use std::time::{Duration, Instant};

/// A simulated call. Times count from its beginning.
#[derive(Debug)]
struct Run {
    result: Result<String, Error>,
    took: Duration,
    requests: Vec<Made>,
    pauses: Vec<Paused>,
}

/// A request that was made.
#[derive(Debug)]
struct Made {
    began: Duration,
    ended: Duration,
    request: Request,
    body: String,
    outcome: Outcome,
    /// The service's own answer was read.
    answered: bool,
}

#[derive(Debug)]
struct Paused {
    began: Duration,
    until: Duration,
    reason: Reason,
}

/// A call that makes more steps than this runs in a loop. A drain may make one every 10 ms for 20 minutes.
const MOST_STEPS: usize = 200_000;

/// Does what the rules say, from `first` on, until they are done.
fn simulate(rules: &mut impl Rules, first: Step, began: Instant, script: &Script) -> Run {
    let since = |at: Instant| at - began;
    let stop = script.stop.map(|(after, stop)| (began + after, stop));
    let mut run = Run { result: Ok(String::new()), took: Duration::ZERO, requests: Vec::new(), pauses: Vec::new() };
    let (mut now, mut step, mut reached) = (began, first, script.reached);
    for _ in 0..MOST_STEPS {
        step = match step {
            Step::Request(_) if is_cancelled(stop, now) => rules.stopped(Stop::Cancelled, now),
            Step::Request(request) => {
                let scripted = script.outcome(run.requests.len());
                let made = make(request, scripted, stop, now);
                let (outcome, answered, ended) = made;
                run.requests.push(Made {
                    began: since(now),
                    ended: since(ended),
                    request,
                    body: String::from_utf8_lossy(&rules.body(&request)).into_owned(),
                    outcome: outcome.clone(),
                    answered,
                });
                now = ended;
                reached |= outcome.is_answered();
                rules.answered(outcome, reached, now)
            }
            Step::Pause(Pause { until, reason }) => {
                run.pauses.push(Paused { began: since(now), until: since(until), reason });
                match stop.filter(|(at, _)| *at < until) {
                    Some((at, stop)) => {
                        now = now.max(at);
                        rules.stopped(stop, now)
                    }
                    None => {
                        now = until + script.late;
                        rules.paused(now)
                    }
                }
            }
            Step::Done(result) => return Run { result, took: since(now), ..run },
        };
    }
    panic!("the call does not end");
}

fn is_cancelled(stop: Option<(Instant, Stop)>, now: Instant) -> bool {
    stop.is_some_and(|(at, stop)| stop == Stop::Cancelled && at <= now)
}

/// The outcome of a request within its limits, whether the service's own answer was read, and when that was.
fn make(
    request: Request,
    scripted: &Scripted,
    stop: Option<(Instant, Stop)>,
    now: Instant,
) -> (Outcome, bool, Instant) {
    // Longer than any script.
    let never = now + Duration::from_secs(1 << 32);
    let end = |limits: [Option<Instant>; 2]| limits.into_iter().flatten().min().unwrap_or(never);
    let limits = request.limits;
    let (send_end, answer_end) = (end([limits.connect, limits.send]).max(now), end([limits.answer, None]).max(now));
    let before = now + scripted.before;
    let mut written = scripted.held.map(|_| before).filter(|at| *at <= send_end);
    let planned = before + scripted.held.unwrap_or_default();
    let limit = if written.is_some() { answer_end } else { send_end };
    let (mut kind, mut at) = (scripted.kind(request.max_idle.is_zero()), planned);
    if planned > limit {
        (kind, at) = (failed(FailureKind::TimedOut), limit);
    }
    if let Some((moment, stop)) = stop.filter(|(moment, _)| *moment < at) {
        at = moment.max(now);
        kind = failed(if stop == Stop::Interrupted { FailureKind::Interrupted } else { FailureKind::Cancelled });
        written = written.filter(|written| *written <= at);
    }
    let is_planned = kind == scripted.kind(request.max_idle.is_zero());
    let outcome = Outcome {
        phase: if written.is_some() { Phase::Wait } else { Phase::Connect },
        written,
        request_id: None,
        retry_after: scripted.retry_after.filter(|_| is_planned),
        kind,
    };
    (outcome, scripted.by_service && is_planned, at)
}

/// The settings by default, but for this.
fn settings(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::bare();
    change(&mut config);
    config
}

fn failed(kind: FailureKind) -> Kind {
    Kind::Failed { kind, detail: format!("scripted {kind:?}"), stale: false }
}

impl Run {
    /// What a caller sees of the error, as far as the table asks for it.
    fn ending(&self) -> Ending {
        let Err(error) = &self.result else {
            return Ending { attempts: Some(self.requests.len() as u32), at: Some(self.took), ..ends(Status::Ok) };
        };
        Ending {
            status: error.status(),
            attempts: Some(error.attempts()),
            at: Some(self.took),
            late: Duration::ZERO,
            maybe_consumed: error.maybe_consumed(),
            timed_out: error.timed_out(),
        }
    }

    fn error(&self) -> &Error {
        self.result.as_ref().expect_err("an error")
    }

    /// How many requests were written.
    fn written(&self) -> usize {
        self.requests.iter().filter(|made| made.outcome.written.is_some()).count()
    }
}

/// The end of a call; `None` is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ending {
    status: Status,
    attempts: Option<u32>,
    at: Option<Duration>,
    /// How much later it may be.
    late: Duration,
    maybe_consumed: bool,
    timed_out: bool,
}

fn ends(status: Status) -> Ending {
    Ending { status, attempts: None, at: None, late: Duration::ZERO, maybe_consumed: false, timed_out: false }
}

impl Ending {
    fn after(self, attempts: u32) -> Ending {
        Ending { attempts: Some(attempts), ..self }
    }

    fn at(self, at: Duration) -> Ending {
        Ending { at: Some(at), ..self }
    }

    /// Pauses are random, so the last request may be sent just before this time. Its answer takes 2 ms.
    fn at_or_with_the_last_answer(self, at: Duration) -> Ending {
        Ending { at: Some(at), late: Duration::from_millis(2), ..self }
    }

    fn consumed(self) -> Ending {
        Ending { maybe_consumed: true, ..self }
    }

    fn timed_out(self) -> Ending {
        Ending { timed_out: true, ..self }
    }
}

/// Compares each row, and reports all that differ.
fn check<const N: usize>(rows: [(&str, Run, Ending); N]) {
    let differing: Vec<String> = rows
        .iter()
        .filter_map(|(name, run, expected)| {
            let found = run.ending();
            let comparable = Ending {
                attempts: found.attempts.filter(|_| expected.attempts.is_some()),
                at: expected.at.and_then(|at| {
                    found.at.map(|found| if (at..=at + expected.late).contains(&found) { at } else { found })
                }),
                late: expected.late,
                ..found
            };
            (comparable != *expected).then(|| format!("{name}\n  expected {expected:?}\n     found {found:?}"))
        })
        .collect();
    assert!(differing.is_empty(), "\n{}", differing.join("\n"));
}
