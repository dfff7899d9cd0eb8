//! One parked wait: how it receives its event, and how it leaves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::delivery::Delivery;
use super::event::Topic;
use super::journal::Activity;
use super::store::Ticket;
use super::{Broker, WaitEnd};

/// A parked wait as the store sees it: a channel for its event, and the facts that a snapshot shows.
pub struct Waiter {
    pub sender: oneshot::Sender<Delivery>,
    pub peer: SocketAddr,
    pub since: Instant,
    pub timeout: Duration,
}

/// A parked wait as its request sees it. Dropping it leaves the topic.
pub struct Parked {
    pub broker: Arc<Broker>,
    pub topic: Topic,
    pub ticket: Ticket,
    pub receiver: oneshot::Receiver<Delivery>,
    pub since: Instant,
}

impl Parked {
    pub async fn wait(mut self, timeout: Duration) -> WaitEnd {
        let broker = self.broker.clone();
        let end = tokio::select! {
            biased;
            Ok(delivery) = &mut self.receiver => return WaitEnd::Event(delivery),
            () = broker.closed() => WaitEnd::Closing,
            () = tokio::time::sleep(timeout) => WaitEnd::TimeUp,
        };
        if self.leave() {
            self.note(&end);
            return end;
        }
        // An event was handed over at the same moment, and it is the better answer.
        match (&mut self.receiver).await {
            Ok(delivery) => WaitEnd::Event(delivery),
            Err(_) => end,
        }
    }

    /// Whether the wait was still parked.
    fn leave(&self) -> bool {
        self.broker.store().leave(&self.topic, self.ticket).is_some()
    }

    fn note(&self, end: &WaitEnd) {
        let (topic, wait, waited_ms) = (self.topic.clone(), self.ticket.0, millis(self.since.elapsed()));
        match end {
            WaitEnd::Event(_) => {}
            WaitEnd::TimeUp => self.broker.journal.note(Activity::TimedOut { topic, wait, waited_ms }),
            WaitEnd::Closing => self.broker.journal.note(Activity::Dismissed { topic, wait, waited_ms }),
        }
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        if self.leave() {
            let (topic, wait, waited_ms) = (self.topic.clone(), self.ticket.0, millis(self.since.elapsed()));
            self.broker.journal.note(Activity::HungUp { topic, wait, waited_ms });
        }
    }
}

pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
