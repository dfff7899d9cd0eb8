//! Where to connect, from text: the service's base URL, a proxy's URL, and which hosts a proxy is not for. It parses and
//! builds text only; looking up and connecting are the business of `http`.

pub(crate) mod endpoint;
mod no_proxy;
pub(crate) mod proxy;
