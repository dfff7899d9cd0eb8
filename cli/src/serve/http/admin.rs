//! The admin endpoint, for the page and for tests: the server's state (once or live), signals and fault rules.
//!
//! It requires the token (`access`). Payloads are sent one at a time, on request.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Extension, Json, Router};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::broadcast::Receiver;

use super::access::Access;
use super::answer::{ApiError, bad_request, no_such_operation};
use super::api::full;
use super::connection::Peer;
use super::query::parameter;
use super::request::signaled_data;
use crate::serve::broker::{Account, Accounts, Broker, Filter, Journal, Record, Snapshot, Topic};
use crate::serve::faults::{Faults, Listed, Rule};

/// How many waits, signals and accounts a state lists. It counts all waits and signals.
const LISTED: usize = 200;
/// The page receives changes no more often than this.
const MIN_INTERVAL: Duration = Duration::from_millis(200);
/// It receives something at least this often, so that each side notices when the other is gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Clone)]
pub struct Admin {
    pub broker: Arc<Broker>,
    pub accounts: Arc<Accounts>,
    pub journal: Arc<Journal>,
    pub faults: Arc<Faults>,
    pub access: Arc<Access>,
}

pub fn routes(admin: Admin) -> Router {
    Router::new()
        .route("/admin/state", get(state))
        .route("/admin/live", get(live))
        .route("/admin/payloads/{id}", get(payload))
        .route("/admin/signals", post(signal))
        .route("/admin/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/admin/faults/{id}", delete(remove_fault))
        .route_layer(from_fn_with_state(admin.clone(), authorize))
        .with_state(admin)
}

async fn authorize(
    State(admin): State<Admin>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    match admin.access.check_admin(request.headers(), request.uri(), peer.address) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ServerState {
    version: &'static str,
    any_key: bool,
    accounts: Vec<u32>,
    #[serde(flatten)]
    now: Snapshot,
    faults: Vec<Listed>,
    history: Vec<Record>,
}

impl Admin {
    fn state(&self, filter: &Filter) -> ServerState {
        let mut accounts = self.accounts.numbers();
        accounts.truncate(LISTED);
        ServerState {
            version: env!("CARGO_PKG_VERSION"),
            any_key: self.accounts.accept_any_key(),
            accounts,
            now: self.broker.snapshot(filter, LISTED),
            faults: self.faults.list(),
            history: self.journal.recent(),
        }
    }
}

async fn state(State(admin): State<Admin>, uri: Uri) -> Response {
    uncached(Json(admin.state(&filter(&uri))))
}

/// Sends the whole state after each change, so that a page that missed one is right after the next.
async fn live(State(admin): State<Admin>, uri: Uri) -> Response {
    uncached(Sse::new(states(admin, filter(&uri))))
}

/// The part of a name in the query, by which the lists are filtered.
fn filter(uri: &Uri) -> Filter {
    Filter::new(&String::from_utf8_lossy(&parameter(uri, "filter").unwrap_or_default()))
}

fn states(admin: Admin, filter: Filter) -> impl Stream<Item = Result<Event, Infallible>> {
    let changes = admin.journal.listen();
    stream::unfold((admin, filter, changes, true), async |(admin, filter, mut changes, is_first)| {
        if !is_first && !changed(&admin.broker, &mut changes).await {
            return None;
        }
        let event = Event::default().event("state").json_data(admin.state(&filter)).ok()?;
        Some((Ok(event), (admin, filter, changes, false)))
    })
}

/// Waits for a change, or until a heartbeat is due. False when the server stops.
async fn changed(broker: &Broker, changes: &mut Receiver<Record>) -> bool {
    tokio::select! {
        () = broker.closed() => return false,
        _ = changes.recv() => {}
        () = tokio::time::sleep(HEARTBEAT) => return true,
    }
    tokio::time::sleep(MIN_INTERVAL).await;
    *changes = changes.resubscribe();
    true
}

async fn payload(State(admin): State<Admin>, Path(id): Path<u64>) -> Result<Response, ApiError> {
    let data = admin.broker.data(id);
    let data =
        data.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "The server does not keep this payload any more"))?;
    Ok(uncached(([(header::CONTENT_TYPE, "application/json")], data)))
}

/// A signal of an account, which is named by its number or by its key.
#[derive(Deserialize)]
struct Signal {
    event: String,
    account: Option<u32>,
    key: Option<String>,
}

async fn signal(State(admin): State<Admin>, body: Bytes) -> Result<Response, ApiError> {
    let signal: Signal = serde_json::from_slice(&body)
        .map_err(|_| bad_request("The body must be a JSON object with an event and an account"))?;
    if signal.event.is_empty() {
        return Err(bad_request("The event name is empty"));
    }
    let account = signal.account(&admin.accounts)?;
    let topic = Topic { account, name: signal.event.into() };
    admin.broker.signal(&topic, signaled_data(&body)?).map_err(full)?;
    Ok(Json(json!({ "account": topic.account })).into_response())
}

impl Signal {
    fn account(&self, accounts: &Accounts) -> Result<Account, ApiError> {
        match (self.account, &self.key) {
            (Some(number), None) => accounts.numbered(number),
            (None, Some(key)) => accounts.open(key.as_bytes()),
            _ => None,
        }
        .ok_or_else(|| bad_request("No such account"))
    }
}

async fn faults(State(admin): State<Admin>) -> Response {
    uncached(Json(admin.faults.list()))
}

/// The body is a rule in the format of `--fault`.
async fn add_fault(State(admin): State<Admin>, rule: String) -> Result<Response, ApiError> {
    let rule: Rule = rule.trim_end().parse().map_err(|error: String| bad_request(&error))?;
    Ok((StatusCode::CREATED, Json(json!({ "id": admin.faults.add(rule) }))).into_response())
}

async fn clear_faults(State(admin): State<Admin>) -> StatusCode {
    admin.faults.clear();
    StatusCode::NO_CONTENT
}

async fn remove_fault(State(admin): State<Admin>, Path(id): Path<u64>) -> Result<StatusCode, ApiError> {
    if admin.faults.remove(id) { Ok(StatusCode::NO_CONTENT) } else { Err(no_such_operation()) }
}

fn uncached(response: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], response).into_response()
}
