//! All waits and queued signals at one moment, as the page and tests see them.

use std::net::SocketAddr;
use std::time::Instant;

use serde::Serialize;

use super::event::{Event, Filter, Topic};
use super::store::{Store, Ticket};
use super::waiter::{Waiter, millis};

/// All waits and queued signals at one moment. The lists are filtered and limited in length; `_count` is of
/// all, `_matching` of those that the filter matches.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    waiting: Vec<WaitView>,
    waiting_count: usize,
    waiting_matching: usize,
    queued: Vec<QueuedView>,
    queued_count: usize,
    queued_matching: usize,
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
    pub(super) fn of(store: &Store<Waiter>, filter: &Filter, at_most: usize, now: Instant) -> Self {
        let (mut waiting, mut queued) = (Vec::new(), Vec::new());
        let (mut waiting_count, mut queued_count) = (0, 0);
        for (topic, ticket, waiter) in store.waiters() {
            waiting_count += 1;
            if filter.matches(topic) {
                waiting.push(WaitView::of(topic, ticket, waiter, now));
            }
        }
        for event in store.queued() {
            queued_count += 1;
            if filter.matches(&event.topic) {
                queued.push(QueuedView::of(event, now));
            }
        }
        waiting.sort_unstable_by_key(|view| view.wait);
        queued.sort_unstable_by_key(|view| view.id);
        let (waiting_matching, queued_matching) = (waiting.len(), queued.len());
        waiting.truncate(at_most);
        queued.truncate(at_most);
        Self { waiting, waiting_count, waiting_matching, queued, queued_count, queued_matching }
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
