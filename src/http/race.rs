//! Connects to the first address that answers, as RFC 8305 (Happy Eyeballs) describes: the attempts overlap, and the first
//! connection wins.

use super::stream::block;
use crate::sys::{Socket, Watch};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The connection attempt delay of RFC 8305: how long after one attempt the next one starts.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// The largest number of attempts at once. The oldest is dropped for the next one.
const MAX_RACING: usize = 32;

/// Connects to `addresses`. Each has a head start before the next; if one is refused, the next starts at once.
pub(super) fn race(addresses: Vec<SocketAddr>) -> io::Result<Socket> {
    let mut waiting = interleave(addresses).into_iter();
    let mut running: VecDeque<Socket> = VecDeque::new();
    let mut last_error = io::Error::other("the name has no address");
    let mut next_at = Instant::now();
    loop {
        if running.is_empty() || Instant::now() >= next_at {
            match waiting.next().map(Socket::connect) {
                Some(Ok(socket)) => {
                    if running.len() == MAX_RACING {
                        running.pop_front();
                    }
                    running.push_back(socket);
                    next_at = Instant::now() + ATTEMPT_DELAY;
                }
                Some(Err(e)) => {
                    last_error = e;
                    continue;
                }
                None if running.is_empty() => return Err(last_error),
                None => {}
            }
        }
        let head_start = (waiting.len() > 0).then_some(next_at);
        let mut watched: Vec<Watch> = running.iter().map(Watch::output).collect();
        block(|call| call.await_connect(&mut watched, head_start))?;
        for at in (0..watched.len()).rev().filter(|at| watched[*at].is_ready()) {
            let Some(socket) = running.remove(at) else { continue };
            match socket.outcome() {
                Ok(()) => return Ok(socket),
                Err(e) => {
                    last_error = e;
                    next_at = Instant::now();
                }
            }
        }
    }
}

/// IPv6 and IPv4 addresses in turn, beginning with the family of the first address.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
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
