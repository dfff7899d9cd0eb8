//! Which signals are queued and who waits for them: the server's rules as a state machine without I/O.
//!
//! Time is a parameter and a waiter is any value, so every rule is tested without a socket or a
//! clock. Locks, wake-ups and HTTP are elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use bytes::Bytes;

use super::event::{Event, Topic};
use super::limits::{Full, Limits};

/// The number of a parked waiter. The lowest number of a topic waits longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

pub enum Signaled<W> {
    /// Somebody waited: this waiter gets this event.
    Handed(Ticket, W, Event),
    /// Nobody waited; the event is kept.
    Queued(u64),
}

pub enum Waited<W> {
    /// An event was queued. The waiter is returned unused.
    Taken(Event, W),
    Parked(Ticket),
}

/// All topics of the server. A topic never has events and waiters at the same time.
pub struct Store<W> {
    topics: HashMap<Topic, TopicState<W>>,
    limits: Limits,
    last_id: u64,
    queued_bytes: usize,
}

struct TopicState<W> {
    events: BTreeMap<u64, Event>,
    waiters: BTreeMap<Ticket, W>,
}

impl<W> Store<W> {
    pub fn new(limits: Limits) -> Self {
        Self { topics: HashMap::new(), limits, last_id: 0, queued_bytes: 0 }
    }

    /// A signal goes to the longest waiter, or into the queue if there is none.
    pub fn signal(&mut self, topic: &Topic, data: Bytes, now: Instant) -> Result<Signaled<W>, Full> {
        let id = self.next_id();
        let event = Event { id, topic: topic.clone(), data, queued_at: now, is_duplicate: false };
        if let Some((ticket, waiter)) = self.next_waiter(topic) {
            return Ok(Signaled::Handed(ticket, waiter, event));
        }
        self.check_room(topic, event.bytes())?;
        self.enqueue(event);
        Ok(Signaled::Queued(id))
    }

    /// A wait takes the oldest queued event, or is parked if there is none.
    pub fn wait(&mut self, topic: &Topic, waiter: W) -> Waited<W> {
        if let Some(event) = self.next_event(topic) {
            return Waited::Taken(event, waiter);
        }
        let ticket = Ticket(self.next_id());
        self.topic_state(topic).waiters.insert(ticket, waiter);
        Waited::Parked(ticket)
    }

    /// The waiter leaves. `None` if it was not parked any more, because an event was handed to it.
    pub fn leave(&mut self, topic: &Topic, ticket: Ticket) -> Option<W> {
        let waiter = self.topics.get_mut(topic)?.waiters.remove(&ticket);
        self.forget_if_idle(topic);
        waiter
    }

    /// An event that was not delivered goes to the longest waiter, or back to its position in the queue.
    ///
    /// Limits do not apply: an accepted signal is never refused later.
    pub fn redeliver(&mut self, event: Event) -> Option<(Ticket, W, Event)> {
        match self.next_waiter(&event.topic) {
            Some((ticket, waiter)) => Some((ticket, waiter, event)),
            None => {
                self.enqueue(event);
                None
            }
        }
    }

    /// Removes the signals whose retention is over.
    pub fn expire(&mut self, now: Instant) -> Vec<Event> {
        let retention = self.limits.retention;
        let mut expired = Vec::new();
        for line in self.topics.values_mut() {
            while let Some(first) = line.events.first_entry() {
                if now.saturating_duration_since(first.get().queued_at) < retention {
                    break;
                }
                expired.push(first.remove());
            }
        }
        self.queued_bytes -= expired.iter().map(Event::bytes).sum::<usize>();
        self.topics.retain(|_, line| !line.is_idle());
        expired
    }

    pub fn queued(&self) -> impl Iterator<Item = &Event> {
        self.topics.values().flat_map(|line| line.events.values())
    }

    pub fn waiters(&self) -> impl Iterator<Item = (&Topic, Ticket, &W)> {
        self.topics
            .iter()
            .flat_map(|(topic, line)| line.waiters.iter().map(move |(ticket, waiter)| (topic, *ticket, waiter)))
    }

    fn check_room(&self, topic: &Topic, bytes: usize) -> Result<(), Full> {
        let depth = self.topics.get(topic).map_or(0, |line| line.events.len());
        self.limits.check(depth, self.queued_bytes + bytes)
    }

