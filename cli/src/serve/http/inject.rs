//! Injects faults: in place of carrying a request out, or into its answer.
//!
//! `faults` decides which fault is due; `api` gives the answers without a fault.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::answer::ApiError;
use super::body::AnswerBody;
use super::connection::Peer;
use crate::serve::broker::{Activity, Broker, Delivery, Journal, Outbox, Topic};
use crate::serve::faults::{Fault, Faults, Operation, Stage};

/// Injects the faults that the rules ask for, and logs each.
#[derive(Clone)]
pub struct FaultInjector {
    pub faults: Arc<Faults>,
    pub journal: Arc<Journal>,
}

impl FaultInjector {
    /// An answer in place of carrying the request out, if a rule asks for one.
    pub async fn replace_request(
        &self,
        topic: &Topic,
        operation: Operation,
        broker: &Broker,
        peer: &Peer,
    ) -> Option<Response> {
        match self.due(topic, operation, Stage::Request)? {
            Fault::Status(status) => Some(ApiError::new(status, "A fault rule asked for this").into_response()),
            Fault::Html(status) => Some((status, Html(gateway_page(status))).into_response()),
            _ => {
                broker.closed().await;
                peer.outbox.abort();
                Some(StatusCode::SERVICE_UNAVAILABLE.into_response())
            }
        }
    }

    /// The answer, with a fault if a rule asks for one.
    pub fn respond(
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
                outbox.abort();
                body.cut()
            }
            _ => body,
        })
    }

    fn due(&self, topic: &Topic, operation: Operation, stage: Stage) -> Option<Fault> {
        let fault = self.faults.take(&topic.name, operation, stage)?;
        self.journal.note(Activity::Fault { topic: topic.clone(), fault: fault.to_string() });
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
