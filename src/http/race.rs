//! Connects to the first address that answers, as RFC 8305 (Happy Eyeballs) describes: the attempts overlap, and the first
//! connection wins. It never blocks: the driver waits for the [sockets](Race::sockets) and the time.

use crate::sys::{Socket, Watch};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The connection attempt delay of RFC 8305: how long after one attempt the next one starts.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// The largest number of attempts at once. The oldest is dropped for the next one.
const MAX_RACING: usize = 32;

/// Connects to some of several addresses. Each has a head start before the next; if one is refused, the next starts at once.
pub(super) struct Race {
    waiting: std::vec::IntoIter<SocketAddr>,
    running: VecDeque<Socket>,
    next_at: Option<Instant>,
    last_error: io::Error,
}

impl Race {
    pub fn new(addresses: Vec<SocketAddr>) -> Race {
        Race {
            waiting: interleave(addresses).into_iter(),
            running: VecDeque::new(),
            next_at: None,
            last_error: io::Error::other("the name has no address"),
        }
    }

    /// With one attempt, which has started.
    pub fn of(socket: Socket) -> Race {
        Race { running: VecDeque::from([socket]), ..Race::new(Vec::new()) }
    }

    /// Starts the attempts whose time has come. It fails if none is left.
    pub fn start_attempts(&mut self, now: Instant) -> io::Result<()> {
        while self.running.is_empty() || self.next_at.is_none_or(|at| now >= at) {
            match self.waiting.next().map(Socket::connect) {
                Some(Ok(socket)) => {
                    if self.running.len() == MAX_RACING {
                        self.running.pop_front();
                    }
                    self.running.push_back(socket);
                    self.next_at = Some(now + ATTEMPT_DELAY);
                }
                Some(Err(e)) => self.last_error = e,
                None if self.running.is_empty() => {
                    return Err(std::mem::replace(&mut self.last_error, io::Error::other("reported before")));
                }
                None => break,
            }
        }
        Ok(())
    }

    /// When the next attempt starts.
    pub fn next_attempt(&self) -> Option<Instant> {
        if self.waiting.len() > 0 { self.next_at } else { None }
    }

    /// Returns the first connection, after `watched`, the watches of all running attempts, was polled.
    pub fn winner(&mut self, watched: &[Watch]) -> Option<Socket> {
        for at in (0..watched.len()).rev().filter(|at| watched[*at].is_ready()) {
            let Some(socket) = self.running.remove(at) else { continue };
            match socket.outcome() {
                Ok(()) => return Some(socket),
                Err(e) => {
                    self.last_error = e;
                    self.next_at = None;
                }
            }
        }
        None
    }

    /// The attempts that run.
    pub fn sockets(&self) -> impl Iterator<Item = &Socket> {
        self.running.iter()
    }
}

/// IPv6 and IPv4 addresses in turn, beginning with the family of the first address.
pub(super) fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    let mut mixed = Vec::new();
    for address in first {
        mixed.push(address);
        mixed.extend(second.next());
    }
    mixed.extend(second);
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns_after_the_resolvers_first_choice() {
        let parse = |list: &[&str]| list.iter().map(|a| a.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let mixed = interleave(parse(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "1.1.1.2:1"]));
        assert_eq!(mixed, parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "[::3]:1"]));
        assert_eq!(interleave(parse(&["1.1.1.1:1"])), parse(&["1.1.1.1:1"]));
        let many: Vec<SocketAddr> = (1..100).map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect();
        assert_eq!(interleave(many).len(), 99, "every address is tried");
    }
}
