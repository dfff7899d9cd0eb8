//! What SECURITY.md promises, each promise with its tests.

#[path = "../c_build/mod.rs"]
mod c_build;
#[path = "../scripted/mod.rs"]
mod scripted;

mod injection;
mod memory;
mod secrecy;
mod self_made;
mod tls;
mod trust;
mod weak_tls;
