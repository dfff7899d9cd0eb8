//! The page at `/`: joined from three files, no build step, nothing from elsewhere.
//!
//! It is given to this machine only, with the token in it: that other pages cannot read it is what
//! keeps them from using the admin endpoint.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::access::{self, Token, check_local};
use super::answer::Refusal;
use super::connection::Peer;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

pub fn routes(token: Token) -> Router {
    Router::new().route("/", get(page)).with_state(token)
}

async fn page(
    State(token): State<Token>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    check_local(&headers, peer.address)?;
    // The page's own script and style are known by a number used once; anything smuggled in is not run.
    let nonce = access::random().map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "No random numbers"))?;
    let page = PAGE.replace("{{nonce}}", &nonce).replace("{{style}}", STYLE).replace("{{script}}", SCRIPT);
    let page = page.replace("{{token}}", &attribute(token.as_str()));
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

/// A given token may hold anything that an attribute must not.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
