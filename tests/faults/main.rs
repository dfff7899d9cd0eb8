//! Every way to fail, with the status, phase, `maybeConsumed`, attempts and connections that result, for waits and for
//! signals. The other side is a scripted server or, where that is the point, a real proxy, gateway or network. How long a call
//! may take is tested by `tests/behaviour/deadlines.rs`.

#![cfg(target_os = "linux")]

mod answers;
mod case;
mod certificates;
mod connections;
mod environment;
mod forwards;
mod gateway;
mod gateways;
mod link;
mod matrix;
mod network;
mod program;
mod proxies;
mod retries;
mod same;
mod socks;
mod statuses;
mod table;
mod tls;
mod tunnels;
mod unexpected;
