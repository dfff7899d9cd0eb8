//! The body of an answer, whole or with a fault, and the delivery that it carries.
//!
//! When its last bytes are read, the delivery moves to the connection's outbox. A body that is dropped
//! before that offers the event again.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;

use crate::serve::broker::{Delivery, Outbox};

/// The bytes to send, and the delivery of the event in them.
pub struct AnswerBody {
    rest: Bytes,
    delivery: Option<Delivery>,
    outbox: Arc<Outbox>,
    mode: Mode,
}

enum Mode {
    Whole,
    /// Sends this many bytes at a time.
    Slow {
        bytes: usize,
        per: Duration,
        pause: Option<Pin<Box<Sleep>>>,
    },
    /// Sends half of the body, lets it leave, then fails.
    Cut(CutStep),
}

enum CutStep {
    Unsent,
    Leaving,
    Left,
}

impl AnswerBody {
    pub fn whole(bytes: Bytes, delivery: Option<Delivery>, outbox: Arc<Outbox>) -> Self {
        Self { rest: bytes, delivery, outbox, mode: Mode::Whole }
    }

    pub fn slow(self, bytes: usize, per: Duration) -> Self {
        Self { mode: Mode::Slow { bytes, per, pause: None }, ..self }
    }

    /// The event is lost: that is the purpose of this fault.
    pub fn cut(mut self) -> Self {
        self.delivery.take().map(Delivery::confirm);
        Self { mode: Mode::Cut(CutStep::Unsent), ..self }
    }

    /// The next bytes. With the last ones, the delivery moves to the outbox.
    fn send(&mut self, at_most: usize) -> Option<Result<Frame<Bytes>, io::Error>> {
        if self.rest.is_empty() {
            return None;
        }
        let next = self.rest.split_to(at_most.min(self.rest.len()));
        let is_last = self.rest.is_empty();
        if let Some(delivery) = self.delivery.take_if(|_| is_last) {
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
        let at_most = match &mut this.mode {
            Mode::Whole => usize::MAX,
            Mode::Slow { bytes, per, pause } => {
                if let Some(pause) = pause {
                    ready!(pause.as_mut().poll(cx));
                }
                *pause = Some(Box::pin(tokio::time::sleep(*per)));
                *bytes
            }
            Mode::Cut(half) => match half {
                CutStep::Unsent => {
                    *half = CutStep::Leaving;
                    this.rest.len() / 2
                }
                CutStep::Leaving => {
                    // hyper writes out what it has when the body is not ready.
                    *half = CutStep::Left;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                CutStep::Left => return Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into()))),
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
