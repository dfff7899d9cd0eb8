//! One fault of a real program or a real network, and one kind of call that meets it: what the caller must get, in what time,
//! and where each event went. The service is `anchor-events serve`, which a second client reaches directly.

use super::table::{Operation, Signal, Wait};
use anchor::{Client, Config, Error, Status, Timeout, json_get};
use serde_json::Value;
use std::any::Any;
use std::collections::HashSet;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};
use testkit::PATIENCE;
use testkit::local_server::LocalServer;
use testkit::settings::{self, KEY};
use testkit::way::Way;

/// The settings of the clients of the cases.
pub const TIMEOUT: Duration = Duration::from_secs(4);
pub const GRACE: Duration = Duration::from_millis(500);
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
/// The default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(15);

/// When a call must have returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// A moment, counted from when the fault was over and the event there.
    AMoment,
    /// Two seconds, which is when the gateway gives up.
    TheCut,
    /// The pauses of the retries.
    Retries,
    Deadline,
    DeadlineAndGrace,
    RequestTimeout,
    /// For calls that have more time.
    LongDeadline,
}

impl Within {
    fn limit(self) -> Duration {
        match self {
            Within::AMoment => Duration::ZERO,
            Within::TheCut => Duration::from_secs(2),
            // 0.1, 0.2, 0.4, 0.8 and 1.6 s.
            Within::Retries => Duration::from_secs(12),
            Within::Deadline => TIMEOUT,
            Within::DeadlineAndGrace => TIMEOUT + GRACE,
            Within::RequestTimeout => REQUEST_TIMEOUT,
            Within::LongDeadline => TIMEOUT * 5,
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Within::AMoment => "a moment",
            Within::TheCut => "2 s",
            Within::Retries => "the retries",
            Within::Deadline => "deadline",
            Within::DeadlineAndGrace => "deadline + grace",
            Within::RequestTimeout => "request timeout",
            Within::LongDeadline => "deadline",
        }
    }
}

/// The outcome that each call of a case must have.
#[derive(Clone, Copy)]
pub struct Expected {
    /// One of these, with what `maybeConsumed` then is.
    pub outcomes: &'static [(Status, bool)],
    pub within: Within,
    /// How many events may be lost, all of them reported by `maybeConsumed` or the count of unanswered requests.
    pub lost: u64,
}

pub const fn ends(outcomes: &'static [(Status, bool)], within: Within) -> Expected {
    Expected { outcomes, within, lost: 0 }
}

pub const DELIVERED: Expected = ends(&[(Status::Ok, false)], Within::AMoment);

impl Expected {
    pub const fn losing_one(self) -> Expected {
        Expected { lost: 1, ..self }
    }
}

