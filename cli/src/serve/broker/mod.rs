//! Who waits and what was signaled: topics, their queues, deliveries, accounts, and the record of all that.
//!
//! `Broker` blocks waits and hands events over; the rules are in `store`, and when an event counts as
//! delivered is in `delivery`. Nothing in here knows HTTP or a socket.

mod accounts;
mod delivery;
mod event;
mod journal;
mod limits;
mod recent;
mod snapshot;
mod store;
mod waiter;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{oneshot, watch};

pub use accounts::{Account, Accounts};
pub use delivery::{Delivery, Outbox};
pub use event::{Filter, Topic};
pub use journal::{Activity, Journal, Record};
pub use limits::{Full, Limits};
pub use snapshot::Snapshot;

use event::Event;
use recent::RecentPayloads;
use store::{Signaled, Store, Waited};
use waiter::{Parked, Waiter, millis};

/// Hands signals to waits, and keeps those that nobody waits for.
pub struct Broker {
    store: Mutex<Store<Waiter>>,
    journal: Arc<Journal>,
    recent: RecentPayloads,
    closing: watch::Sender<bool>,
}

/// How a wait ended.
pub enum WaitEnd {
    Event(Delivery),
    TimeUp,
    Closing,
}

impl Broker {
    pub fn new(limits: Limits, journal: Arc<Journal>) -> Arc<Self> {
        let store = Mutex::new(Store::new(limits));
        Arc::new(Self { store, journal, recent: RecentPayloads::default(), closing: watch::Sender::new(false) })
    }

    /// Hands the event to the longest waiter, or queues it.
    pub fn signal(self: &Arc<Self>, topic: &Topic, data: Bytes) -> Result<(), Full> {
        let bytes = data.len();
        let mut store = self.store();
        let signaled = store.signal(topic, data.clone(), Instant::now())?;
        let topic = topic.clone();
        let (id, what) = match &signaled {
            Signaled::Handed(ticket, _, event) => {
                (event.id, Activity::Handed { topic, id: event.id, bytes, wait: ticket.0 })
            }
            Signaled::Queued(id) => (*id, Activity::Queued { topic, id: *id, bytes }),
        };
        self.recent.keep(id, data);
        self.journal.note(what);
        // The lock must be released before the event is handed over: a delivery that fails locks again.
        drop(store);
        if let Signaled::Handed(_, waiter, event) = signaled {
            self.hand_over(waiter, event);
        }
        Ok(())
    }

    /// Waits until there is an event for this topic or the time is up.
    ///
    /// Dropping the future ends the wait: it leaves the topic, and an event that was already handed to it
    /// is offered again.
    pub async fn wait(self: &Arc<Self>, topic: Topic, timeout: Duration, peer: SocketAddr) -> WaitEnd {
        match self.park(topic, timeout, peer) {
            Ok(delivery) => WaitEnd::Event(delivery),
            Err(parked) => parked.wait(timeout).await,
        }
    }

    /// An event that did not reach its waiter goes to the next waiter, or back to its position in the queue.
    pub fn redeliver(self: &Arc<Self>, event: Event) {
        self.journal.note(Activity::Returned { topic: event.topic.clone(), id: event.id });
        self.offer(event);
    }

    /// Offers the same event a second time, for the next wait.
    pub fn duplicate(self: &Arc<Self>, event: &Event) {
        if !event.is_duplicate {
            self.offer(Event { is_duplicate: true, ..event.clone() });
        }
    }

    /// The answer that holds this event was written.
    pub fn note_delivered(&self, event: &Event) {
        self.journal.note(Activity::Delivered { topic: event.topic.clone(), id: event.id });
    }

    /// Drops the signals whose retention is over.
    pub fn expire(&self) {
        for event in self.store().expire(Instant::now()) {
            self.journal.note(Activity::Expired { topic: event.topic, id: event.id });
        }
    }

