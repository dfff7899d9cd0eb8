//! Many sockets on one thread, by the driver behind Windows' sockets (AFD), as mio, libuv and wepoll use it. A poll of one socket
//! is an operation of the driver, which ends when the socket is ready and then calls back on the thread that began it, while that
//! thread waits. So each event costs the same, however many sockets there are, and the wait is exact by a timer of its own.
//!
//! The driver reports a state and not a change, once for each poll. A poll for input begins only after the input reported before
//! was read, so that a thread that waits for room is not woken again and again by input that it does not read.

use super::timer::Timer;
use super::{Event, is_signaled};
use crate::sys::{Readiness, Socket};
use operation::{Device, INPUT, OUTPUT, Operation};
use std::io;
use std::os::windows::io::RawHandle;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, ptr};
use windows_sys::Win32::Foundation::WAIT_FAILED;
use windows_sys::Win32::System::SystemServices::MAXIMUM_WAIT_OBJECTS;
use windows_sys::Win32::System::Threading::{SleepEx, WaitForMultipleObjectsEx};

mod operation;

/// Watches sockets, which are known by tokens. The thread that watches them waits for them.
pub(crate) struct Poller {
    device: Arc<Device>,
    timer: Timer,
    events: Mutex<Vec<WatchedEvent>>,
}

struct WatchedEvent {
    handle: RawHandle,
    token: u64,
}

// SAFETY: any thread may wait for a handle.
unsafe impl Send for WatchedEvent {}

/// How a socket is watched.
#[derive(Default)]
pub(in crate::sys) struct Watched {
    operation: Mutex<Option<Arc<Operation>>>,
    /// Input was reported, and nothing was read since.
    has_unread: Arc<AtomicBool>,
}

/// One handle is left for the timer.
const MAX_EVENTS: usize = MAXIMUM_WAIT_OBJECTS as usize - 1;

impl Poller {
    pub fn new() -> io::Result<Poller> {
        Ok(Poller { device: Arc::new(Device::open()?), timer: Timer::new(), events: Mutex::default() })
    }

    /// Watches an event, which is reported as long as it is set.
    pub fn watch_event(&self, event: &Event, token: u64) -> io::Result<()> {
        let mut events = lock(&self.events);
        if events.len() == MAX_EVENTS {
            return Err(io::Error::other("too many events for one wait"));
        }
        events.push(WatchedEvent { handle: event.as_raw_handle(), token });
        Ok(())
    }

    /// Watches a socket for input, and for output as well if the caller waits for that. It is reported once. A socket that is
    /// watched already costs nothing.
    pub fn watch(&self, socket: &Socket, token: u64, output: bool) -> io::Result<()> {
        let watched = socket.watched();
        let mut slot = lock(&watched.operation);
        let operation = match slot.take().filter(|operation| operation.is_of(&self.device)) {
            Some(operation) => slot.insert(operation),
            None => slot.insert(Operation::new(&self.device, socket.inner(), &watched.has_unread)),
        };
        let input = !output || !watched.has_unread.load(Ordering::Relaxed);
        operation.begin(token, if input { INPUT } else { 0 } | if output { OUTPUT } else { 0 })
    }

    /// Stops to watch a socket. Not needed for one that is closed.
    pub fn forget(&self, socket: &Socket) {
        if let Some(operation) = lock(&socket.watched().operation).take() {
            operation.end();
        }
    }

    /// Blocks until something is ready or `until` has come, and appends what is ready to `ready`.
    pub fn wait(&self, ready: &mut Vec<Readiness>, until: Option<Instant>) -> io::Result<()> {
        loop {
            self.collect(ready);
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if !ready.is_empty() || left == Some(Duration::ZERO) {
                return Ok(());
            }
            self.block(left)?;
        }
    }

    /// Lets the driver report, and appends everything that is ready now.
    fn collect(&self, ready: &mut Vec<Readiness>) {
        // SAFETY: no pointers are passed. The reports are functions of `operation`.
        unsafe { SleepEx(0, 1) };
        self.device.take_reports(ready);
        let events = lock(&self.events);
        let set = events.iter().filter(|event| is_signaled(event.handle));
        ready.extend(set.map(|event| Readiness { token: event.token, input: true, output: false }));
    }

