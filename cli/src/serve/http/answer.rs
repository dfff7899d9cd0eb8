//! What the server answers when there is no event: the API's error shape, and the signal's receipt.
//!
//! No request body and no key ever finds its way into a message.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A refusal, as the API words it: `{"error":{"code":408,"message":"..."}}`.
#[derive(Debug)]
pub struct Refusal {
    pub status: StatusCode,
    pub message: String,
}

impl Refusal {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// Left on a response for the journal.
#[derive(Clone)]
pub struct Refused(pub String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": { "code": self.status.as_u16(), "message": self.message } }));
        let mut response = (self.status, body).into_response();
        response.extensions_mut().insert(Refused(self.message));
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}

/// The answer to a signal that was accepted.
pub const RECEIPT: &[u8] = br#"{"data":{"status":"signaled"}}"#;

pub fn no_such_operation() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "No such operation")
}
