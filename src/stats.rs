//! What a client has done so far, counted without locks.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $field:ident = $json:literal,)+) => {
        /// A client's counts since it was made. Read while calls run, they need not add up to the last one.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[doc = $doc])+ pub $field: u64,)+
        }

        impl Stats {
            /// One JSON object of numbers.
            #[must_use]
            pub fn to_json(&self) -> String {
                let members = [$(format!(concat!("\"", $json, "\":{}"), self.$field)),+];
                format!("{{{}}}", members.join(","))
            }
        }

        #[derive(Default)]
        pub(crate) struct Counters {
            $(pub $field: Counter,)+
        }

        impl Counters {
            pub fn read(&self) -> Stats {
                Stats { $($field: self.$field.0.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

counters! {
    /// Waits begun, blocking, started or for a drain.
    waits = "waits",
    /// Signals begun.
    signals = "signals",
    /// Calls that ended with an answer.
    answers = "answers",
    /// Calls that ended with a timeout.
    timeouts = "timeouts",
    /// Calls that ended with a cancel.
    cancels = "cancels",
    /// Calls that ended in any other way.
    failures = "failures",
    /// Times a wait asked again because the event was not signaled yet.
    rearms = "rearms",
    /// Times a call tried again after a failure.
    retries = "retries",
    /// Requests that were sent and whose answer, the service's own, was never read: each may have taken an event or
    /// delivered a signal.
    unanswered = "unanswered",
    /// Connections made.
    connections_made = "connectionsMade",
    /// Requests over a connection from the pool.
    connections_reused = "connectionsReused",
    /// Bytes sent, those of TLS handshakes included.
    bytes_sent = "bytesSent",
    /// Bytes of answers, heads included, after decryption.
    bytes_received = "bytesReceived",
}

#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }
}
