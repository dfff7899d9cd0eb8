//! The body of an answer: whole, or broken on purpose, and tied to the delivery that it makes.
//!
//! Its last bytes put the delivery into the connection's outbox; a body that is dropped before gives
//! the event back.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;

use crate::serve::broker::{Delivery, Outbox};

/// Bytes to send and what becomes of the event in them.
pub struct AnswerBody {
    rest: Bytes,
    delivery: Option<Delivery>,
    outbox: Arc<Outbox>,
    manner: Manner,
}

enum Manner {
    Whole,
    /// So many bytes at a time.
    Slow {
        bytes: usize,
        per: Duration,
        pause: Option<Pin<Box<Sleep>>>,
    },
    /// Half of it is still to come; then a moment for it to leave; then the end.
    Cut(Half),
}

enum Half {
    Unsent,
    Leaving,
    Left,
}

impl AnswerBody {
    pub fn whole(bytes: Bytes, delivery: Option<Delivery>, outbox: Arc<Outbox>) -> Self {
        Self { rest: bytes, delivery, outbox, manner: Manner::Whole }
    }

    pub fn slow(self, bytes: usize, per: Duration) -> Self {
        Self { manner: Manner::Slow { bytes, per, pause: None }, ..self }
    }

    /// The event in it is lost: that is what this fault is for.
    pub fn cut(mut self) -> Self {
        self.delivery.take().map(Delivery::confirm);
        Self { manner: Manner::Cut(Half::Unsent), ..self }
    }

    /// The next bytes; the last ones complete the delivery.
    fn send(&mut self, at_most: usize) -> Option<Result<Frame<Bytes>, io::Error>> {
        if self.rest.is_empty() {
            return None;
        }
        let next = self.rest.split_to(at_most.min(self.rest.len()));
        if self.rest.is_empty()
            && let Some(delivery) = self.delivery.take()
        {
            self.outbox.load(delivery);
        }
        Some(Ok(Frame::data(next)))
    }
}

impl http_body::Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        let at_most = match &mut this.manner {
            Manner::Whole => usize::MAX,
            Manner::Slow { bytes, per, pause } => {
                if let Some(pause) = pause {
                    ready!(pause.as_mut().poll(cx));
                }
                *pause = Some(Box::pin(tokio::time::sleep(*per)));
                *bytes
            }
            Manner::Cut(half) => match half {
                Half::Unsent => {
                    *half = Half::Leaving;
                    this.rest.len() / 2
                }
                Half::Leaving => {
                    // hyper writes out what it has when the body has nothing for it.
                    *half = Half::Left;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Half::Left => return Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into()))),
            },
        };
        Poll::Ready(this.send(at_most))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
