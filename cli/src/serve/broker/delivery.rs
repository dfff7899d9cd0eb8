//! When a delivery counts as made: an event that was not written out whole goes back to its place.
//!
//! An answer passes through three hands. The handler holds a `Delivery`; its body, when its last bytes
//! are read, puts the delivery into the connection's `Outbox`; the connection settles it once the bytes
//! are with the kernel and the peer has not refused them. Whoever drops it on the way gives it back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};

use super::event::Event;
use super::hub::Hub;

/// For this long after an answer was written, a reset tells that it was not read.
const REFUSAL_WINDOW: Duration = Duration::from_secs(2);

/// An event on its way to a waiter. Dropped unconfirmed, it gives the event back.
pub struct Delivery {
    hub: Arc<Hub>,
    event: Option<Event>,
}

impl Delivery {
    pub fn new(hub: Arc<Hub>, event: Event) -> Self {
        Self { hub, event: Some(event) }
    }

    /// The event has reached its waiter, or is meant to be lost.
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

    /// Keeps the event for the next wait as well.
    pub fn duplicate(&self) {
        self.hub.duplicate(self.event());
    }

    fn event(&self) -> &Event {
        self.event.as_ref().expect("only confirm and drop take the event")
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(event) = self.event.take() {
            self.hub.give_back(event);
        }
    }
}

/// The delivery that a connection is carrying. HTTP/1 answers one request at a time, so one is enough.
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
    /// Nothing is to be written any more.
    Severed,
}

impl Outbox {
    pub fn load(&self, delivery: Delivery) {
        self.replace(|_| Slot::Loaded(delivery));
    }

    pub fn is_loaded(&self) -> bool {
        matches!(*self.slot(), Slot::Loaded(_))
    }

    /// Ends the connection before the next byte.
    pub fn sever(&self) {
        self.replace(|_| Slot::Severed);
    }

    pub fn is_severed(&self) -> bool {
        matches!(*self.slot(), Slot::Severed)
    }

    /// What was loaded will not be written any more, and goes back.
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
                delivery.hub.note_delivered(delivery.event());
                Slot::Written(delivery, Instant::now())
            }
            other => other,
        });
    }

    /// The peer has gone on in good order: what was written is delivered.
    pub fn settle(&self) {
        self.replace(|slot| match slot {
            Slot::Written(delivery, _) => confirmed(delivery),
            other => other,
        });
    }

    /// The peer has refused what it was being given, which so is not delivered.
    pub fn refuse(&self) {
        self.replace(|slot| match slot {
            Slot::Written(delivery, at) if at.elapsed() > REFUSAL_WINDOW => confirmed(delivery),
            _ => Slot::Empty,
        });
    }

    fn replace(&self, change: impl FnOnce(Slot) -> Slot) {
        let mut slot = self.slot();
        let taken = std::mem::take(&mut *slot);
        // A delivery dropped in here locks the hub, never this slot again.
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
