//! The store made live: waits that really block, deliveries that come back, an end for everybody.
//!
//! The rules are `store`'s. Not here: HTTP, and when a delivery counts as made (`delivery`).

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{oneshot, watch};

use super::delivery::Delivery;
use super::event::{Event, Topic};
use super::journal::{Journal, What};
use super::recent::Recent;
use super::snapshot::Snapshot;
use super::store::{Full, Limits, Signaled, Store, Waited};
use super::waiter::{Parked, Waiter, millis};

/// Where signals and waits meet.
pub struct Hub {
    store: Mutex<Store<Waiter>>,
    pub(super) journal: Arc<Journal>,
    recent: Recent,
    closing: watch::Sender<bool>,
}

/// How a wait ended.
pub enum WaitEnd {
    Event(Delivery),
    TimeUp,
    Closing,
}

impl Hub {
    pub fn new(limits: Limits, journal: Arc<Journal>) -> Arc<Self> {
        let store = Mutex::new(Store::new(limits));
        Arc::new(Self { store, journal, recent: Recent::default(), closing: watch::Sender::new(false) })
    }

    /// Hands the event to the longest waiter or queues it.
    pub fn signal(self: &Arc<Self>, topic: &Topic, data: Bytes) -> Result<(), Full> {
        let bytes = data.len();
        let mut store = self.store();
        let signaled = store.signal(topic, data.clone(), Instant::now())?;
        let topic = topic.clone();
        let (id, what) = match &signaled {
            Signaled::Handed(ticket, _, event) => {
                (event.id, What::Handed { topic, id: event.id, bytes, wait: ticket.0 })
            }
            Signaled::Queued(id) => (*id, What::Queued { topic, id: *id, bytes }),
        };
        self.recent.keep(id, data);
        self.journal.note(what);
        // The lock must be gone before anything is handed over: a delivery that fails locks again.
        drop(store);
        if let Signaled::Handed(_, waiter, event) = signaled {
            self.hand_over(waiter, event);
        }
        Ok(())
    }

    /// Blocks until there is an event for this topic or the time is up.
    ///
    /// Dropping the future is hanging up: the wait leaves its line, and an event that was already on
    /// its way goes back.
    pub async fn wait(self: &Arc<Self>, topic: Topic, timeout: Duration, peer: SocketAddr) -> WaitEnd {
        match self.park(topic, timeout, peer) {
            Ok(delivery) => WaitEnd::Event(delivery),
            Err(parked) => parked.wait(timeout).await,
        }
    }

    /// An event that did not reach its waiter is offered to the next one, or queued where it was.
    pub fn give_back(self: &Arc<Self>, event: Event) {
        self.journal.note(What::Returned { topic: event.topic.clone(), id: event.id });
        self.offer(event);
    }

    /// The same event once more, for the next wait.
    pub fn duplicate(self: &Arc<Self>, event: &Event) {
        if !event.is_duplicate {
            self.offer(Event { is_duplicate: true, ..event.clone() });
        }
    }

    /// The answer with this event is written out.
    pub fn note_delivered(&self, event: &Event) {
        self.journal.note(What::Delivered { topic: event.topic.clone(), id: event.id });
    }

    /// Drops what was kept as long as it may.
    pub fn expire(&self) {
        for event in self.store().expire(Instant::now()) {
            self.journal.note(What::Expired { topic: event.topic, id: event.id });
        }
    }

