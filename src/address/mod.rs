//! Where to connect: the service's base URL, a proxy's URL, and the hosts for which no proxy is used. Pure: `http` looks up
//! and connects.

pub(crate) mod destination;
pub(crate) mod endpoint;
pub(crate) mod host;
mod no_proxy;
pub(crate) mod proxy;