    /// Blocks until an event is set or the driver has reported, or until the time is over.
    fn block(&self, left: Option<Duration>) -> io::Result<()> {
        let alarm = self.timer.set(left);
        let (mut handles, mut count) = ([ptr::null_mut(); MAX_EVENTS + 1], 0);
        for handle in lock(&self.events).iter().map(|event| event.handle).chain(alarm.handle) {
            handles[count] = handle;
            count += 1;
        }
        if count == 0 {
            // SAFETY: as in `collect`.
            unsafe { SleepEx(alarm.millis, 1) };
            return Ok(());
        }
        // SAFETY: the array has so many handles, which are open while they are watched.
        match unsafe { WaitForMultipleObjectsEx(count as u32, handles.as_ptr(), 0, alarm.millis, 1) } {
            WAIT_FAILED => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
}

impl Watched {
    /// Something was read, or there was nothing to read.
    pub fn note_read(&self) {
        self.has_unread.store(false, Ordering::Relaxed);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(operation) = lock(&self.operation).take() {
            operation.end();
        }
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    const NOW: Option<Duration> = Some(Duration::ZERO);
    const SOON: Option<Duration> = Some(Duration::from_millis(20));
    const ROOM: Readiness = Readiness { token: 1, input: false, output: true };
    const INPUT_OF_1: Readiness = Readiness { token: 1, input: true, output: false };

    fn connected() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = Socket::connect(listener.local_addr().unwrap()).unwrap();
        (socket, listener.accept().unwrap().0)
    }

    fn wait(poller: &Poller, patience: Option<Duration>) -> Vec<Readiness> {
        let mut ready = Vec::new();
        poller.wait(&mut ready, patience.map(|patience| Instant::now() + patience)).unwrap();
        ready
    }

    #[test]
    fn input_that_is_not_read_does_not_wake_who_waits_for_room() {
        let (socket, mut peer) = connected();
        let poller = Poller::new().unwrap();
        poller.watch(&socket, 1, true).unwrap();
        assert_eq!(wait(&poller, None), [ROOM]);
        while socket.send(&[0; 4096]).is_ok() {}
        poller.watch(&socket, 1, true).unwrap();
        assert_eq!(wait(&poller, NOW), []);
        for _ in 0..2 {
            peer.write_all(b"xy").unwrap();
            assert_eq!(wait(&poller, None), [INPUT_OF_1]);
            poller.watch(&socket, 1, true).unwrap();
            assert_eq!(wait(&poller, SOON), [], "it was not read");
            socket.receive(1, |_| ()).unwrap();
            poller.watch(&socket, 1, true).unwrap();
            assert_eq!(wait(&poller, None), [INPUT_OF_1], "half of it was read");
            while socket.receive(8, |_| ()).is_ok() {}
            poller.watch(&socket, 1, true).unwrap();
            assert_eq!(wait(&poller, SOON), [], "all of it was read");
        }
    }

    #[test]
    fn no_poll_outlives_its_socket() {
        let poller = Poller::new().unwrap();
        let sockets: Vec<_> = (0..4).map(|_| connected()).collect();
        for (at, (socket, _)) in sockets.iter().enumerate() {
            poller.watch(socket, at as u64, false).unwrap();
        }
        poller.forget(&sockets[0].0);
        drop(sockets);
        assert_eq!(Arc::strong_count(&poller.device), 1);
        assert_eq!(wait(&poller, NOW), []);
    }

    #[test]
    fn a_socket_may_go_to_another_poller() {
        let (socket, mut peer) = connected();
        for token in 1..3 {
            let poller = Poller::new().unwrap();
            poller.watch(&socket, token, false).unwrap();
            peer.write_all(b"x").unwrap();
            assert_eq!(wait(&poller, None), [Readiness { token, input: true, output: false }]);
            poller.forget(&socket);
            while socket.receive(8, |_| ()).is_ok() {}
        }
    }
}
