//! All routes: the API, the admin endpoint, the page, and the fallbacks.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::{Extension, Router};

use super::admin::{self, Admin};
use super::answer::{ApiError, ErrorMessage, no_such_operation};
use super::api::{self, Api};
use super::connection::Peer;
use super::page::{self, Page};
use crate::serve::broker::{Activity, Journal};

pub fn routes(api: Api, admin: Admin, page: Page) -> Router {
    let journal = admin.journal.clone();
    page::routes(page)
        .merge(api::routes(api))
        .merge(admin::routes(admin))
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "The method is not allowed")
        })
        .fallback(async || no_such_operation())
        .layer(from_fn_with_state(journal, note_refusals))
}

/// Logs the requests that were refused. A wait that timed out was not refused.
async fn note_refusals(
    State(journal): State<Arc<Journal>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
        if let Some(ErrorMessage(message)) = response.extensions().get() {
            let message = message.clone();
            journal.note(Activity::Refused { status: status.as_u16(), message, peer: peer.address });
        }
    }
    response
}
