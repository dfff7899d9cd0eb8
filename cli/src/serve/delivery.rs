//! When a delivery counts as made: an event that was not written out whole goes back to its place.
//!
//! An answer passes through three hands. The handler holds a `Delivery`; its body, when it is read,
//! puts the delivery into the connection's `Outbox`; the connection settles it once the bytes are with
//! the kernel and the peer has not refused them. Whoever drops it on the way gives the event back.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::{BufMut, Bytes, BytesMut};
use http_body::{Frame, SizeHint};

use super::hub::Hub;
use super::store::Event;

/// For this long after an answer was written, a reset tells that it was not read.
const REFUSAL_WINDOW: Duration = Duration::from_secs(2);

/// An event on its way to a waiter. Dropped unconfirmed, it gives the event back.
pub struct Delivery {
    hub: Arc<Hub>,
    event: Option<Event>,
}

impl Delivery {
    pub fn new(hub: Arc<Hub>, event: Event) -> Self {
        Self {
            hub,
            event: Some(event),
        }
    }

    /// The event has reached its waiter.
    pub fn confirm(mut self) -> Event {
        self.event
            .take()
            .expect("only confirm and drop take the event")
    }

    /// The answer's body: its bytes, tied to what becomes of the delivery.
    pub fn into_body(self, outbox: Arc<Outbox>) -> Body {
        let data = self.event.as_ref().map_or(&b"{}"[..], |event| &event.data);
        let mut answer = BytesMut::with_capacity(data.len() + 9);
        answer.put_slice(b"{\"data\":");
        answer.put_slice(data);
        answer.put_slice(b"}");
        Body::new(EventBody {
            answer: Some(answer.freeze()),
            delivery: Some(self),
            outbox,
        })
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(event) = self.event.take() {
            self.hub.give_back(event);
        }
    }
}

struct EventBody {
    answer: Option<Bytes>,
    delivery: Option<Delivery>,
    outbox: Arc<Outbox>,
}

impl http_body::Body for EventBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(delivery) = self.delivery.take() {
            self.outbox.load(delivery);
        }
        Poll::Ready(self.answer.take().map(|answer| Ok(Frame::data(answer))))
    }

    fn is_end_stream(&self) -> bool {
        self.answer.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.answer.as_ref().map_or(0, |answer| answer.len() as u64))
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
}

impl Outbox {
    fn load(&self, delivery: Delivery) {
        self.replace(|_| Slot::Loaded(delivery));
    }

    pub fn is_loaded(&self) -> bool {
        matches!(*self.slot(), Slot::Loaded(_))
    }

    /// Everything that was loaded has left the server's own buffers.
    pub fn written(&self) {
        self.replace(|slot| match slot {
            Slot::Loaded(delivery) => Slot::Written(delivery, Instant::now()),
            other => other,
        });
    }

    /// The peer has gone on in good order: what was written is delivered.
    pub fn settle(&self) {
        self.replace(|slot| match slot {
            Slot::Written(delivery, _) => {
                delivery.confirm();
                Slot::Empty
            }
            other => other,
        });
    }

    /// The peer has reset the connection: what it was being given is not delivered.
    pub fn refuse(&self) {
        self.replace(|slot| match slot {
            Slot::Written(delivery, at) if at.elapsed() > REFUSAL_WINDOW => {
                delivery.confirm();
                Slot::Empty
            }
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
