//! The addresses of a host. The system's lookup cannot be cancelled, so it runs on a thread that the call can abandon.

use super::blocking::Blocking;
use crate::address::host::HostPort;
use crate::sys::{Event, LookupError, Thread, Watch, look_up as system_look_up, scope_id};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

/// The C library may load name service plugins that need much stack. Only pages that are touched cost memory.
const LOOKUP_STACK_SIZE: usize = 512 * 1024;

pub(crate) type Addresses = Result<Vec<SocketAddr>, LookupError>;

/// The address that the host is, if it is not a name. It fails if this machine does not have the zone.
pub(super) fn literal(host: &HostPort) -> io::Result<Option<SocketAddr>> {
    let Some(address) = host.host.address() else { return Ok(None) };
    let mut address = SocketAddr::new(address, host.port);
    if let (SocketAddr::V6(address), Some(zone)) = (&mut address, host.host.zone()) {
        let no_zone = |e| io::Error::new(io::ErrorKind::AddrNotAvailable, format!("the IPv6 zone {zone}: {e}"));
        address.set_scope_id(scope_id(zone).map_err(no_zone)?);
    }
    Ok(Some(address))
}

/// Looks up the name of a host on a thread, and passes what it found to `done` there.
pub(crate) fn start(host: &str, port: u16, done: impl FnOnce(Addresses) + Send + 'static) -> io::Result<()> {
    let host = host.to_owned();
    Thread::start(c"anchor-dns", LOOKUP_STACK_SIZE, move || done(look_up(&host, port))).map(drop)
}

/// Looks up the name of a host, and blocks until it is found or the call ends.
pub(super) fn blocking(host: &str, port: u16, call: &Blocking) -> Addresses {
    let done = Event::new().map_err(LookupError::Exhausted)?;
    let lookup = Arc::new(Lookup { done, found: Mutex::new(None) });
    let theirs = Arc::clone(&lookup);
    let note = move |found| {
        *theirs.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        theirs.done.notify();
    };
    start(host, port, note).map_err(LookupError::Exhausted)?;
    call.await_connect(&mut [Watch::readable(&lookup.done)], None)
        .map_err(|ended| LookupError::Failed(io::Error::from(ended).to_string()))?;
    let found = lookup.found.lock().unwrap_or_else(PoisonError::into_inner).take();
    found.unwrap_or_else(|| Err(LookupError::Failed("the lookup ended without a result".to_owned())))
}

struct Lookup {
    done: Event,
    found: Mutex<Option<Addresses>>,
}

fn look_up(host: &str, port: u16) -> Addresses {
    match system_look_up(host, port) {
        Ok(found) if found.is_empty() => Err(LookupError::UnknownHost("the name has no address".to_owned())),
        // RFC 6761: localhost names are loopback, even if the name service does not know them.
        Err(LookupError::UnknownHost(_) | LookupError::Failed(_)) if is_localhost(host) => {
            Ok([IpAddr::V4(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()].map(|ip| SocketAddr::new(ip, port)).into())
        }
        found => found,
    }
}

fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine() {
        for (host, expected) in [
            ("localhost", true),
            ("localhost.", true),
            ("app.localhost", true),
            ("notlocalhost", false),
            ("localhost.example", false),
        ] {
            assert_eq!(is_localhost(host), expected, "{host}");
        }
    }
}
