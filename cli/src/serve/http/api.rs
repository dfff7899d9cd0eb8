//! The two operations of the event-coordination API, as its OpenAPI file describes them.
//!
//! This is HTTP in front of the broker. What is not in the API's file is in `admin` and `page`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::access::Access;
use super::answer::{ApiError, RECEIPT, no_such_operation};
use super::connection::Peer;
use super::inject::FaultInjector;
use crate::serve::broker::{Account, Accounts, Broker, Full, Topic, WaitEnd};
use crate::serve::faults::{Latency, Operation};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// What the operations need.
#[derive(Clone)]
pub struct Api {
    pub broker: Arc<Broker>,
    pub accounts: Arc<Accounts>,
    pub access: Arc<Access>,
    pub injector: FaultInjector,
    pub latency: Latency,
    /// The longest time that a wait is held, whatever it asks for.
    pub max_wait: Duration,
    pub max_body: usize,
}

/// The API's routes.
pub fn routes(api: Api) -> Router {
    let max_body = api.max_body;
    Router::new()
        .route("/v1/events/{event_name}/wait", post(wait))
        .route("/v1/events/{event_name}", post(signal))
        .layer(from_fn_with_state(api.clone(), before_each_request))
        .layer(DefaultBodyLimit::max(max_body))
        .with_state(api)
}

/// Runs before each request: adds the latency, and refuses other web pages.
async fn before_each_request(State(api): State<Api>, request: Request, next: Next) -> Response {
    api.latency.delay().await;
    match api.access.check_origin(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn wait(
    State(api): State<Api>,
    account: Account,
    EventName(name): EventName,
    Extension(peer): Extension<Peer>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let timeout = requested_timeout(&body.map_err(unreadable)?)?.min(api.max_wait);
    let topic = Topic { account, name };
    if let Some(fault) = api.injector.replace_request(&topic, Operation::Wait, &api.broker, &peer).await {
        return Ok(fault);
    }
    match api.broker.wait(topic.clone(), timeout, peer.address).await {
        WaitEnd::Event(delivery) => {
            let answer = delivery.answer();
            Ok(api.injector.respond(&topic, Operation::Wait, answer, Some(delivery), peer.outbox))
        }
        WaitEnd::TimeUp => Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "The event was not signaled in time")),
        WaitEnd::Closing => Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "The server is shutting down")),
    }
}

async fn signal(
    State(api): State<Api>,
    account: Account,
    EventName(name): EventName,
    Extension(peer): Extension<Peer>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let data = signaled_data(&body.map_err(unreadable)?)?;
    let topic = Topic { account, name };
    if let Some(fault) = api.injector.replace_request(&topic, Operation::Signal, &api.broker, &peer).await {
        return Ok(fault);
    }
    api.broker.signal(&topic, data).map_err(full)?;
    Ok(api.injector.respond(&topic, Operation::Signal, Bytes::from_static(RECEIPT), None, peer.outbox))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WaitRequest {
    /// `null` is not an integer, and not the same as a missing member.
    #[serde(default, deserialize_with = "present")]
    timeout_ms: Option<Value>,
}

/// The body may be missing, and so may the timeout in it.
fn requested_timeout(body: &[u8]) -> Result<Duration, ApiError> {
    if body.is_empty() {
        return Ok(DEFAULT_TIMEOUT);
    }
    let request: WaitRequest = object(body)
        .and_then(|_| serde_json::from_slice(body).ok())
        .ok_or_else(|| bad_request("The body must be a JSON object"))?;
    let Some(timeout_ms) = request.timeout_ms else {
        return Ok(DEFAULT_TIMEOUT);
    };
    let ms = timeout_ms.as_f64().filter(|ms| ms.fract() == 0.0);
    let ms = ms.ok_or_else(|| bad_request("timeoutMs must be an integer"))?;
    // A negative timeout asks once, as 0 does.
    Ok(Duration::try_from_secs_f64((ms / 1000.0).max(0.0)).unwrap_or(Duration::MAX))
}

fn present<'de, D: Deserializer<'de>>(member: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(member).map(Some)
}

#[derive(Deserialize)]
struct SignalRequest<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// The data byte for byte as it was sent: numbers keep their digits, members keep their order.
pub fn signaled_data(body: &[u8]) -> Result<Bytes, ApiError> {
    object(body).ok_or_else(|| bad_request("The body must be a JSON object"))?;
    let request: SignalRequest =
        serde_json::from_slice(body).map_err(|_| bad_request("The body must be a JSON object"))?;
    let data = request.data.map(|data| data.get().as_bytes()).filter(|data| object(data).is_some());
    let data = data.ok_or_else(|| bad_request("Event data is required and must be a JSON object"))?;
    Ok(Bytes::copy_from_slice(data))
}

/// Checks the whole JSON text, since the server passes it on unchanged.
fn object(json: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(json).ok()
}

struct EventName(Arc<str>);

impl FromRequestParts<Api> for EventName {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let name: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, api).await;
        let Path(name) = name.map_err(|_| bad_request("The event name must be percent-encoded UTF-8"))?;
        if name.is_empty() {
            return Err(no_such_operation());
        }
        Ok(Self(name.into()))
    }
}