    /// Ends every wait, now and from now on.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Resolves when the server stops.
    pub async fn closed(&self) {
        // An error would mean that the sender is gone, but `self` owns it.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    /// The data of a signal, if it is one of the last signals.
    pub fn data(&self, id: u64) -> Option<Bytes> {
        self.recent.data(id)
    }

    /// How many signals are queued.
    pub fn queued(&self) -> usize {
        self.store().queued().count()
    }

    /// The longest waits and the oldest signals come first.
    pub fn snapshot(&self, filter: &Filter, at_most: usize) -> Snapshot {
        Snapshot::of(&self.store(), filter, at_most, Instant::now())
    }

    fn park(self: &Arc<Self>, topic: Topic, timeout: Duration, peer: SocketAddr) -> Result<Delivery, Parked> {
        let (sender, receiver) = oneshot::channel();
        let since = Instant::now();
        let mut store = self.store();
        match store.wait(&topic, Waiter { sender, peer, since, timeout }) {
            Waited::Taken(event, _) => {
                self.journal.note(Activity::Taken { topic, id: event.id });
                Ok(Delivery::new(self.clone(), event))
            }
            Waited::Parked(ticket) => {
                let timeout_ms = millis(timeout);
                self.journal.note(Activity::Waiting { topic: topic.clone(), wait: ticket.0, peer, timeout_ms });
                Err(Parked { broker: self.clone(), topic, ticket, receiver, since })
            }
        }
    }

    fn offer(self: &Arc<Self>, event: Event) {
        let (id, bytes) = (event.id, event.data.len());
        let next = self.store().redeliver(event);
        if let Some((ticket, waiter, event)) = next {
            self.journal.note(Activity::Handed { topic: event.topic.clone(), id, bytes, wait: ticket.0 });
            self.hand_over(waiter, event);
        }
    }

    fn hand_over(self: &Arc<Self>, waiter: Waiter, event: Event) {
        // If the waiter is gone, the delivery is dropped here, which offers the event again.
        drop(waiter.sender.send(Delivery::new(self.clone(), event)));
    }

    fn store(&self) -> MutexGuard<'_, Store<Waiter>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::broker::Account;

    const SOON: Duration = Duration::from_secs(30);

    fn broker() -> (Arc<Broker>, Topic) {
        let limits = Limits { queue: 10, queued_bytes: 1000, retention: Duration::MAX };
        (Broker::new(limits, Journal::new()), Topic { account: Account::new(1), name: "a".into() })
    }

    async fn wait(broker: Arc<Broker>, topic: Topic, timeout: Duration) -> WaitEnd {
        broker.wait(topic, timeout, ([127, 0, 0, 1], 1).into()).await
    }

    async fn take(broker: &Arc<Broker>, topic: &Topic) -> Bytes {
        match wait(broker.clone(), topic.clone(), SOON).await {
            WaitEnd::Event(delivery) => delivery.confirm().data,
            WaitEnd::TimeUp | WaitEnd::Closing => panic!("no event"),
        }
    }

    async fn until_parked(broker: &Arc<Broker>, count: usize) {
        while broker.store().waiters().count() != count {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_wait_ends_when_the_signal_comes() {
        let (broker, topic) = broker();
        let waiter = tokio::spawn({
            let (broker, topic) = (broker.clone(), topic.clone());
            async move { take(&broker, &topic).await }
        });
        until_parked(&broker, 1).await;
        broker.signal(&topic, Bytes::from("{}")).unwrap();
        assert_eq!(waiter.await.unwrap(), "{}");
    }

    #[tokio::test]
    async fn a_wait_without_a_signal_ends_with_its_time_and_leaves_no_trace() {
        let (broker, topic) = broker();
        let end = wait(broker.clone(), topic, Duration::from_millis(1)).await;
        assert!(matches!(end, WaitEnd::TimeUp));
        until_parked(&broker, 0).await;
    }

    #[tokio::test]
    async fn a_wait_that_hung_up_is_passed_over() {
        let (broker, topic) = broker();
        let gone = tokio::spawn(wait(broker.clone(), topic.clone(), SOON));
        until_parked(&broker, 1).await;
        gone.abort();
        until_parked(&broker, 0).await;
        broker.signal(&topic, Bytes::from("1")).unwrap();
        assert_eq!(take(&broker, &topic).await, "1");
    }

    #[tokio::test]
    async fn an_event_handed_to_a_wait_that_never_looks_comes_back_in_order() {
        let (broker, topic) = broker();
        let mut never_looks = Box::pin(wait(broker.clone(), topic.clone(), SOON));
        assert!(once(&mut never_looks).await.is_none());
        broker.signal(&topic, Bytes::from("1")).unwrap();
        broker.signal(&topic, Bytes::from("2")).unwrap();
        drop(never_looks);
        assert_eq!(take(&broker, &topic).await, "1");
        assert_eq!(take(&broker, &topic).await, "2");
    }

    #[tokio::test]
    async fn a_duplicate_is_made_once() {
        let (broker, topic) = broker();
        broker.signal(&topic, Bytes::from("1")).unwrap();
        for _ in 0..2 {
            match wait(broker.clone(), topic.clone(), SOON).await {
                WaitEnd::Event(delivery) => broker.duplicate(&delivery.confirm()),
                WaitEnd::TimeUp | WaitEnd::Closing => panic!("no event"),
            }
        }
        assert_eq!(broker.queued(), 0);
    }

    #[tokio::test]
    async fn closing_ends_every_wait() {
        let (broker, topic) = broker();
        let waiter = tokio::spawn(wait(broker.clone(), topic.clone(), SOON));
        until_parked(&broker, 1).await;
        broker.close();
        assert!(matches!(waiter.await.unwrap(), WaitEnd::Closing));
        assert!(matches!(wait(broker, topic, SOON).await, WaitEnd::Closing));
    }

    /// Polls a future once.
    async fn once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|cx| match std::pin::Pin::new(&mut *future).poll(cx) {
            std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
            std::task::Poll::Pending => std::task::Poll::Ready(None),
        })
        .await
    }
}
