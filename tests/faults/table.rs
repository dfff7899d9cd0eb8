//! One row: what the server does, and the outcome of a wait in each way, or of a signal. Many rows run in parallel, since they
//! mostly wait.

use anchor::{Client, Config, Error, Phase, Status, Timeout};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use testkit::PATIENCE;
use testkit::scripted::script::Script;
use testkit::scripted::{Record, ScriptedServer};
use testkit::settings::{KEY, config};
use testkit::way::Way;

/// The waits of a table end long before this.
const TIMEOUT: Duration = PATIENCE;
/// What a failure must not quote.
const PAYLOAD: &str = r#"{"code":"payload-51c7"}"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Wait,
    Signal,
}
pub use Operation::{Signal, Wait};

/// The outcome of a call with one retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub status: Status,
    pub phase: Option<Phase>,
    pub maybe_consumed: bool,
    pub attempts: u32,
    /// Connections that the server accepted, and complete requests that it read.
    pub connections: usize,
    pub requests: usize,
}

pub struct Row {
    pub name: String,
    pub operation: Operation,
    pub scripts: Vec<Script>,
    pub https: bool,
    pub tweak: fn(&mut Config),
    pub expected: Outcome,
}

/// Rows under a title, as the documentation has them.
pub struct Section {
    pub title: &'static str,
    pub rows: Vec<Row>,
}

pub fn section(title: &'static str, rows: Vec<Row>) -> Section {
    Section { title, rows }
}

/// The outcome of one request ended the call.
pub const fn once(status: Status, phase: Phase, maybe_consumed: bool) -> Outcome {
    Outcome { status, phase: Some(phase), maybe_consumed, attempts: 1, connections: 1, requests: 1 }
}

/// The same twice: a failure and its one retry, each over a connection of its own.
pub const fn twice(status: Status, phase: Phase, maybe_consumed: bool) -> Outcome {
    Outcome { attempts: 2, connections: 2, requests: 2, ..once(status, phase, maybe_consumed) }
}

impl Outcome {
    /// The request never came to the server.
    pub const fn unsent(self) -> Outcome {
        Outcome { requests: 0, ..self }
    }

    pub const fn over_one_connection(self) -> Outcome {
        Outcome { connections: 1, ..self }
    }
}

pub fn row(name: &str, operation: Operation, script: Script, expected: Outcome) -> Row {
    Row { name: name.to_owned(), operation, scripts: vec![script], https: false, tweak: |_| {}, expected }
}

/// A wait and a signal with the same outcome.
pub fn both(name: &str, script: &Script, expected: Outcome) -> [Row; 2] {
    [Wait, Signal].map(|operation| row(name, operation, script.clone(), expected))
}

/// A connection that breaks after the request was written: a wait is sent again, a signal never.
pub fn lost(name: &str, script: &Script, phase: Phase) -> [Row; 2] {
    let [wait, signal] = both(name, script, once(Status::ConnectionLost, phase, true));
    [Row { expected: twice(Status::ConnectionLost, phase, true), ..wait }, signal]
}

impl Row {
    pub fn over_tls(self) -> Row {
        Row { https: true, ..self }
    }

    pub fn with(self, tweak: fn(&mut Config)) -> Row {
        Row { tweak, ..self }
    }
}

/// Runs the rows and reports all whose outcome is another one. A signal is always a blocking call.
pub fn check(way: Way, rows: impl IntoIterator<Item = Row>) {
    let rows = rows.into_iter().filter(|row| way == Way::Blocking || row.operation == Wait);
    report_all(rows, move |row| row.differs(way));
}

/// How many rows run at once. All of them would keep a slow machine from answering any within a second.
const AT_ONCE: usize = 32;

/// Runs something with each row, and fails with all that it reports. A report counts if no request can have looked as if the
/// service had held it.
pub fn report_all(rows: impl Iterator<Item = Row>, run: impl Fn(&Row) -> Option<String> + Sync) {
    let rows: Vec<Row> = rows.collect();
    assert!(!rows.is_empty());
    let next = AtomicUsize::new(0);
    let take = || rows.get(next.fetch_add(1, Ordering::SeqCst));
    let reports: Vec<String> = thread::scope(|scope| {
        let work = || std::iter::from_fn(take).filter_map(|row| unhindered(|| run(row))).collect::<Vec<_>>();
        let running: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|running| running.join().expect("rows that end")).collect()
    });
    assert!(reports.is_empty(), "\n{}", reports.join("\n"));
}

/// A request that was answered after so long counts as held by the service, which starts the count of the retries again.
const HELD: Duration = Duration::from_secs(1);
/// How often a row is played that the machine was too busy for.
const TRIALS: usize = 10;

fn unhindered(run: impl Fn() -> Option<String>) -> Option<String> {
    let mut report = None;
    for _ in 0..TRIALS {
        let began = Instant::now();
        report = run();
        if report.is_none() || began.elapsed() < HELD {
            break;
        }
    }
    report
}

/// A call that was made, and both sides of it.
pub struct Played {
    pub server: ScriptedServer,
    pub client: Client,
    pub result: Result<String, Error>,
}

impl Row {
    pub fn play(&self, way: Way) -> Played {
        let server = ScriptedServer::start(self.scripts.clone());
        let mut config = config(&if self.https { server.https() } else { server.http() });
        config.set_retries(1).set_request_timeout(TIMEOUT).unwrap();
        (self.tweak)(&mut config);
        let client = Client::new(&config).unwrap();
        let result = match self.operation {
            Wait => way.wait(&client, "row", Some(TIMEOUT)),
            Signal => client.signal("row", Some(PAYLOAD), Timeout::Request, None),
        };
        Played { server, client, result }
    }

    fn differs(&self, way: Way) -> Option<String> {
        let Played { server, result, .. } = self.play(way);
        let (found, said) = match &result {
            Ok(_) => (Outcome { phase: None, ..once(Status::Ok, Phase::Receive, false) }, String::new()),
            Err(error) => (outcome(error), error.to_json()),
        };
        assert!(!said.contains(KEY) && !said.contains("payload-51c7"), "{}: the error quotes a secret", self.name);
        // A request that was written may still be on its way to the scripted server.
        if found.maybe_consumed {
            server.until(&format!("the request of {}", self.name), |record| {
                record.requests.len() >= self.expected.requests
            });
        }
        let found = server.read(|record| with_counts(found, record));
        let expected = Outcome { phase: result.is_err().then_some(self.expected.phase).flatten(), ..self.expected };
        let (name, operation) = (&self.name, self.operation);
        (found != expected)
            .then(|| format!("{name} ({operation:?})\n  expected {expected:?}\n     found {found:?}\n  {said}"))
    }
}

fn outcome(error: &Error) -> Outcome {
    Outcome {
        status: error.status(),
        phase: error.phase(),
        maybe_consumed: error.maybe_consumed(),
        attempts: error.attempts(),
        connections: 0,
        requests: 0,
    }
}

fn with_counts(outcome: Outcome, record: &Record) -> Outcome {
    Outcome { connections: record.connections, requests: record.requests.len(), ..outcome }
}
