//! Counts of what a client has done and does, kept without locks.

use crate::census::StartedWaits;
use crate::json::Object;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $field:ident = $json:literal,)+) => {
        /// Counts of what a client has done since it was made. While calls are running, the counts may not add up exactly.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[doc = $doc])+ pub $field: u64,)+
            /// Connections that there are now.
            pub connections: Connections,
            /// Started waits that run, by where they are.
            pub started: StartedWaits,
        }

        impl Stats {
            /// Returns the counts as one JSON object of numbers, with an object of the connections and one of the started
            /// waits that run.
            #[must_use]
            pub fn to_json(&self) -> String {
                let mut object = Object::new();
                for (name, count) in [$(($json, self.$field)),+] {
                    object.number(name, count);
                }
                object.json("connections", &self.connections.to_json());
                object.json("started", &self.started.to_json());
                object.end()
            }
        }

        #[derive(Default)]
        pub(crate) struct Counters {
            $(pub $field: Counter,)+
        }

        impl Counters {
            pub fn read(&self, connections: Connections, started: StartedWaits) -> Stats {
                Stats { $($field: self.$field.0.load(Ordering::Relaxed),)+ connections, started }
            }
        }
    };
}

counters! {
    /// Waits that began: blocking ones, started ones, and those of drains.
    waits = "waits",
    /// Signals that began.
    signals = "signals",
    /// Calls that ended with an answer.
    answers = "answers",
    /// Calls that ended with a timeout.
    timeouts = "timeouts",
    /// Calls that were cancelled.
    cancels = "cancels",
    /// Calls that ended in any other way.
    failures = "failures",
    /// Answers of started waits that nobody took before the wait or the queue was freed. Each of them is an event that is lost.
    dropped = "dropped",
    /// How often a wait asked again because the event was not signaled yet.
    rearms = "rearms",
    /// How often a call tried again after a failure.
    retries = "retries",
    /// Requests that were sent and whose answer by the service was never read. Each of them may have taken an event or
    /// delivered a signal.
    unanswered = "unanswered",
    /// Connections that were made.
    connections_made = "connectionsMade",
    /// Requests that were sent over a connection of the pool.
    connections_reused = "connectionsReused",
    /// Bytes that were sent, including those of TLS handshakes.
    bytes_sent = "bytesSent",
    /// Bytes of answers, including their heads, after decryption.
    bytes_received = "bytesReceived",
}

/// How many connections a client has in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connections {
    /// Those that were made and are not closed.
    pub open: u64,
    /// Of these, those that no call uses.
    pub idle: u64,
    /// Of these, those on which a request was sent and no byte of its answer has arrived.
    pub waiting: u64,
}

impl Connections {
    fn to_json(self) -> String {
        let mut object = Object::new();
        for (name, count) in [("open", self.open), ("idle", self.idle), ("waiting", self.waiting)] {
            object.number(name, count);
        }
        object.end()
    }
}

#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }
}
