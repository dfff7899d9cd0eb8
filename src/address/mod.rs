//! Where to connect: the service's base URL, a proxy's URL, and the hosts for which no proxy is used. Pure: `http` looks up
//! and connects.

pub(crate) mod endpoint;
mod no_proxy;
pub(crate) mod proxy;
