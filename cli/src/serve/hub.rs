//! The store made live: waits that really block, deliveries that come back, an end for everybody.
//!
//! The rules are `store`'s. Not here: HTTP, and when a delivery counts as made (`delivery`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{oneshot, watch};

use super::delivery::Delivery;
use super::store::{Event, Full, Limits, Signaled, Store, Ticket, Topic, Waited};

/// Where signals and waits meet.
pub struct Hub {
    store: Mutex<Store<Waiter>>,
    closing: watch::Sender<bool>,
}

/// How a wait ended.
pub enum WaitEnd {
    Event(Delivery),
    TimeUp,
    Closing,
}

/// A parked wait, as the store sees it: the way to hand it an event.
struct Waiter {
    hand: oneshot::Sender<Delivery>,
}

impl Hub {
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            store: Mutex::new(Store::new(limits)),
            closing: watch::Sender::new(false),
        })
    }

    /// Hands the event to the longest waiter or queues it.
    pub fn signal(self: &Arc<Self>, topic: &Topic, data: Bytes) -> Result<(), Full> {
        // The guard must be gone before anything is handed over: a delivery that fails locks again.
        let signaled = self.store().signal(topic, data, Instant::now())?;
        if let Signaled::Handed(waiter, event) = signaled {
            self.hand_over(waiter, event);
        }
        Ok(())
    }

    /// Blocks until there is an event for this topic or the time is up.
    ///
    /// Dropping the future is hanging up: the wait leaves its line, and an event that was already on
    /// its way goes back.
    pub async fn wait(self: &Arc<Self>, topic: Topic, timeout: Duration) -> WaitEnd {
        let (hand, taken) = oneshot::channel();
        let waited = self.store().wait(&topic, Waiter { hand });
        match waited {
            Waited::Taken(event, _) => WaitEnd::Event(Delivery::new(self.clone(), event)),
            Waited::Parked(ticket) => {
                Parked {
                    hub: self.clone(),
                    topic,
                    ticket,
                    taken,
                }
                .wait(timeout)
                .await
            }
        }
    }

    /// An event that did not reach its waiter is offered to the next one, or queued where it was.
    pub fn give_back(self: &Arc<Self>, event: Event) {
        let next = self.store().give_back(event);
        if let Some((waiter, event)) = next {
            self.hand_over(waiter, event);
        }
    }

    /// Ends every wait, now and from now on.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// How many signals nobody has taken.
    pub fn queued(&self) -> usize {
        self.store().queued().count()
    }

    fn hand_over(self: &Arc<Self>, waiter: Waiter, event: Event) {
        // If the waiter is gone, the delivery is dropped here, which gives the event back.
        drop(waiter.hand.send(Delivery::new(self.clone(), event)));
    }

    fn store(&self) -> MutexGuard<'_, Store<Waiter>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One wait in line. Dropping it leaves the line.
struct Parked {
    hub: Arc<Hub>,
    topic: Topic,
    ticket: Ticket,
    taken: oneshot::Receiver<Delivery>,
}

impl Parked {
    async fn wait(mut self, timeout: Duration) -> WaitEnd {
        let mut closing = self.hub.closing.subscribe();
        let end = tokio::select! {
            biased;
            Ok(delivery) = &mut self.taken => return WaitEnd::Event(delivery),
            _ = closing.wait_for(|closing| *closing) => WaitEnd::Closing,
            () = tokio::time::sleep(timeout) => WaitEnd::TimeUp,
        };
        if self.leave() {
            return end;
        }
        // Chosen in this very instant: the event is on its way and is the better answer.
        match (&mut self.taken).await {
            Ok(delivery) => WaitEnd::Event(delivery),
            Err(_) => end,
        }
    }

    /// Whether the wait was still in line.
    fn leave(&self) -> bool {
        self.hub.store().leave(&self.topic, self.ticket).is_some()
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::accounts::Account;

    const SOON: Duration = Duration::from_secs(30);

    fn hub() -> (Arc<Hub>, Topic) {
        let limits = Limits {
            queue: 10,
            queued_bytes: 1000,
            retention: Duration::MAX,
        };
        (
            Hub::new(limits),
            Topic {
                account: Account(1),
                name: "a".into(),
            },
        )
    }

    fn data(end: WaitEnd) -> Bytes {
        match end {
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
            async move { data(hub.wait(topic, SOON).await) }
        });
        until_parked(&hub, 1).await;
        hub.signal(&topic, Bytes::from("{}")).unwrap();
        assert_eq!(waiter.await.unwrap(), "{}");
    }

    #[tokio::test]
    async fn a_wait_without_a_signal_ends_with_its_time_and_leaves_no_trace() {
        let (hub, topic) = hub();
        let end = hub.wait(topic, Duration::from_millis(1)).await;
        assert!(matches!(end, WaitEnd::TimeUp));
        until_parked(&hub, 0).await;
    }

    #[tokio::test]
    async fn a_wait_that_hung_up_is_passed_over() {
        let (hub, topic) = hub();
        let gone = tokio::spawn({
            let (hub, topic) = (hub.clone(), topic.clone());
            async move { drop(hub.wait(topic, SOON).await) }
        });
        until_parked(&hub, 1).await;
        gone.abort();
        until_parked(&hub, 0).await;
        hub.signal(&topic, Bytes::from("1")).unwrap();
        assert_eq!(data(hub.wait(topic, SOON).await), "1");
    }

    #[tokio::test]
    async fn an_event_handed_to_a_wait_that_never_looks_comes_back_in_order() {
        let (hub, topic) = hub();
        let mut wait = Box::pin(hub.wait(topic.clone(), SOON));
        assert!(futures_poll(&mut wait).await.is_none());
        hub.signal(&topic, Bytes::from("1")).unwrap();
        hub.signal(&topic, Bytes::from("2")).unwrap();
        drop(wait);
        assert_eq!(data(hub.wait(topic.clone(), SOON).await), "1");
        assert_eq!(data(hub.wait(topic, SOON).await), "2");
    }

    #[tokio::test]
    async fn closing_ends_every_wait() {
        let (hub, topic) = hub();
        let waiter = tokio::spawn({
            let (hub, topic) = (hub.clone(), topic.clone());
            async move { hub.wait(topic, SOON).await }
        });
        until_parked(&hub, 1).await;
        hub.close();
        assert!(matches!(waiter.await.unwrap(), WaitEnd::Closing));
        assert!(matches!(hub.wait(topic, SOON).await, WaitEnd::Closing));
    }

    /// One poll of a future, and what it gave.
    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|cx| match std::pin::Pin::new(&mut *future).poll(cx) {
            std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
            std::task::Poll::Pending => std::task::Poll::Ready(None),
        })
        .await
    }
}
