//! The addresses of a host. The system's lookup cannot be cancelled, so it runs on a thread that a call can abandon. All calls of
//! the process that need the same host at the same time share that thread. Nothing is kept of a lookup that is over.

mod running;

use self::running::{Running, Waiting};
use super::blocking::Blocking;
use crate::address::host::HostPort;
use crate::panic::catch;
use crate::sys::{Event, LookupError, PerProcess, Thread, Watch, look_up as system_look_up, scope_id};
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The C library may load name service plugins that need much stack. Only pages that are touched cost memory.
const LOOKUP_STACK_SIZE: usize = 512 * 1024;

pub(crate) type Addresses = Result<Vec<SocketAddr>, LookupError>;

/// Waits for the addresses of a host until it is dropped. The lookup goes on for the others that wait for it.
pub(crate) struct Waiter(u64);

/// What a [`Waiter`] gets.
pub(crate) struct Found {
    waiter: u64,
    pub addresses: Addresses,
}

type Done = Box<dyn FnOnce(Found) + Send>;

/// Those of this process: a forked child has none of the threads.
static RUNNING: PerProcess<Mutex<Running<Done>>> = PerProcess::empty();

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

/// Looks up the name of a host, or joins a lookup of it that runs. `done` is called on the thread of the lookup, or at once if no
/// thread can be started. It may still be called while the waiter is being dropped.
pub(super) fn start(host: &str, port: u16, done: impl FnOnce(Found) + Send + 'static) -> Waiter {
    let number = next_number();
    let waiting = Waiting { number, port, done: Box::new(done) as Done };
    let begun = running().join(host, waiting, Instant::now(), next_number);
    if let Some(lookup) = begun {
        let name = host.to_owned();
        let work = move || finish(lookup, &look_up(&name));
        if let Err(e) = Thread::start(c"anchor-dns", LOOKUP_STACK_SIZE, work) {
            finish(lookup, &Err(LookupError::Exhausted(e.to_string())));
        }
    }
    Waiter(number)
}

/// Looks up the name of a host, and blocks until it is found or the call ends.
pub(super) fn blocking(host: &str, port: u16, call: &Blocking) -> Addresses {
    let ready = Event::new().map_err(|e| LookupError::Exhausted(e.to_string()))?;
    let answer = Arc::new(Answer { ready, addresses: Mutex::new(None) });
    let theirs = Arc::clone(&answer);
    let _waiter = start(host, port, move |found| {
        *lock(&theirs.addresses) = Some(found.addresses);
        theirs.ready.notify();
    });
    call.await_connect(&mut [Watch::readable(&answer.ready)], None)
        .map_err(|ended| LookupError::Failed(io::Error::from(ended).to_string()))?;
    lock(&answer.addresses).take().unwrap_or_else(|| Err(without_result()))
}

struct Answer {
    ready: Event,
    addresses: Mutex<Option<Addresses>>,
}

impl Waiter {
    /// Whether this waiter got it, and not one that was given up.
    pub fn has(&self, found: &Found) -> bool {
        self.0 == found.waiter
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let left = running().leave(self.0);
        drop(left);
    }
}

/// Gives the outcome of a lookup to all that wait for it.
fn finish(lookup: u64, found: &Addresses) {
    let waiting = running().end(lookup);
    for Waiting { number, port, done } in waiting {
        let mut addresses = found.clone();
        addresses.iter_mut().flatten().for_each(|address| address.set_port(port));
        done(Found { waiter: number, addresses });
    }
}

fn look_up(host: &str) -> Addresses {
    match catch(|| Ok(system_look_up(host))).unwrap_or_else(|_| Err(without_result())) {
        Ok(found) if found.is_empty() => Err(LookupError::UnknownHost("the name has no address".to_owned())),
        // RFC 6761: localhost names are loopback, even if the name service does not know them.
        Err(LookupError::UnknownHost(_) | LookupError::Failed(_)) if is_localhost(host) => {
            Ok([IpAddr::V4(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()].map(|ip| SocketAddr::new(ip, 0)).into())
        }
        found => found,
    }
}

fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host == "localhost" || host.ends_with(".localhost")
}

fn without_result() -> LookupError {
    LookupError::Failed("the lookup ended without a result".to_owned())
}

/// For a waiter or a lookup. A forked child continues to count where its parent was, so that what it inherits of a waiter is none
/// of its own.
fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn running() -> MutexGuard<'static, Running<Done>> {
    let Ok(running) = RUNNING.get(|| Ok::<_, Infallible>(Mutex::default()));
    lock(running)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn each_waiter_gets_the_addresses_with_its_port() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let waiters = [7, 8].map(|port| {
            let sender = sender.clone();
            start("localhost", port, move |found| sender.send((port, found)).unwrap())
        });
        for _ in &waiters {
            let (port, found) = receiver.recv().unwrap();
            assert_eq!(waiters.iter().filter(|waiter| waiter.has(&found)).count(), 1);
            let addresses = found.addresses.unwrap();
            assert!(!addresses.is_empty() && addresses.iter().all(|address| address.port() == port), "{addresses:?}");
        }
    }
}
