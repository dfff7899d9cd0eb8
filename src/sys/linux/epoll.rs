//! Many sockets on one thread, by epoll with edges. A socket is reported once for each change, so its user reads until
//! nothing is left.

use crate::sys::{Event, Readiness, Socket, Watch, poll};
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

/// Watches sockets, which are known by tokens.
pub(crate) struct Poller(OwnedFd);

/// How a socket is watched.
#[derive(Debug, Default)]
pub(in crate::sys) struct Watched(AtomicU8);

impl Watched {
    /// Something was read, which the kernel knows.
    pub fn note_read(&self) {}
}

const INPUT: u8 = 1;
const OUTPUT: u8 = 2;

impl Poller {
    pub fn new() -> io::Result<Poller> {
        // SAFETY: no pointers are passed.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` was just opened and belongs to nobody else.
        Ok(Poller(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Watches an event, which is reported as long as it is set.
    pub fn watch_event(&self, event: &Event, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, event.as_fd().as_raw_fd(), libc::EPOLLIN, token)
    }

    /// Watches a socket for input, and for output as well if the caller waits for that. A socket that is watched already costs
    /// nothing.
    pub fn watch(&self, socket: &Socket, token: u64, output: bool) -> io::Result<()> {
        let wanted = if output { INPUT | OUTPUT } else { INPUT };
        let watched = socket.watched().0.load(Ordering::Relaxed);
        if watched & wanted == wanted {
            return Ok(());
        }
        let operation = if watched == 0 { libc::EPOLL_CTL_ADD } else { libc::EPOLL_CTL_MOD };
        let events = libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLET | if output { libc::EPOLLOUT } else { 0 };
        self.control(operation, socket.inner().as_raw_fd(), events, token)?;
        socket.watched().0.store(wanted, Ordering::Relaxed);
        Ok(())
    }

    /// Stops to watch a socket. Not needed for one that is closed.
    pub fn forget(&self, socket: &Socket) {
        if socket.watched().0.swap(0, Ordering::Relaxed) != 0 {
            let _ = self.control(libc::EPOLL_CTL_DEL, socket.inner().as_raw_fd(), 0, 0);
        }
    }

    /// Blocks until something is ready or `until` has come, and appends what is ready to `ready`.
    pub fn wait(&self, ready: &mut Vec<Readiness>, until: Option<Instant>) -> io::Result<()> {
        if self.collect(ready, 0)? || until.is_some_and(|until| until <= Instant::now()) {
            return Ok(());
        }
        // By poll, since it is exact: epoll_wait counts in milliseconds. A process that may have no descriptor may not poll.
        let patience = poll(&mut [Watch::new(self.0.as_raw_fd(), libc::POLLIN)], false, until)
            .map_or_else(|_| millis_until(until), |_| 0);
        self.collect(ready, patience).map(drop)
    }

    /// Appends what is ready within so many milliseconds; -1 is no limit. Returns whether there was something.
    fn collect(&self, ready: &mut Vec<Readiness>, patience: libc::c_int) -> io::Result<bool> {
        const AT_ONCE: usize = 64;
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; AT_ONCE];
        // SAFETY: the array is live and has that many entries.
        let count =
            unsafe { libc::epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), AT_ONCE as libc::c_int, patience) };
        let count = match usize::try_from(count) {
            Ok(count) => count,
            Err(_) => match io::Error::last_os_error() {
                e if e.kind() == io::ErrorKind::Interrupted => 0,
                e => return Err(e),
            },
        };
        let has = |flags: u32, any: libc::c_int| flags & any as u32 != 0;
        let broken = libc::EPOLLERR | libc::EPOLLHUP;
        ready.extend(events[..count].iter().map(|event| Readiness {
            token: event.u64,
            input: has(event.events, libc::EPOLLIN | libc::EPOLLRDHUP | broken),
            output: has(event.events, libc::EPOLLOUT | broken),
        }));
        Ok(count > 0)
    }

    fn control(&self, operation: libc::c_int, fd: RawFd, events: libc::c_int, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: events as u32, u64: token };
        // SAFETY: the event is a local.
        let done = unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, fd, &raw mut event) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

/// As epoll_wait counts: -1 is never, and a part of a millisecond is a whole one.
fn millis_until(until: Option<Instant>) -> libc::c_int {
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    left.map_or(-1, |left| (left.as_millis() + 1).try_into().unwrap_or(libc::c_int::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_socket_that_is_watched_already_is_left_alone() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = Socket::connect(listener.local_addr().unwrap()).unwrap();
        // The kernel is done with the connection then, and has nothing more to say of it.
        let _peer = listener.accept().unwrap();
        let (poller, mut ready) = (Poller::new().unwrap(), Vec::new());
        poller.watch(&socket, 1, true).unwrap();
        poller.wait(&mut ready, None).unwrap();
        assert_eq!(ready.split_off(0), [Readiness { token: 1, input: false, output: true }]);
        poller.watch(&socket, 1, true).unwrap();
        poller.wait(&mut ready, Some(Instant::now())).unwrap();
        assert_eq!(ready, [], "that it has room is no change");
    }
}
