//! `anchor-events serve`: the event-coordination API on this machine, for development without an account.
//!
//! `broker` holds the rules, `http` the sockets and routes, `faults` the fault rules. All state is in memory.

mod announce;
mod broker;
mod environment;
mod faults;
mod http;
mod keys;
mod log;

pub use faults::{Latency, Rule};
pub use http::access::HostName;

use std::sync::Arc;
use std::time::Duration;

use crate::args::ServeArgs;
use crate::system::{self, signals};
use broker::{Accounts, Activity, Broker, Journal, Limits};
use faults::Faults;
use http::access::Access;
use http::admin::Admin;
use http::api::Api;
use http::inject::FaultInjector;
use http::listener::{self, Listener};
use http::page::Page;
use http::routes;
use http::tls::Tls;

/// How often the server looks for signals whose retention is over, and for unused accounts.
const SWEEP: Duration = Duration::from_millis(500);

/// Serves until SIGINT or SIGTERM; on Windows, until Ctrl-C or another event that ends the command.
pub fn run(args: &ServeArgs) -> anyhow::Result<()> {
    // Thousands of waits are thousands of sockets.
    system::allow_many_sockets();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_stack_size(http::request::STACK_SIZE)
        .enable_all()
        .build()?;
    runtime.block_on(serve(args))
}

async fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    let stop = signals::received_by_server()?;
    let keys = keys::accepted(args)?;
    let access = Access::new(args.admin_token.as_deref(), &args.page_host)?;
    let journal = Journal::new();
    let log = log::follow(&journal, args.log);
    let tls = args.tls.then(|| Tls::new(&names(args), args.ca_file.as_deref())).transpose()?;
    let listener = match &args.unix {
        Some(path) => Listener::at_path(path)?,
        None => Listener::at_host(&args.host, args.port).await?,
    };
    announce::ready(args, &listener, tls.as_ref(), keys.is_empty(), &journal)?;

    let broker = Broker::new(limits(args), journal.clone());
    let accounts = Arc::new(Accounts::new(&keys));
    let ca_path = tls.as_ref().map(|tls| tls.ca_path.as_path().into());
    let page = Page { access: Arc::new(access), ca_path, any_key: keys.is_empty() };
    let routes = assemble(args, page, &accounts, &broker, &journal);
    let sweeper = tokio::spawn(sweep(broker.clone(), accounts));
    let stop = async {
        stop.await;
        broker.close();
    };
    listener::serve(listener, tls.as_ref().map(|tls| tls.acceptor.clone()), routes, stop).await;

    sweeper.abort();
    journal.note(Activity::Stopped { queued: broker.queued() });
    Ok(log.await?)
}

fn limits(args: &ServeArgs) -> Limits {
    let retention = args.retention.0.unwrap_or(Duration::MAX);
    Limits { queue: args.queue_limit, queued_bytes: args.queue_bytes, retention }
}

/// Every name by which clients may connect.
fn names(args: &ServeArgs) -> Vec<&str> {
    std::iter::once(args.host.as_str()).chain(args.page_host.iter().map(HostName::as_str)).collect()
}

fn assemble(
    args: &ServeArgs,
    page: Page,
    accounts: &Arc<Accounts>,
    broker: &Arc<Broker>,
    journal: &Arc<Journal>,
) -> axum::Router {
    let faults = Arc::new(Faults::default());
    for rule in &args.fault {
        faults.add(rule.clone());
    }
    let api = Api {
        broker: broker.clone(),
        accounts: accounts.clone(),
        access: page.access.clone(),
        injector: FaultInjector { faults: faults.clone(), journal: journal.clone() },
        latency: args.latency,
        max_wait: args.max_wait.0.unwrap_or(Duration::MAX),
        max_body: args.max_body,
    };
    let admin = Admin {
        broker: broker.clone(),
        accounts: accounts.clone(),
        access: page.access.clone(),
        journal: journal.clone(),
        faults,
    };
    routes::routes(api, admin, page)
}

async fn sweep(broker: Arc<Broker>, accounts: Arc<Accounts>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        broker.expire();
        accounts.forget_unused();
    }
}
