//! When an event counts as delivered. An event whose answer was not written out whole is offered again.
//!
//! The handler of a request holds a `Delivery`. When the last bytes of the answer's body are read, the body
//! puts it into the connection's `Outbox`. The connection settles it when the bytes are with the kernel and
//! the peer has not rejected them. Dropping a `Delivery` at any point before that offers the event again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};

use super::Broker;
use super::event::Event;

/// A reset within this time after an answer was written means that the peer did not read the answer.
const REFUSAL_WINDOW: Duration = Duration::from_secs(2);

/// An event on its way to a waiter. Dropping it before it is confirmed offers the event again.
pub struct Delivery {
    broker: Arc<Broker>,
    event: Option<Event>,
}

impl Delivery {
    pub fn new(broker: Arc<Broker>, event: Event) -> Self {
        Self { broker, event: Some(event) }
    }

    /// The event has reached its waiter, or a fault rule loses it.
    pub fn confirm(mut self) -> Event {
        self.event.take().expect("only confirm and drop take the event")
    }

    /// The answer's bytes.
    pub fn answer(&self) -> Bytes {
        let data = self.event().data.clone();
        let mut answer = BytesMut::with_capacity(data.len() + 9);
        answer.put_slice(b"{\"data\":");
        answer.put(data);
        answer.put_slice(b"}");
        answer.freeze()
    }

    /// Hands the event to the next wait too.
    pub fn duplicate(&self) {
        self.broker.duplicate(self.event());
    }

    fn event(&self) -> &Event {
        self.event.as_ref().expect("only confirm and drop take the event")
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(event) = self.event.take() {
            self.broker.redeliver(event);
        }
    }
}

/// The delivery that a connection carries. HTTP/1 answers one request at a time, so there is at most one.
#[derive(Default)]
pub struct Outbox(Mutex<Slot>);

#[derive(Default)]
enum Slot {
    #[default]
    Empty,
    /// The bytes are in the server's own buffers.
    Loaded(Delivery),
    /// The bytes are with the kernel.
    Written(Delivery, Instant),
    /// The connection ends without another byte.
    Aborted,
}

impl Outbox {
    pub fn load(&self, delivery: Delivery) {
        self.replace(|_| Slot::Loaded(delivery));
    }

    pub fn is_loaded(&self) -> bool {
        matches!(*self.slot(), Slot::Loaded(_))
    }

    /// Ends the connection before its next byte.
    pub fn abort(&self) {
        self.replace(|_| Slot::Aborted);
    }

    pub fn is_aborted(&self) -> bool {
        matches!(*self.slot(), Slot::Aborted)
    }

    /// What was loaded will not be written any more: the event is offered again.
    pub fn unload(&self) {
        self.replace(|slot| match slot {
            Slot::Loaded(_) => Slot::Empty,
            other => other,
        });
    }

    pub fn is_written(&self) -> bool {
        matches!(*self.slot(), Slot::Written(..))
    }

    /// Everything that was loaded has left the server's own buffers.
    pub fn written(&self) {
        self.replace(|slot| match slot {
            Slot::Loaded(delivery) => {
                delivery.broker.note_delivered(delivery.event());
                Slot::Written(delivery, Instant::now())
            }
            other => other,
        });
    }

    /// The peer sent more or ended without a reset: what was written is delivered.
    pub fn settle(&self) {
        self.replace(|slot| match slot {
            Slot::Written(delivery, _) => confirmed(delivery),
            other => other,
        });
    }

    /// The peer rejected the answer by a reset: the event is not delivered.
    pub fn reject(&self) {
        self.replace(|slot| match slot {
            Slot::Written(delivery, at) if at.elapsed() > REFUSAL_WINDOW => confirmed(delivery),
            _ => Slot::Empty,
        });
    }

    fn replace(&self, change: impl FnOnce(Slot) -> Slot) {
        let mut slot = self.slot();
        let taken = std::mem::take(&mut *slot);
        // A delivery that is dropped here locks the broker; it never locks this slot again.
        *slot = change(taken);
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn confirmed(delivery: Delivery) -> Slot {
    delivery.confirm();
    Slot::Empty
}
