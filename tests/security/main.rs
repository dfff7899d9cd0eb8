//! What SECURITY.md promises, each promise with its tests.

mod injection;
mod memory;
mod secrecy;
mod self_made;
mod tls;
mod trust;
mod weak_tls;