    fn enqueue(&mut self, event: Event) {
        self.queued_bytes += event.bytes();
        self.topic_state(&event.topic.clone()).events.insert(event.id, event);
    }

    fn next_event(&mut self, topic: &Topic) -> Option<Event> {
        let (_, event) = self.topics.get_mut(topic)?.events.pop_first()?;
        self.queued_bytes -= event.bytes();
        self.forget_if_idle(topic);
        Some(event)
    }

    fn next_waiter(&mut self, topic: &Topic) -> Option<(Ticket, W)> {
        let first = self.topics.get_mut(topic)?.waiters.pop_first();
        self.forget_if_idle(topic);
        first
    }

    fn topic_state(&mut self, topic: &Topic) -> &mut TopicState<W> {
        self.topics.entry(topic.clone()).or_default()
    }

    fn forget_if_idle(&mut self, topic: &Topic) {
        if self.topics.get(topic).is_some_and(TopicState::is_idle) {
            self.topics.remove(topic);
        }
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

impl<W> TopicState<W> {
    fn is_idle(&self) -> bool {
        self.events.is_empty() && self.waiters.is_empty()
    }
}

impl<W> Default for TopicState<W> {
    fn default() -> Self {
        Self { events: BTreeMap::new(), waiters: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::serve::broker::Account;

    const LIMITS: Limits = Limits { queue: 3, queued_bytes: 100, retention: Duration::from_secs(60) };

    fn topic(account: u32, name: &str) -> Topic {
        Topic { account: Account::new(account), name: name.into() }
    }

    fn store() -> Store<&'static str> {
        Store::new(LIMITS)
    }

    fn signal(store: &mut Store<&'static str>, topic: &Topic, data: &'static str) -> Signaled<&'static str> {
        store.signal(topic, Bytes::from_static(data.as_bytes()), Instant::now()).unwrap_or_else(|_| panic!("full"))
    }

    /// The event that a wait takes at once; `None` if the wait would have been parked.
    fn take(store: &mut Store<&'static str>, topic: &Topic) -> Option<Event> {
        match store.wait(topic, "passer-by") {
            Waited::Taken(event, _) => Some(event),
            Waited::Parked(ticket) => {
                store.leave(topic, ticket);
                None
            }
        }
    }

    fn park(store: &mut Store<&'static str>, topic: &Topic, waiter: &'static str) -> Ticket {
        match store.wait(topic, waiter) {
            Waited::Parked(ticket) => ticket,
            Waited::Taken(..) => panic!("something was queued"),
        }
    }

    fn handed(signaled: Signaled<&'static str>) -> (&'static str, Event) {
        match signaled {
            Signaled::Handed(_, waiter, event) => (waiter, event),
            Signaled::Queued(_) => panic!("nobody waited"),
        }
    }

    #[test]
    fn signals_are_kept_in_order_and_each_is_taken_once() {
        let (mut store, topic) = (store(), topic(1, "a"));
        signal(&mut store, &topic, "1");
        signal(&mut store, &topic, "2");
        assert_eq!(take(&mut store, &topic).unwrap().data, "1");
        assert_eq!(take(&mut store, &topic).unwrap().data, "2");
        assert!(take(&mut store, &topic).is_none());
    }

    #[test]
    fn the_longest_waiter_is_served_first_and_only_it() {
        let (mut store, topic) = (store(), topic(1, "a"));
        park(&mut store, &topic, "first");
        park(&mut store, &topic, "second");
        assert_eq!(handed(signal(&mut store, &topic, "x")).0, "first");
        assert_eq!(handed(signal(&mut store, &topic, "y")).0, "second");
        assert!(matches!(signal(&mut store, &topic, "z"), Signaled::Queued(_)));
    }

    #[test]
    fn names_and_accounts_do_not_meet() {
        let mut store = store();
        signal(&mut store, &topic(1, "a"), "x");
        assert!(take(&mut store, &topic(1, "b")).is_none());
        assert!(take(&mut store, &topic(2, "a")).is_none());
        assert!(take(&mut store, &topic(1, "a")).is_some());
    }

    #[test]
    fn who_left_gets_nothing_and_who_was_chosen_cannot_leave() {
        let (mut store, topic) = (store(), topic(1, "a"));
        let gone = park(&mut store, &topic, "gone");
        let here = park(&mut store, &topic, "here");
        assert_eq!(store.leave(&topic, gone), Some("gone"));
        assert_eq!(handed(signal(&mut store, &topic, "x")).0, "here");
        assert_eq!(store.leave(&topic, here), None);
    }

    #[test]
    fn an_event_that_comes_back_finds_its_old_place() {
        let (mut store, topic) = (store(), topic(1, "a"));
        for data in ["1", "2", "3"] {
            signal(&mut store, &topic, data);
        }
        let first = take(&mut store, &topic).unwrap();
        let second = take(&mut store, &topic).unwrap();
        assert!(store.redeliver(second).is_none());
        assert!(store.redeliver(first).is_none());
        let order: Vec<_> = std::iter::from_fn(|| take(&mut store, &topic)).map(|event| event.data).collect();
        assert_eq!(order, ["1", "2", "3"]);
    }

    #[test]
    fn an_event_that_comes_back_goes_to_who_waits_now() {
        let (mut store, topic) = (store(), topic(1, "a"));
        park(&mut store, &topic, "hangs up");
        let (_, event) = handed(signal(&mut store, &topic, "x"));
        park(&mut store, &topic, "stays");
        let (_, waiter, event) = store.redeliver(event).expect("somebody waits");
        assert_eq!((waiter, event.data), ("stays", Bytes::from("x")));
    }

    #[test]
    fn a_full_queue_refuses_a_signal_but_never_one_that_comes_back() {
        let (mut store, topic) = (store(), topic(1, "a"));
        for data in ["1", "2", "3"] {
            signal(&mut store, &topic, data);
        }
        let full = store.signal(&topic, Bytes::from("4"), Instant::now()).err();
        assert_eq!(full, Some(Full::Queue(3)));
        let event = take(&mut store, &topic).unwrap();
        signal(&mut store, &topic, "4");
        store.redeliver(event);
        assert_eq!(store.queued().count(), 4);
    }

    #[test]
    fn the_bytes_of_all_queues_are_limited_together_and_freed_when_taken() {
        let mut store = store();
        let big = Bytes::from(vec![b' '; 60]);
        let now = Instant::now();
        assert!(store.signal(&topic(1, "a"), big.clone(), now).is_ok());
        assert_eq!(store.signal(&topic(1, "b"), big.clone(), now).err(), Some(Full::Bytes(100)));
        take(&mut store, &topic(1, "a"));
        assert!(store.signal(&topic(1, "b"), big, now).is_ok());
        assert_eq!(store.queued_bytes, 61);
    }

    #[test]
    fn names_count_as_data_does() {
        let mut store = store();
        let now = Instant::now();
        let (first, second) = (topic(1, &"a".repeat(60)), topic(1, &"b".repeat(60)));
        assert!(store.signal(&first, Bytes::from("{}"), now).is_ok());
        assert_eq!(store.signal(&second, Bytes::from("{}"), now).err(), Some(Full::Bytes(100)));
        store.expire(now + LIMITS.retention);
        assert_eq!(store.queued_bytes, 0);
    }

    #[test]
    fn what_is_older_than_the_retention_is_taken_out() {
        let (mut store, topic) = (store(), topic(1, "a"));
        let start = Instant::now();
        let later = start + Duration::from_secs(30);
        assert!(store.signal(&topic, Bytes::from("old"), start).is_ok());
        assert!(store.signal(&topic, Bytes::from("new"), later).is_ok());
        let expired = store.expire(start + LIMITS.retention);
        assert_eq!(expired.iter().map(|event| &event.data[..]).collect::<Vec<_>>(), [b"old"]);
        assert_eq!(take(&mut store, &topic).unwrap().data, "new");
    }

    #[test]
    fn an_idle_line_is_forgotten() {
        let (mut store, topic) = (store(), topic(1, "a"));
        signal(&mut store, &topic, "x");
        take(&mut store, &topic);
        let ticket = park(&mut store, &topic, "w");
        store.leave(&topic, ticket);
        assert!(store.topics.is_empty());
    }
}
