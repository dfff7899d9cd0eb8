//! What SECURITY.md promises, each promise with its tests.

mod client_certificate;
mod injection;
#[cfg(target_os = "linux")]
mod memory;
mod openssl;
mod pins;
mod revocation;
mod secrecy;
mod self_made;
mod tls;
#[cfg(target_os = "linux")]
mod trust;
mod weak_tls;
