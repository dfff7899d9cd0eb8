//! A signal on its way to a waiter, and the topic that both name.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use serde::{Serialize, Serializer};

use super::accounts::Account;

/// An event name within one account. Signals and waits of the same topic meet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Topic {
    pub account: Account,
    #[serde(rename = "event", serialize_with = "as_text")]
    pub name: Arc<str>,
}

/// One signal, until a waiter has received it.
#[derive(Clone)]
pub struct Event {
    /// Ascending over the whole server, so that an event that comes back keeps its position in the queue.
    pub id: u64,
    pub topic: Topic,
    /// The JSON object as it was sent, byte for byte.
    pub data: Bytes,
    pub queued_at: Instant,
    /// Made on purpose, by a fault rule.
    pub is_duplicate: bool,
}

/// Chooses events by a part of their name, in upper or lower case.
#[derive(Clone, Default)]
pub struct Filter(String);

impl Filter {
    pub fn new(part: &str) -> Self {
        Self(part.trim().to_lowercase())
    }

    pub fn matches(&self, topic: &Topic) -> bool {
        self.0.is_empty() || topic.name.to_lowercase().contains(&self.0)
    }
}

impl Event {
    /// What the event counts towards the limit of bytes.
    pub fn bytes(&self) -> usize {
        self.topic.name.len() + self.data.len()
    }
}

fn as_text<S: Serializer>(name: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name)
}
