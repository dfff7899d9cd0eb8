//! The page at `/`, joined from three files: no build step, and nothing from other servers.
//!
//! The page contains the admin token. `access` decides who gets it; other web pages cannot read it, so
//! they cannot use the admin endpoint.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::access::{self, Access};
use super::answer::ApiError;
use super::connection::Peer;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

pub fn routes(access: Arc<Access>) -> Router {
    Router::new().route("/", get(page)).with_state(access)
}

async fn page(
    State(access): State<Arc<Access>>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    access.check_page(&headers, &uri, peer.address)?;
    // Only the page's own script and style have the nonce; the browser ignores injected ones.
    let nonce = access::random().map_err(|_| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "No random numbers"))?;
    let page = PAGE.replace("{{nonce}}", &nonce).replace("{{style}}", STYLE).replace("{{script}}", SCRIPT);
    let page = page.replace("{{token}}", &attribute(access.token()));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Html(page)).into_response())
}

/// Escapes a token that was chosen by the user, for an attribute.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
