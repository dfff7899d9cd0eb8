//! The answers that hold no event: errors in the API's format, and the answer to a signal.
//!
//! A message never contains a key or any part of a request body.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error in the API's format: `{"error":{"code":408,"message":"..."}}`.
#[derive(Debug)]
pub struct ApiError {
    pub status: StatusCode,
    pub message: String,
}

impl ApiError {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// An extension of the response, from which the journal takes the message.
#[derive(Clone)]
pub struct ErrorMessage(pub String);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": { "code": self.status.as_u16(), "message": self.message } }));
        let mut response = (self.status, body).into_response();
        response.extensions_mut().insert(ErrorMessage(self.message));
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}

/// The answer to a signal that was accepted.
pub const RECEIPT: &[u8] = br#"{"data":{"status":"signaled"}}"#;

pub fn no_such_operation() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "No such operation")
}

pub fn bad_request(message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, message)
}
