//! Blocks until a handle or a socket is ready. The sockets set one event of the thread, which only says that something has
//! changed: what is ready is what `select` reports without blocking. (WSAPoll did not report a connect that failed before
//! version 2004 of Windows 10.)

use super::timer::Timer;
use super::{Event, is_signaled};
use crate::sys::{MAX_WATCHED, Socket};
use std::cell::OnceCell;
use std::io;
use std::os::windows::io::{AsRawSocket, RawHandle};
use std::ptr;
use std::time::{Duration, Instant};
use windows_sys::Win32::Foundation::WAIT_FAILED;
use windows_sys::Win32::Networking::WinSock::{
    FD_CLOSE, FD_CONNECT, FD_READ, FD_SET, FD_WRITE, SOCKET, TIMEVAL, WSAEVENT, WSAEventSelect, select,
};
use windows_sys::Win32::System::SystemServices::MAXIMUM_WAIT_OBJECTS;
use windows_sys::Win32::System::Threading::{Sleep, WaitForMultipleObjects};

/// What one poll watches. It does not keep it open.
#[derive(Clone, Copy)]
pub(crate) struct Watch {
    target: Target,
    is_ready: bool,
}

#[derive(Clone, Copy)]
enum Target {
    Nothing,
    Event(RawHandle),
    Input(SOCKET),
    Output(SOCKET),
}

impl Watch {
    /// A watch that is never ready.
    pub const NOTHING: Watch = Watch { target: Target::Nothing, is_ready: false };

    pub fn readable(event: &Event) -> Watch {
        Watch { target: Target::Event(event.as_raw_handle()), is_ready: false }
    }

    /// Input, or the end of the stream.
    pub fn input(socket: &Socket) -> Watch {
        Watch { target: Target::Input(socket.inner().as_raw_socket() as SOCKET), is_ready: false }
    }

    /// Room for output, or the outcome of a connect.
    pub fn output(socket: &Socket) -> Watch {
        Watch { target: Target::Output(socket.inner().as_raw_socket() as SOCKET), is_ready: false }
    }

    /// Whether the last poll found it ready, or broken; using it then reports the error.
    pub fn is_ready(&self) -> bool {
        self.is_ready
    }

    fn socket(&self) -> Option<SOCKET> {
        match self.target {
            Target::Input(socket) | Target::Output(socket) => Some(socket),
            Target::Nothing | Target::Event(_) => None,
        }
    }

    /// Notes whether it is ready, without blocking.
    fn look(&mut self) -> io::Result<bool> {
        self.is_ready = match self.target {
            Target::Nothing => false,
            Target::Event(handle) => is_signaled(handle),
            Target::Input(socket) => has_input(socket)?,
            Target::Output(socket) => has_output(socket)?,
        };
        Ok(self.is_ready)
    }
}

/// What a thread waits for beside the events of others.
struct Bell {
    /// Set by the sockets of a poll.
    network: Event,
    timer: Timer,
}

thread_local! {
    static BELL: OnceCell<Bell> = const { OnceCell::new() };
}

/// The watches, the bell and its timer.
const MAX_HANDLES: usize = MAXIMUM_WAIT_OBJECTS as usize;
const _: () = assert!(MAX_WATCHED + 2 <= MAX_HANDLES);

/// Polls for at most `nap` (`None`: no limit). Returns whether a watch is ready.
pub(in crate::sys) fn poll_once(watched: &mut [Watch], nap: Option<Duration>) -> io::Result<bool> {
    if look(watched)? || nap == Some(Duration::ZERO) {
        return Ok(watched.iter().any(Watch::is_ready));
    }
    let until = nap.and_then(|nap| Instant::now().checked_add(nap));
    BELL.with(|bell| {
        let bell = match bell.get() {
            Some(bell) => bell,
            None => {
                let new = Bell { network: Event::new()?, timer: Timer::new() };
                bell.get_or_init(|| new)
            }
        };
        block(bell, watched, until)
    })
}

fn block(bell: &Bell, watched: &mut [Watch], until: Option<Instant>) -> io::Result<bool> {
    loop {
        // Armed again each time: a socket reports a change once, and it may have been a change that `select` does not count.
        let _armed = Armed::new(bell, watched)?;
        if look(watched)? {
            return Ok(true);
        }
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Ok(false);
        }
        wait(bell, watched, left)?;
    }
}

fn look(watched: &mut [Watch]) -> io::Result<bool> {
    let mut is_ready = false;
    for watch in watched {
        is_ready |= watch.look()?;
    }
    Ok(is_ready)
}

