//! `anchor-events serve`: the event-coordination API on this machine, for development without an account.
//!
//! `broker` holds the rules, `http` the sockets and routes, `faults` the fault rules. All state is in memory.

mod broker;
mod faults;
mod http;
mod log;
mod signals;

pub use faults::{Latency, Rule};

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;

use crate::args::ServeArgs;
use broker::{Accounts, Activity, Broker, Journal, Limits};
use faults::Faults;
use http::access::AdminToken;
use http::admin::Admin;
use http::api::Api;
use http::inject::FaultInjector;
use http::tls::Tls;
use http::{listener, routes};

/// How often the server looks for signals whose retention is over.
const SWEEP: Duration = Duration::from_millis(500);

/// Serves until SIGINT or SIGTERM.
pub fn run(args: &ServeArgs) -> anyhow::Result<()> {
    // Thousands of waits are thousands of sockets. If the limit cannot be raised, fewer must do.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(args))
}

async fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    let stop = signals::stop()?;
    let journal = Journal::new();
    let log = log::follow(&journal, args.log);
    let tls = args.tls.then(|| Tls::new(&args.host, args.ca_file.as_deref())).transpose()?;
    let listener = listener::bind(&args.host, args.port).await?;
    announce(&listener, tls.as_ref(), args, &journal).context("cannot print the URL")?;

    let broker = Broker::new(limits(args), journal.clone());
    let routes = assemble(args, &broker, &journal)?;
    let sweeper = tokio::spawn(sweep(broker.clone()));
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

fn assemble(args: &ServeArgs, broker: &Arc<Broker>, journal: &Arc<Journal>) -> anyhow::Result<axum::Router> {
    let accounts = Arc::new(Accounts::new(&args.api_key));
    let faults = Arc::new(Faults::default());
    for rule in &args.fault {
        faults.add(rule.clone());
    }
    let token = AdminToken::new(args.admin_token.as_deref()).context("no random numbers for the admin token")?;
    let admin = Admin { broker: broker.clone(), accounts: accounts.clone(), journal: journal.clone(), faults, token };
    let api = Api {
        broker: broker.clone(),
        accounts,
        injector: FaultInjector { faults: admin.faults.clone(), journal: journal.clone() },
        latency: args.latency,
        max_wait: args.max_wait.0.unwrap_or(Duration::MAX),
        max_body: args.max_body,
    };
    Ok(routes::routes(api, admin))
}

/// The first line of stdout is for programs: it is the URL, and means that the server is ready.
fn announce(listener: &TcpListener, tls: Option<&Tls>, args: &ServeArgs, journal: &Journal) -> io::Result<()> {
    let address = listener::reachable_at(listener)?;
    let url = format!("{}://{address}", if tls.is_some() { "https" } else { "http" });
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{url}")?;
    if let Some(tls) = tls {
        writeln!(stdout, "{}", tls.ca_path.display())?;
    }
    stdout.flush()?;
    journal.note(Activity::Started { url });
    if !listener.local_addr()?.ip().is_loopback() && args.api_key.is_empty() {
        let message = "reachable from other machines, and any API key is accepted: give --api-key to keep others out";
        journal.note(Activity::Warning { message: message.into() });
    }
    Ok(())
}

async fn sweep(broker: Arc<Broker>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        broker.expire();
    }
}
