//! A host's addresses. The system's lookup cannot be ended, so it runs on a thread that the call can walk away from.

use super::context::with_current;
use crate::sys::{Event, Thread, Watch};
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};

/// A name service may load plugins that need a good deal of it. Only what is touched costs memory.
const STACK_SIZE: usize = 512 * 1024;

pub(super) fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let lookup = Arc::new(Lookup { done: Event::new()?, found: Mutex::new(None) });
    let theirs = Arc::clone(&lookup);
    let name = (host.to_owned(), port);
    let work = move || {
        let found = name.to_socket_addrs().map(Iterator::collect);
        *theirs.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        theirs.done.notify();
    };
    Thread::start(c"anchor-dns", STACK_SIZE, work)?;
    with_current(|call| call.block_on(Watch::readable(&lookup.done)))
        .unwrap_or_else(|| Err(io::Error::other("no exchange")))?;
    let found = lookup.found.lock().unwrap_or_else(PoisonError::into_inner).take();
    match found {
        Some(Ok(addresses)) if addresses.is_empty() => Err(io::Error::other("the name has no address")),
        Some(found) => found,
        None => Err(io::Error::other("the lookup gave up")),
    }
}

struct Lookup {
    done: Event,
    found: Mutex<Option<io::Result<Vec<SocketAddr>>>>,
}
