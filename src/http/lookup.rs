//! The addresses of a host. The system's lookup cannot be cancelled, so it runs on a thread that the call can abandon.

use super::stream::block;
use crate::sys::{Event, LookupError, Thread, Watch, look_up as system_look_up};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

/// The C library may load name service plugins that need much stack. Only pages that are touched cost memory.
const LOOKUP_STACK_SIZE: usize = 512 * 1024;

pub(super) fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, LookupError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match on_a_thread(host, port) {
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

fn on_a_thread(host: &str, port: u16) -> Result<Vec<SocketAddr>, LookupError> {
    let done = Event::new().map_err(LookupError::Exhausted)?;
    let lookup = Arc::new(Lookup { done, found: Mutex::new(None) });
    let (theirs, host) = (Arc::clone(&lookup), host.to_owned());
    let work = move || {
        let found = system_look_up(&host, port);
        *theirs.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        theirs.done.notify();
    };
    Thread::start(c"anchor-dns", LOOKUP_STACK_SIZE, work).map_err(LookupError::Exhausted)?;
    block(|call| call.await_connect(&mut [Watch::readable(&lookup.done)], None)).map_err(ended)?;
    let found = lookup.found.lock().unwrap_or_else(PoisonError::into_inner).take();
    found.unwrap_or_else(|| Err(LookupError::Failed("the lookup ended without a result".to_owned())))
}

fn ended(e: io::Error) -> LookupError {
    LookupError::Failed(e.to_string())
}

struct Lookup {
    done: Event,
    found: Mutex<Option<Result<Vec<SocketAddr>, LookupError>>>,
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
