//! One wait that is parked: how it gets its event, and how it leaves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::delivery::Delivery;
use super::event::Topic;
use super::hub::{Hub, WaitEnd};
use super::journal::What;
use super::store::Ticket;

/// A parked wait, as the store sees it: the way to hand it an event, and who it is.
pub struct Waiter {
    pub hand: oneshot::Sender<Delivery>,
    pub peer: SocketAddr,
    pub since: Instant,
    pub timeout: Duration,
}

/// One wait in line. Dropping it leaves the line.
pub struct Parked {
    pub hub: Arc<Hub>,
    pub topic: Topic,
    pub ticket: Ticket,
    pub taken: oneshot::Receiver<Delivery>,
    pub since: Instant,
}

impl Parked {
    pub async fn wait(mut self, timeout: Duration) -> WaitEnd {
        let hub = self.hub.clone();
        let end = tokio::select! {
            biased;
            Ok(delivery) = &mut self.taken => return WaitEnd::Event(delivery),
            () = hub.closed() => WaitEnd::Closing,
            () = tokio::time::sleep(timeout) => WaitEnd::TimeUp,
        };
        if self.leave() {
            self.note(&end);
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

    fn note(&self, end: &WaitEnd) {
        let (topic, wait, waited_ms) = (self.topic.clone(), self.ticket.0, millis(self.since.elapsed()));
        match end {
            WaitEnd::Event(_) => {}
            WaitEnd::TimeUp => self.hub.journal.note(What::TimedOut { topic, wait, waited_ms }),
            WaitEnd::Closing => self.hub.journal.note(What::Dismissed { topic, wait, waited_ms }),
        }
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        if self.leave() {
            let (topic, wait, waited_ms) = (self.topic.clone(), self.ticket.0, millis(self.since.elapsed()));
            self.hub.journal.note(What::HungUp { topic, wait, waited_ms });
        }
    }
}

pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
