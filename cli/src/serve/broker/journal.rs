//! The log records of the server: the last ones are kept for the page, and listeners receive each new one.
//!
//! A record holds event names and account numbers. It never holds a key or the data of a signal.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::Serialize;
use tokio::sync::broadcast;

use super::event::Topic;

/// How many records are kept for the page.
const HISTORY: usize = 200;
/// How many records a slow listener may be behind before it misses some.
const BACKLOG: usize = 4096;

/// The log of the server's activity.
pub struct Journal {
    past: Mutex<Past>,
    live: broadcast::Sender<Record>,
}

/// One log record.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    pub number: u64,
    #[serde(serialize_with = "rfc3339")]
    pub time: SystemTime,
    #[serde(flatten)]
    pub activity: Activity,
}

/// What a record reports. `id` numbers a signal, `wait` a wait.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Activity {
    Started {
        url: String,
    },
    Warning {
        message: String,
    },
    /// A signal came, and no wait was there.
    Queued {
        #[serde(flatten)]
        topic: Topic,
        id: u64,
        bytes: usize,
    },
    /// A signal came, and this wait was the longest one.
    Handed {
        #[serde(flatten)]
        topic: Topic,
        id: u64,
        bytes: usize,
        wait: u64,
    },
    /// A wait came, and no signal was queued.
    Waiting {
        #[serde(flatten)]
        topic: Topic,
        wait: u64,
        peer: SocketAddr,
        timeout_ms: u64,
    },
    /// A wait came, and this signal was the oldest in the queue.
    Taken {
        #[serde(flatten)]
        topic: Topic,
        id: u64,
    },
    /// The answer was written.
    Delivered {
        #[serde(flatten)]
        topic: Topic,
        id: u64,
    },
    /// The answer was not received, and the event is offered again.
    Returned {
        #[serde(flatten)]
        topic: Topic,
        id: u64,
    },
    TimedOut {
        #[serde(flatten)]
        topic: Topic,
        wait: u64,
        waited_ms: u64,
    },
    HungUp {
        #[serde(flatten)]
        topic: Topic,
        wait: u64,
        waited_ms: u64,
    },
    /// A wait ended because the server stops.
    Dismissed {
        #[serde(flatten)]
        topic: Topic,
        wait: u64,
        waited_ms: u64,
    },
    /// A signal was dropped because its retention is over.
    Expired {
        #[serde(flatten)]
        topic: Topic,
        id: u64,
    },
    /// A fault was injected, as a rule asked.
    Fault {
        #[serde(flatten)]
        topic: Topic,
        fault: String,
    },
    Refused {
        status: u16,
        message: String,
        peer: SocketAddr,
    },
    Stopped {
        queued: usize,
    },
}

#[derive(Default)]
struct Past {
    entries: VecDeque<Record>,
    last_number: u64,
}

impl Journal {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { past: Mutex::default(), live: broadcast::Sender::new(BACKLOG) })
    }

    pub fn note(&self, activity: Activity) {
        let mut past = self.past();
        past.last_number += 1;
        let entry = Record { number: past.last_number, time: SystemTime::now(), activity };
        if past.entries.len() == HISTORY {
            past.entries.pop_front();
        }
        past.entries.push_back(entry.clone());
        // Sent under the lock, so that listeners see records in order. That nobody listens is not an error.
        let _ = self.live.send(entry);
    }

    /// The records that are kept, oldest first.
    pub fn recent(&self) -> Vec<Record> {
        self.past().entries.iter().cloned().collect()
    }

    /// Receives every record from now on.
    pub fn listen(&self) -> broadcast::Receiver<Record> {
        self.live.subscribe()
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rfc3339<S: serde::Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_millis(*time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::broker::Account;

    fn waiting(wait: u64) -> Activity {
        let topic = Topic { account: Account::new(2), name: "a\"b".into() };
        Activity::Waiting { topic, wait, peer: ([127, 0, 0, 1], 9).into(), timeout_ms: 50 }
    }

    #[test]
    fn an_entry_is_one_flat_json_object() {
        let journal = Journal::new();
        journal.note(waiting(7));
        let entry = serde_json::to_value(&journal.recent()[0]).unwrap();
        assert!(entry["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{entry}");
        for (key, value) in [("kind", "waiting"), ("event", "a\"b"), ("peer", "127.0.0.1:9")] {
            assert_eq!(entry[key], value);
        }
        for (key, value) in [("number", 1), ("account", 2), ("wait", 7), ("timeoutMs", 50)] {
            assert_eq!(entry[key], value);
        }
    }

    #[test]
    fn the_past_is_bounded_and_in_order() {
        let journal = Journal::new();
        (0..HISTORY as u64 + 5).for_each(|wait| journal.note(waiting(wait)));
        let numbers: Vec<_> = journal.recent().iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, (6..HISTORY as u64 + 6).collect::<Vec<_>>());
    }
}
