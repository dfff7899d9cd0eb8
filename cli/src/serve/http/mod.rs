//! The server's HTTP side: sockets, TLS, the API, the admin endpoint and the page.
//!
//! It uses `broker` and `faults`; neither of them uses it.

pub mod access;
pub mod admin;
mod answer;
pub mod api;
mod body;
mod connection;
pub mod inject;
pub mod listener;
pub mod page;
mod query;
pub mod request;
pub mod routes;
pub mod tls;