/// `None` if the program that makes the fault is not installed.
type Play = Box<dyn FnOnce(&mut Ground<'_>) -> Option<Seen> + Send>;

/// A fault, who makes it, and a kind of call.
pub struct Case {
    pub fault: &'static str,
    pub by: &'static str,
    pub operation: Operation,
    pub expected: Expected,
    play: Play,
}

pub fn case(
    fault: &'static str,
    by: &'static str,
    operation: Operation,
    expected: Expected,
    play: impl FnOnce(&mut Ground<'_>) -> Option<Seen> + Send + 'static,
) -> Case {
    Case { fault, by, operation, expected, play: Box::new(play) }
}

/// What a case runs against: the service, an event of the case's own, and a client that meets no fault; and how it waits.
pub struct Ground<'a> {
    pub way: Way,
    pub service: &'a LocalServer,
    pub event: String,
    pub direct: Client,
}

/// The outcomes of the calls of a case.
#[derive(Default)]
pub struct Seen {
    pub results: Vec<Result<String, Error>>,
    /// The longest that a call took, from its beginning or from the end of the fault.
    pub took: Duration,
    /// Events that the direct client signaled.
    pub signaled: u64,
    /// What the client that meets the fault reports of its requests.
    pub unanswered: u64,
}

/// The cases that there are for this way: a signal is always a blocking call.
pub fn played(way: Way, cases: Vec<Case>) -> Vec<Case> {
    cases.into_iter().filter(|case| way == Way::Blocking || case.operation == Wait).collect()
}

/// Runs the cases in parallel, since they mostly wait, and reports all whose outcome is another one, or that have panicked.
pub fn check(way: Way, service: &LocalServer, cases: Vec<Case>) {
    let differing: Vec<String> = thread::scope(|scope| {
        let play = |(number, case): (usize, Case)| {
            let title = format!("{} ({}, {:?})", case.fault, case.by, case.operation);
            (title, scope.spawn(move || case.run(way, service, number)))
        };
        let running: Vec<_> = cases.into_iter().enumerate().map(play).collect();
        let complaint = |run: ScopedJoinHandle<'_, _>| run.join().unwrap_or_else(|panic| Some(words_of(&*panic)));
        let ended = running.into_iter().map(|(title, run)| Some(format!("{title}: {}", complaint(run)?)));
        ended.flatten().collect()
    });
    assert!(differing.is_empty(), "\n{}", differing.join("\n"));
}

impl Case {
    fn run(self, way: Way, service: &LocalServer, number: usize) -> Option<String> {
        let event = format!("{}-{number}", self.by.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
        let direct = Client::new(&service.config_with_key(KEY)).unwrap();
        let mut ground = Ground { way, service, event, direct };
        let seen = (self.play)(&mut ground)?;
        self.expected.compare(self.operation, &seen, &ground).err()
    }
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(ToString::to_string);
    literal.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".into())
}

impl Expected {
    fn compare(&self, operation: Operation, seen: &Seen, ground: &Ground<'_>) -> Result<(), String> {
        for result in &seen.results {
            let outcome = result.as_ref().map_or_else(|e| (e.status(), e.maybe_consumed()), |_| (Status::Ok, false));
            let said = result.as_ref().err().map(ToString::to_string);
            if !self.outcomes.contains(&outcome) {
                return Err(format!("expected one of {:?}, found {outcome:?}: {said:?}", self.outcomes));
            }
        }
        if seen.took > self.within.limit() + SLACK {
            return Err(format!("expected within {:?}, took {:?}", self.within, seen.took));
        }
        let left = ground.take_back()?;
        match operation {
            Wait => self.account_for_waits(seen, &left),
            Signal => account_for_signals(seen, &left),
        }
    }

    /// Each event was returned to a caller, is still with the service, or was lost by a request that is reported.
    fn account_for_waits(&self, seen: &Seen, left: &[u64]) -> Result<(), String> {
        let delivered = seen.results.iter().filter_map(|result| result.as_deref().ok().map(number));
        let found: Vec<u64> = delivered.chain(left.iter().copied()).collect();
        let distinct: HashSet<u64> = found.iter().copied().collect();
        let lost = seen.signaled.checked_sub(distinct.len() as u64).ok_or("more events than were signaled")?;
        if distinct.len() < found.len() {
            return Err(format!("an event was there twice: {found:?}"));
        }
        if lost > self.lost || lost > seen.unanswered {
            return Err(format!("{lost} of {} events are lost, {} unanswered", seen.signaled, seen.unanswered));
        }
        Ok(())
    }
}

/// A signal that succeeded was delivered once, one that was maybe consumed at most once, and any other not at all.
fn account_for_signals(seen: &Seen, left: &[u64]) -> Result<(), String> {
    for (number, result) in (0u64..).zip(&seen.results) {
        let delivered = left.iter().filter(|found| **found == number).count();
        let allowed = match result {
            Ok(_) => 1..=1,
            Err(e) if e.maybe_consumed() => 0..=1,
            Err(_) => 0..=0,
        };
        if !allowed.contains(&delivered) {
            return Err(format!("signal {number} was delivered {delivered} times, and told {result:?}"));
        }
    }
    Ok(())
}

impl Ground<'_> {
    /// Settings of a client that goes through the fault.
    pub fn config(&self, url: &str) -> Config {
        let mut config = settings::config(url);
        config.set_allow_http(true).set_grace(GRACE).unwrap().set_request_timeout(REQUEST_TIMEOUT).unwrap();
        config.set_connect_timeout(CONNECT_TIMEOUT).unwrap();
        config
    }

    /// Signals directly, past the fault.
    pub fn signal(&self, number: u64) {
        at_home(|| {
            self.direct.signal(&self.event, Some(&data(number)), Timeout::Request, None).expect("the service takes it")
        });
    }

    fn until_held(&self) {
        at_home(|| self.service.until_holding(&self.event));
    }

    /// A wait that the service holds while a fault comes and goes; then the event is signaled.
    pub fn wait_signaled_after(&self, client: &Client, fault: impl FnOnce()) -> Seen {
        let wait = self.way.begin(client, &self.event, Some(PATIENCE));
        self.until_held();
        fault();
        self.signal(0);
        let over = Instant::now();
        let results = vec![wait.end()];
        Seen { results, took: over.elapsed(), signaled: 1, unanswered: client.stats().unanswered }
    }

    /// A wait whose request a fault ends; when the service has noticed that, the event is signaled.
    pub fn wait_signaled_after_the_loss_of_its_request(&self, client: &Client, fault: impl FnOnce()) -> Seen {
        self.wait_signaled_after(client, || {
            let lost = held(&self.service.state(), &self.event);
            fault();
            let is_noticed = |state: &Value| held(state, &self.event).iter().all(|wait| !lost.contains(wait));
            self.service.until("the end of the request", is_noticed);
        })
    }

    /// A wait that the service holds when a fault begins, which ends after the event was signaled.
    pub fn wait_signaled_before_the_end_of(&self, client: &Client, fault: impl FnOnce(), end: impl FnOnce()) -> Seen {
        let wait = self.way.begin(client, &self.event, Some(PATIENCE));
        self.until_held();
        fault();
        self.signal(0);
        end();
        let over = Instant::now();
        let results = vec![wait.end()];
        Seen { results, took: over.elapsed(), signaled: 1, unanswered: client.stats().unanswered }
    }

    /// A wait that the service holds when a fault begins that does not end; then the event is signaled.
    pub fn wait_cut_off_by(&self, client: &Client, fault: impl FnOnce()) -> Seen {
        let began = Instant::now();
        let wait = self.way.begin(client, &self.event, Some(TIMEOUT));
        self.until_held();
        fault();
        self.signal(0);
        let results = vec![wait.end()];
        Seen { results, took: began.elapsed(), signaled: 1, unanswered: client.stats().unanswered }
    }

    /// A wait that nobody signals.
    pub fn wait_in_vain(&self, client: &Client) -> Seen {
        let began = Instant::now();
        let result = self.way.wait(client, &self.event, Some(TIMEOUT));
        Seen { results: vec![result], took: began.elapsed(), unanswered: client.stats().unanswered, ..Seen::default() }
    }

    /// A call that meets a fault from its beginning.
    pub fn call(&self, client: &Client, operation: Operation) -> Seen {
        if operation == Wait { self.wait_in_vain(client) } else { self.send(client) }
    }

    /// A signal that is sent while there is a fault, which then ends.
    pub fn send_until_the_end_of(&self, client: &Client, fault: impl FnOnce()) -> Seen {
        thread::scope(|scope| {
            let sending = scope.spawn(|| self.send(client));
            fault();
            let over = Instant::now();
            let seen = sending.join().unwrap();
            Seen { took: over.elapsed(), ..seen }
        })
    }

    pub fn send(&self, client: &Client) -> Seen {
        let began = Instant::now();
        let result = client.signal(&self.event, Some(&data(0)), Timeout::Request, None);
        Seen { results: vec![result], took: began.elapsed(), ..Seen::default() }
    }

    /// The events that are still with the service, by their numbers. One that is on its way back may take a moment.
    fn take_back(&self) -> Result<Vec<u64>, String> {
        let mut left = Vec::new();
        loop {
            // Longer than the service waits for a reset that may still give an event back.
            match self.direct.wait(&self.event, Some(Duration::from_millis(1200)), None) {
                Ok(event) => left.push(number(&event)),
                Err(e) if e.status() == Status::Timeout => return Ok(left),
                // A busy machine may not have let it connect.
                Err(e) if e.status() == Status::NotSent && e.timed_out() => {}
                Err(e) => return Err(format!("the service fails: {e}")),
            }
        }
    }
}

/// Enough retries for a program to start, or for packets that are lost over and over.
pub fn keeps_on(config: &mut Config) {
    config.set_retries(50).set_request_timeout(TIMEOUT * 5).unwrap();
}

pub fn data(number: u64) -> String {
    format!("{{\"n\":{number}}}")
}

/// The numbers of the waits that the service holds for the event.
fn held(state: &Value, event: &str) -> Vec<u64> {
    let waiting = state["waiting"].as_array().expect("a list").iter().filter(|wait| wait["event"] == event);
    waiting.map(|wait| wait["wait"].as_u64().expect("a number")).collect()
}

fn number(event: &str) -> u64 {
    json_get(event, "/data/n").and_then(|number| number.parse().ok()).expect("an event of the case")
}

/// Does this in the network namespace of the process, on a thread that has moved to another.
fn at_home<T>(work: impl FnOnce() -> T) -> T {
    let open = |whose: &str| File::open(format!("/proc/{whose}/ns/net")).expect("a namespace");
    let (home, away) = (open("self"), open("thread-self"));
    if home.metadata().unwrap().ino() == away.metadata().unwrap().ino() {
        return work();
    }
    let go = |to: &File| {
        // SAFETY: the descriptor is open; no pointers are passed.
        assert_eq!(unsafe { libc::setns(to.as_raw_fd(), libc::CLONE_NEWNET) }, 0);
    };
    go(&home);
    let done = work();
    go(&away);
    done
}
