//! From addresses to a connected socket, in the spirit of RFC 8305: the addresses are tried side by side, and the first to
//! answer wins.

use super::stream::block;
use crate::sys::{Socket, Watch};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// RFC 8305's connection attempt delay: how long an address has for itself before the next one is tried beside it.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// The most addresses that are tried at once. For the next one, the oldest attempt is given up.
const MAX_RACING: usize = 32;

/// The first address to answer wins. Each gets a head start before the next; a refusal starts the next at once.
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

/// The families in turn, the resolver's first choice first.
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
        assert_eq!(interleave(many).len(), 99, "none is left out");
    }
}
