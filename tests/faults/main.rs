//! Every way to fail, with the status, phase, `maybeConsumed`, attempts and connections that result, for waits and for
//! signals. The other side is a scripted server or, where that is the point, a real proxy, gateway or network. How long a call
//! may take is tested by `tests/behaviour/deadlines.rs`.

#![cfg(target_os = "linux")]

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
mod same;
mod statuses;
mod table;
mod tls;
mod tunnels;
mod unexpected;
