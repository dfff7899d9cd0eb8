//! The page at `/`, joined from three files: no build step, and nothing from other servers.
//!
//! The page contains the admin token. `access` decides who gets it; other web pages cannot read it, so
//! they cannot use the admin endpoint.

use std::path::Path;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::access::{self, Access};
use super::answer::ApiError;
use super::connection::Peer;
use crate::serve::environment;
use crate::system::SHELL_SYNTAX;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// What the page shows besides the state.
#[derive(Clone)]
pub struct Page {
    pub access: Arc<Access>,
    /// The file of the certificate authority, if the server uses TLS.
    pub ca_path: Option<Arc<Path>>,
    /// Whether every API key is accepted.
    pub any_key: bool,
}

impl Page {
    /// The environment for a client, with the host name by which the page was opened.
    fn environment(&self, headers: &HeaderMap) -> String {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let scheme = if self.ca_path.is_some() { "https" } else { "http" };
        environment::lines(SHELL_SYNTAX, &format!("{scheme}://{host}"), self.ca_path.as_deref(), self.any_key)
    }
}

pub fn routes(page: Page) -> Router {
    Router::new().route("/", get(send)).with_state(page)
}

async fn send(
    State(page): State<Page>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    page.access.check_page(&headers, &uri, peer.address)?;
    // Only the page's own script and style have the nonce; the browser ignores injected ones.
    let nonce = access::random().map_err(|_| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "No random numbers"))?;
    let html = PAGE
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT)
        .replace("{{nonce}}", &nonce)
        .replace("{{environment}}", &escaped(&page.environment(&headers)))
        .replace("{{token}}", &escaped(page.access.token()));
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
    Ok((headers, Html(html)).into_response())
}

/// Escapes text for HTML, inside and outside of attributes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
