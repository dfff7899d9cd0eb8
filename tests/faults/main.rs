//! Every way to fail, by the status, phase, `maybeConsumed`, attempts and connections that come of it, for waits and for
//! signals. A scripted server plays the other side, and where that is the point, a real proxy. How long a call may take in
//! each place where it can block is the business of `deadlines`.

mod answers;
mod case;
mod connections;
mod environment;
mod gateways;
mod link;
mod matrix;
mod network;
mod program;
mod proxies;
mod retries;
mod statuses;
mod table;
mod tls;
mod tunnels;
