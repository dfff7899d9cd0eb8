//! All waits and queued signals at one moment, as the page and tests see them.

use std::net::SocketAddr;
use std::time::Instant;

use serde::Serialize;

use super::event::{Event, Topic};
use super::store::{Store, Ticket};
use super::waiter::{Waiter, millis};

/// All waits and queued signals at one moment. The lists are limited in length; the counts are of all.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    waiting: Vec<WaitView>,
    waiting_count: usize,
    queued: Vec<QueuedView>,
    queued_count: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WaitView {
    #[serde(flatten)]
    topic: Topic,
    wait: u64,
    peer: SocketAddr,
    waited_ms: u64,
    timeout_ms: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueuedView {
    #[serde(flatten)]
    topic: Topic,
    id: u64,
    bytes: usize,
    queued_ms: u64,
}

impl Snapshot {
    /// The longest waits and the oldest signals come first.
    pub(super) fn of(store: &Store<Waiter>, at_most: usize, now: Instant) -> Self {
        let mut waiting: Vec<_> =
            store.waiters().map(|(topic, ticket, waiter)| WaitView::of(topic, ticket, waiter, now)).collect();
        let mut queued: Vec<_> = store.queued().map(|event| QueuedView::of(event, now)).collect();
        let (waiting_count, queued_count) = (waiting.len(), queued.len());
        waiting.sort_unstable_by_key(|view| view.wait);
        queued.sort_unstable_by_key(|view| view.id);
        waiting.truncate(at_most);
        queued.truncate(at_most);
        Self { waiting, waiting_count, queued, queued_count }
    }
}

impl WaitView {
    fn of(topic: &Topic, ticket: Ticket, waiter: &Waiter, now: Instant) -> Self {
        let waited_ms = millis(now.saturating_duration_since(waiter.since));
        let timeout_ms = millis(waiter.timeout);
        Self { topic: topic.clone(), wait: ticket.0, peer: waiter.peer, waited_ms, timeout_ms }
    }
}

impl QueuedView {
    fn of(event: &Event, now: Instant) -> Self {
        let queued_ms = millis(now.saturating_duration_since(event.queued_at));
        Self { topic: event.topic.clone(), id: event.id, bytes: event.data.len(), queued_ms }
    }
}