impl FromRequestParts<Api> for Account {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let key = parts.headers.get("anchor-api-key").map(HeaderValue::as_bytes);
        key.and_then(|key| api.accounts.open(key))
            .ok_or_else(|| ApiError::new(StatusCode::UNAUTHORIZED, "Invalid API key"))
    }
}

pub fn bad_request(message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, message)
}

fn unreadable(rejection: BytesRejection) -> ApiError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
        status => ApiError::new(status, "The body could not be read"),
    }
}

pub fn full(full: Full) -> ApiError {
    let message = match full {
        Full::Queue(limit) => {
            format!("{limit} signals of this name are queued already, which is the limit")
        }
        Full::Bytes(limit) => format!("The queues hold {limit} bytes at most, and this signal does not fit"),
    };
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_may_leave_out_its_time() {
        for body in ["", "{}", r#"{"other":1}"#] {
            assert_eq!(requested_timeout(body.as_bytes()).unwrap(), DEFAULT_TIMEOUT, "{body}");
        }
    }

    #[test]
    fn a_wait_s_time_is_in_milliseconds_and_any_integer() {
        for (ms, expected) in [("1500", 1500), ("0", 0), ("-5", 0), ("2.0", 2)] {
            let body = format!(r#"{{"timeoutMs":{ms}}}"#);
            assert_eq!(requested_timeout(body.as_bytes()).unwrap(), Duration::from_millis(expected), "{ms}");
        }
        assert_eq!(requested_timeout(br#"{"timeoutMs":1e300}"#).unwrap(), Duration::MAX);
    }

    #[test]
    fn a_wait_that_makes_no_sense_is_refused() {
        for body in [
            "[]",
            "7",
            "{",
            "null",
            r#"{"timeoutMs":"5"}"#,
            r#"{"timeoutMs":1.5}"#,
            r#"{"timeoutMs":true}"#,
            r#"{"timeoutMs":null}"#,
        ] {
            let refusal = requested_timeout(body.as_bytes()).unwrap_err();
            assert_eq!(refusal.status, StatusCode::BAD_REQUEST, "{body}");
        }
    }

    #[test]
    fn signaled_data_is_kept_byte_for_byte() {
        let data = signaled_data(br#" {"x":1, "data" : { "b":1.50, "a":1e999999 ,"c":"\u00e9"} } "#);
        assert!(data.is_err(), "a number beyond every double is refused");
        let data = signaled_data(br#" {"x":1, "data" : { "b":1.50, "a":12345678901234567890123 } } "#).unwrap();
        assert_eq!(data, &br#"{ "b":1.50, "a":12345678901234567890123 }"#[..]);
    }

    #[test]
    fn a_signal_without_an_object_as_data_is_refused() {
        let bodies = ["", "{}", "[]", "x", r#"{"data":null}"#, r#"{"data":[]}"#, r#"{"data":1}"#, r#"{"data":"{}"}"#];
        for body in bodies.iter().copied().chain([r#"{"data":{"a":"\ud800"}}"#, r#"{"data":{}"#]) {
            assert_eq!(signaled_data(body.as_bytes()).unwrap_err().status, StatusCode::BAD_REQUEST, "{body}");
        }
    }
}