    /// Ends every wait, now and from now on.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Ends when the server does.
    pub async fn closed(&self) {
        // The sender is ours, so it cannot be gone.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    /// What was signaled, if it is one of the last signals.
    pub fn data(&self, id: u64) -> Option<Bytes> {
        self.recent.data(id)
    }

    /// How many signals nobody has taken.
    pub fn queued(&self) -> usize {
        self.store().queued().count()
    }

    /// The longest waits and the oldest signals first.
    pub fn snapshot(&self, at_most: usize) -> Snapshot {
        Snapshot::of(&self.store(), at_most, Instant::now())
    }

    fn park(self: &Arc<Self>, topic: Topic, timeout: Duration, peer: SocketAddr) -> Result<Delivery, Parked> {
        let (hand, taken) = oneshot::channel();
        let since = Instant::now();
        let mut store = self.store();
        match store.wait(&topic, Waiter { hand, peer, since, timeout }) {
            Waited::Taken(event, _) => {
                self.journal.note(What::Taken { topic, id: event.id });
                Ok(Delivery::new(self.clone(), event))
            }
            Waited::Parked(ticket) => {
                let timeout_ms = millis(timeout);
                self.journal.note(What::Waiting { topic: topic.clone(), wait: ticket.0, peer, timeout_ms });
                Err(Parked { hub: self.clone(), topic, ticket, taken, since })
            }
        }
    }

    fn offer(self: &Arc<Self>, event: Event) {
        let (id, bytes) = (event.id, event.data.len());
        let next = self.store().give_back(event);
        if let Some((ticket, waiter, event)) = next {
            self.journal.note(What::Handed { topic: event.topic.clone(), id, bytes, wait: ticket.0 });
            self.hand_over(waiter, event);
        }
    }

    fn hand_over(self: &Arc<Self>, waiter: Waiter, event: Event) {
        // If the waiter is gone, the delivery is dropped here, which gives the event back.
        drop(waiter.hand.send(Delivery::new(self.clone(), event)));
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store<Waiter>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::broker::Account;

    const SOON: Duration = Duration::from_secs(30);

    fn hub() -> (Arc<Hub>, Topic) {
        let limits = Limits { queue: 10, queued_bytes: 1000, retention: Duration::MAX };
        (Hub::new(limits, Journal::new()), Topic { account: Account(1), name: "a".into() })
    }

    async fn wait(hub: Arc<Hub>, topic: Topic, timeout: Duration) -> WaitEnd {
        hub.wait(topic, timeout, ([127, 0, 0, 1], 1).into()).await
    }

    async fn take(hub: &Arc<Hub>, topic: &Topic) -> Bytes {
        match wait(hub.clone(), topic.clone(), SOON).await {
            WaitEnd::Event(delivery) => delivery.confirm().data,
            WaitEnd::TimeUp | WaitEnd::Closing => panic!("no event"),
        }
    }

    async fn until_parked(hub: &Arc<Hub>, count: usize) {
        while hub.store().waiters().count() != count {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_wait_ends_when_the_signal_comes() {
        let (hub, topic) = hub();
        let waiter = tokio::spawn({
            let (hub, topic) = (hub.clone(), topic.clone());
            async move { take(&hub, &topic).await }
        });
        until_parked(&hub, 1).await;
        hub.signal(&topic, Bytes::from("{}")).unwrap();
        assert_eq!(waiter.await.unwrap(), "{}");
    }

    #[tokio::test]
    async fn a_wait_without_a_signal_ends_with_its_time_and_leaves_no_trace() {
        let (hub, topic) = hub();
        let end = wait(hub.clone(), topic, Duration::from_millis(1)).await;
        assert!(matches!(end, WaitEnd::TimeUp));
        until_parked(&hub, 0).await;
    }

    #[tokio::test]
    async fn a_wait_that_hung_up_is_passed_over() {
        let (hub, topic) = hub();
        let gone = tokio::spawn(wait(hub.clone(), topic.clone(), SOON));
        until_parked(&hub, 1).await;
        gone.abort();
        until_parked(&hub, 0).await;
        hub.signal(&topic, Bytes::from("1")).unwrap();
        assert_eq!(take(&hub, &topic).await, "1");
    }

    #[tokio::test]
    async fn an_event_handed_to_a_wait_that_never_looks_comes_back_in_order() {
        let (hub, topic) = hub();
        let mut never_looks = Box::pin(wait(hub.clone(), topic.clone(), SOON));
        assert!(once(&mut never_looks).await.is_none());
        hub.signal(&topic, Bytes::from("1")).unwrap();
        hub.signal(&topic, Bytes::from("2")).unwrap();
        drop(never_looks);
        assert_eq!(take(&hub, &topic).await, "1");
        assert_eq!(take(&hub, &topic).await, "2");
    }

    #[tokio::test]
    async fn a_duplicate_is_made_once() {
        let (hub, topic) = hub();
        hub.signal(&topic, Bytes::from("1")).unwrap();
        for _ in 0..2 {
            match wait(hub.clone(), topic.clone(), SOON).await {
                WaitEnd::Event(delivery) => hub.duplicate(&delivery.confirm()),
                WaitEnd::TimeUp | WaitEnd::Closing => panic!("no event"),
            }
        }
        assert_eq!(hub.queued(), 0);
    }

    #[tokio::test]
    async fn closing_ends_every_wait() {
        let (hub, topic) = hub();
        let waiter = tokio::spawn(wait(hub.clone(), topic.clone(), SOON));
        until_parked(&hub, 1).await;
        hub.close();
        assert!(matches!(waiter.await.unwrap(), WaitEnd::Closing));
        assert!(matches!(wait(hub, topic, SOON).await, WaitEnd::Closing));
    }

    /// One poll of a future, and what it gave.
    async fn once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|cx| match std::pin::Pin::new(&mut *future).poll(cx) {
            std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
            std::task::Poll::Pending => std::task::Poll::Ready(None),
        })
        .await
    }
}
