//! What the page and tests use beside the API: the server's state, live or once, signals and fault rules.
//!
//! Only for this machine, and only with the token. Payloads are given out one by one, on request.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Extension, Json, Router};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::broadcast::Receiver;

use super::access::{Token, check_local};
use super::answer::{Refusal, no_such_operation};
use super::api::{bad_request, full, signaled_data};
use super::connection::Peer;
use crate::serve::broker::{Account, Accounts, Entry, Hub, Journal, Snapshot, Topic};
use crate::serve::faults::{Faults, Listed, Rule};

/// How many waits and signals a state lists; it counts all of them.
const LISTED: usize = 200;
/// The page is told of changes no more often than this.
const PACE: Duration = Duration::from_millis(200);
/// And at least this often, so that either side notices that the other is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Clone)]
pub struct Admin {
    pub hub: Arc<Hub>,
    pub accounts: Arc<Accounts>,
    pub journal: Arc<Journal>,
    pub faults: Arc<Faults>,
    pub token: Token,
}

pub fn routes(admin: Admin) -> Router {
    Router::new()
        .route("/admin/state", get(state))
        .route("/admin/live", get(live))
        .route("/admin/payloads/{id}", get(payload))
        .route("/admin/signals", post(signal))
        .route("/admin/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/admin/faults/{id}", delete(remove_fault))
        .route_layer(from_fn_with_state(admin.clone(), admit))
        .with_state(admin)
}

/// The token is a header, or, since an event source cannot send one, in the query.
async fn admit(State(admin): State<Admin>, Extension(peer): Extension<Peer>, request: Request, next: Next) -> Response {
    if let Err(refusal) = check_local(request.headers(), peer.address) {
        return refusal.into_response();
    }
    let header = request.headers().get("anchor-admin-token").and_then(|token| token.to_str().ok());
    let query = request.uri().query().and_then(|query| query.strip_prefix("token="));
    match header.or(query) {
        Some(token) if admin.token.matches(token) => next.run(request).await,
        _ => Refusal::new(StatusCode::FORBIDDEN, "The admin token is missing or wrong").into_response(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServerState {
    version: &'static str,
    any_key: bool,
    accounts: u32,
    #[serde(flatten)]
    now: Snapshot,
    faults: Vec<Listed>,
    history: Vec<Entry>,
}

impl Admin {
    fn state(&self) -> ServerState {
        ServerState {
            version: env!("CARGO_PKG_VERSION"),
            any_key: self.accounts.is_open(),
            accounts: self.accounts.count(),
            now: self.hub.snapshot(LISTED),
            faults: self.faults.list(),
            history: self.journal.recent(),
        }
    }
}

async fn state(State(admin): State<Admin>) -> Response {
    uncached(Json(admin.state()))
}

/// The whole state each time that something has changed: a page that missed one is right after the next.
async fn live(State(admin): State<Admin>) -> Response {
    uncached(Sse::new(states(admin)))
}

fn states(admin: Admin) -> impl Stream<Item = Result<Event, Infallible>> {
    let changes = admin.journal.listen();
    stream::unfold((admin, changes, true), async |(admin, mut changes, is_first)| {
        if !is_first && !changed(&admin.hub, &mut changes).await {
            return None;
        }
        let event = Event::default().event("state").json_data(admin.state()).ok()?;
        Some((Ok(event), (admin, changes, false)))
    })
}

/// Waits for a change, or for the time of a heartbeat. False once the server ends.
async fn changed(hub: &Hub, changes: &mut Receiver<Entry>) -> bool {
    tokio::select! {
        () = hub.closed() => return false,
        _ = changes.recv() => {}
        () = tokio::time::sleep(HEARTBEAT) => return true,
    }
    tokio::time::sleep(PACE).await;
    *changes = changes.resubscribe();
    true
}

async fn payload(State(admin): State<Admin>, Path(id): Path<u64>) -> Result<Response, Refusal> {
    let data = admin.hub.data(id);
    let data = data.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "This payload is not kept any more"))?;
    Ok(uncached(([(header::CONTENT_TYPE, "application/json")], data)))
}

/// Who the signal is from: an account that is known by its number, or one that a key opens.
#[derive(Deserialize)]
struct Signal {
    event: String,
    account: Option<u32>,
    key: Option<String>,
}

async fn signal(State(admin): State<Admin>, body: Bytes) -> Result<Response, Refusal> {
    let signal: Signal =
        serde_json::from_slice(&body).map_err(|_| bad_request("An event and an account are needed"))?;
    if signal.event.is_empty() {
        return Err(bad_request("The event needs a name"));
    }
    let account = signal.account(&admin.accounts)?;
    let topic = Topic { account, name: signal.event.into() };
    admin.hub.signal(&topic, signaled_data(&body)?).map_err(full)?;
    Ok(Json(json!({ "account": account })).into_response())
}

impl Signal {
    fn account(&self, accounts: &Accounts) -> Result<Account, Refusal> {
        match (self.account, &self.key) {
            (Some(number), None) => Some(Account(number)).filter(|account| accounts.knows(*account)),
            (None, Some(key)) => accounts.open(key.as_bytes()),
            _ => None,
        }
        .ok_or_else(|| bad_request("No such account"))
    }
}

async fn faults(State(admin): State<Admin>) -> Response {
    uncached(Json(admin.faults.list()))
}

/// The body is a rule as `--fault` takes it.
async fn add_fault(State(admin): State<Admin>, rule: String) -> Result<Response, Refusal> {
    let rule: Rule = rule.trim_end().parse().map_err(|error: String| bad_request(&error))?;
    Ok((StatusCode::CREATED, Json(json!({ "id": admin.faults.add(rule) }))).into_response())
}

async fn clear_faults(State(admin): State<Admin>) -> StatusCode {
    admin.faults.clear();
    StatusCode::NO_CONTENT
}

async fn remove_fault(State(admin): State<Admin>, Path(id): Path<u64>) -> Result<StatusCode, Refusal> {
    if admin.faults.remove(id) { Ok(StatusCode::NO_CONTENT) } else { Err(no_such_operation()) }
}

fn uncached(response: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], response).into_response()
}
