//! How a fault is made: in place of a request's work, or to its answer.
//!
//! Which fault is due is `faults`'; what is answered on good days is `api`'s.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::answer::Refusal;
use super::body::AnswerBody;
use super::connection::Peer;
use crate::serve::broker::{Delivery, Hub, Journal, Outbox, Topic, What};
use crate::serve::faults::{Fault, Faults, Operation, Stage};

/// Makes the faults that the rules ask for, and notes each.
#[derive(Clone)]
pub struct Mischief {
    pub faults: Arc<Faults>,
    pub journal: Arc<Journal>,
}

impl Mischief {
    /// The answer that takes the place of the request's work, if a rule asks for one.
    pub async fn instead(&self, topic: &Topic, operation: Operation, hub: &Hub, peer: &Peer) -> Option<Response> {
        match self.due(topic, operation, Stage::Request)? {
            Fault::Status(status) => Some(Refusal::new(status, "A fault rule asked for this").into_response()),
            Fault::Html(status) => Some((status, Html(gateway_page(status))).into_response()),
            _ => {
                hub.closed().await;
                peer.outbox.sever();
                Some(StatusCode::SERVICE_UNAVAILABLE.into_response())
            }
        }
    }

    /// The answer, or what a rule makes of it.
    pub fn answer(
        &self,
        topic: &Topic,
        operation: Operation,
        bytes: Bytes,
        delivery: Option<Delivery>,
        outbox: Arc<Outbox>,
    ) -> Response {
        let fault = self.due(topic, operation, Stage::Answer);
        if let (Some(Fault::Duplicate), Some(delivery)) = (fault, &delivery) {
            delivery.duplicate();
        }
        let body = AnswerBody::whole(bytes, delivery, outbox.clone());
        json(match fault {
            Some(Fault::CutBody) => body.cut(),
            Some(Fault::Slow { bytes, per }) => body.slow(bytes, per),
            Some(Fault::DropAfterConsume) => {
                outbox.sever();
                body.cut()
            }
            _ => body,
        })
    }

    fn due(&self, topic: &Topic, operation: Operation, stage: Stage) -> Option<Fault> {
        let fault = self.faults.take(&topic.name, operation, stage)?;
        self.journal.note(What::Fault { topic: topic.clone(), fault: fault.to_string() });
        Some(fault)
    }
}

fn json(body: AnswerBody) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Body::new(body)).into_response()
}

fn gateway_page(status: StatusCode) -> String {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body><center><h1>{title}</h1></center></body>\r\n</html>\r\n"
    )
}
