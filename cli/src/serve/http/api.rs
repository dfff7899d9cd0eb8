//! The two operations of the event-coordination API, as its OpenAPI file describes them.
//!
//! This is HTTP in front of the broker. What is not in the API's file is in `admin` and `page`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};

use super::access::Access;
use super::answer::{ApiError, RECEIPT, bad_request, no_such_operation};
use super::connection::Peer;
use super::inject::FaultInjector;
use super::request::{requested_timeout, signaled_data};
use crate::serve::broker::{Account, Accounts, Broker, Full, Topic, WaitEnd};
use crate::serve::faults::{Latency, Operation};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
        .layer(from_fn_with_state(api.clone(), around_each_request))
        .layer(DefaultBodyLimit::max(max_body))
        .with_state(api)
}

/// Runs around each request: adds the latency, and refuses other web pages. The answer has the request's id, as that of a gateway
/// does.
async fn around_each_request(State(api): State<Api>, request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).cloned();
    api.latency.delay().await;
    let mut answer = match api.access.check_origin(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    answer.headers_mut().extend(id.map(|id| (REQUEST_ID, id)));
    answer
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