/// Blocks until a watch may be ready, or until the time is over.
fn wait(bell: &Bell, watched: &[Watch], left: Option<Duration>) -> io::Result<()> {
    let alarm = bell.timer.set(left);
    let events = watched.iter().filter_map(|watch| match watch.target {
        Target::Event(handle) => Some(handle),
        _ => None,
    });
    let network = watched.iter().any(|watch| watch.socket().is_some()).then(|| bell.network.as_raw_handle());
    let (mut handles, mut count) = ([ptr::null_mut(); MAX_HANDLES], 0);
    for handle in events.chain(network).chain(alarm.handle) {
        *handles.get_mut(count).ok_or_else(|| io::Error::other("too many handles for one wait"))? = handle;
        count += 1;
    }
    if count == 0 {
        // SAFETY: no pointers are passed.
        unsafe { Sleep(alarm.millis) };
        return Ok(());
    }
    // SAFETY: the array has so many handles, which are open while they are watched.
    match unsafe { WaitForMultipleObjects(count as u32, handles.as_ptr(), 0, alarm.millis) } {
        WAIT_FAILED => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Sockets that set the bell's event at a change, until it is dropped.
struct Armed(Vec<SOCKET>);

impl Armed {
    fn new(bell: &Bell, watched: &[Watch]) -> io::Result<Armed> {
        let mut armed = Armed(Vec::new());
        bell.network.clear();
        for socket in watched.iter().filter_map(Watch::socket) {
            if armed.0.contains(&socket) {
                continue;
            }
            // A socket has one set of changes, for all its watches.
            let changes = watched.iter().fold(FD_CLOSE, |changes, watch| match watch.target {
                Target::Input(other) if other == socket => changes | FD_READ,
                Target::Output(other) if other == socket => changes | FD_WRITE | FD_CONNECT,
                _ => changes,
            });
            select_event(socket, bell.network.as_raw_handle(), changes)?;
            armed.0.push(socket);
        }
        Ok(armed)
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        for socket in &self.0 {
            let _ = select_event(*socket, ptr::null_mut(), 0);
        }
    }
}

fn select_event(socket: SOCKET, event: RawHandle, changes: u32) -> io::Result<()> {
    // SAFETY: the socket and the event are open while they are watched.
    match unsafe { WSAEventSelect(socket, event as WSAEVENT, changes as i32) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn has_input(socket: SOCKET) -> io::Result<bool> {
    let mut input = just(socket);
    select_now(&raw mut input, ptr::null_mut(), ptr::null_mut())
}

/// `select` counts a connect that failed as an exception.
fn has_output(socket: SOCKET) -> io::Result<bool> {
    let (mut room, mut failure) = (just(socket), just(socket));
    select_now(ptr::null_mut(), &raw mut room, &raw mut failure)
}

fn just(socket: SOCKET) -> FD_SET {
    let mut set = FD_SET { fd_count: 1, fd_array: [0; 64] };
    set.fd_array[0] = socket;
    set
}

fn select_now(input: *mut FD_SET, output: *mut FD_SET, failure: *mut FD_SET) -> io::Result<bool> {
    let now = TIMEVAL { tv_sec: 0, tv_usec: 0 };
    // SAFETY: each set is NULL or a local of the caller, and the time is a local.
    match unsafe { select(0, input, output, failure, &raw const now) } {
        count if count < 0 => Err(io::Error::last_os_error()),
        count => Ok(count > 0),
    }
}

/// Implements `AsHandle` for a type that has an `event`, so that a Rust program can wait for it.
macro_rules! impl_pollable {
    ($(#[doc = $doc:literal])+ $type:ty) => {
        impl std::os::windows::io::AsHandle for $type {
            $(#[doc = $doc])+
            fn as_handle(&self) -> std::os::windows::io::BorrowedHandle<'_> {
                std::os::windows::io::AsHandle::as_handle(self.event())
            }
        }
    };
}
pub(crate) use impl_pollable;

/// The same for a type that has a `try_event`, which can fail.
macro_rules! impl_event_fd {
    ($(#[doc = $doc:literal])+ $type:ty, $error:ty) => {
        impl $type {
            $(#[doc = $doc])+
            pub fn event_handle(&self) -> Result<std::os::windows::io::BorrowedHandle<'_>, $error> {
                self.try_event().map(std::os::windows::io::AsHandle::as_handle)
            }
        }
    };
}
pub(crate) use impl_event_fd;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    const SOON: Option<Duration> = Some(Duration::from_millis(5));
    const LONG: Option<Duration> = Some(Duration::from_secs(60));

    #[test]
    fn both_watches_of_a_socket_are_armed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = Socket::connect(listener.local_addr().unwrap()).unwrap();
        let mut peer = listener.accept().unwrap().0;
        assert!(poll_once(&mut [Watch::output(&socket)], LONG).unwrap());
        let mut both = [Watch::input(&socket), Watch::output(&socket)];
        assert!(poll_once(&mut both, LONG).unwrap());
        assert_eq!(both.map(|watch| watch.is_ready()), [false, true]);
        assert!(!poll_once(&mut both[..1], SOON).unwrap());
        let writer = std::thread::spawn(move || {
            peer.write_all(b"x").unwrap();
            peer
        });
        for _ in 0..2 {
            assert!(poll_once(&mut both[..1], LONG).unwrap(), "nothing was read, so it stays ready");
        }
        drop(writer.join().unwrap());
    }

    #[test]
    fn a_refused_connect_is_ready_and_has_its_error() {
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let Ok(socket) = Socket::connect(nobody) else { return };
        assert!(poll_once(&mut [Watch::output(&socket)], LONG).unwrap());
        assert_eq!(socket.outcome().unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn as_many_events_as_one_poll_may_watch_are_watched() {
        let events = [(); MAX_WATCHED].map(|()| Event::new().unwrap());
        let mut watched: Vec<Watch> = events.iter().map(Watch::readable).collect();
        assert!(!poll_once(&mut watched, SOON).unwrap());
        events[MAX_WATCHED - 1].notify();
        assert!(poll_once(&mut watched, LONG).unwrap());
        assert!(watched[MAX_WATCHED - 1].is_ready());
    }
}
