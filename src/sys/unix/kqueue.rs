//! Many sockets on one thread, by a kqueue with edges (EV_CLEAR). A socket is reported once for each change, so its user reads
//! until nothing is left.
//!
//! A child of fork does not inherit a kqueue: there its number is free, or that of another file. So a child must not use the
//! poller of its parent, and dropping it there closes nothing.

use crate::sys::poll::step;
use crate::sys::posix::timespec;
use crate::sys::system::kevent::{Filter, Filters, Report, join};
use crate::sys::{Event, Process, Readiness, Socket};
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// Watches sockets, which are known by tokens.
pub(crate) struct Poller {
    kqueue: ManuallyDrop<OwnedFd>,
    process: Process,
}

/// How a socket is watched.
#[derive(Debug, Default)]
pub(in crate::sys) struct Watched(AtomicU8);

// A token is passed as a pointer.
const _: () = assert!(size_of::<usize>() == size_of::<u64>());

const INPUT: u8 = 1;
const OUTPUT: u8 = 2;

impl Watched {
    /// Something was read, which the kernel knows.
    pub fn note_read(&self) {}

    fn get(&self) -> Filters {
        let bits = self.0.load(Ordering::Relaxed);
        Filters { input: bits & INPUT != 0, output: bits & OUTPUT != 0 }
    }

    fn set(&self, filters: Filters) {
        let bit = |is_on, bit| if is_on { bit } else { 0 };
        self.0.store(bit(filters.input, INPUT) | bit(filters.output, OUTPUT), Ordering::Relaxed);
    }
}

impl Poller {
    pub fn new() -> io::Result<Poller> {
        // SAFETY: no pointers are passed.
        let fd = unsafe { libc::kqueue() };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` was just opened and belongs to nobody else.
        let kqueue = unsafe { OwnedFd::from_raw_fd(fd) };
        // SAFETY: the descriptor is open, and the command takes a number.
        if unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Poller { kqueue: ManuallyDrop::new(kqueue), process: Process::current() })
    }

    /// Watches an event, which is reported as long as it is set.
    pub fn watch_event(&self, event: &Event, token: u64) -> io::Result<()> {
        self.change(event.as_fd().as_raw_fd(), Filter::Input, libc::EV_ADD, token)
    }

    /// Watches a socket for input, and for output as well if the caller waits for that. A socket that is watched already costs
    /// nothing.
    pub fn watch(&self, socket: &Socket, token: u64, output: bool) -> io::Result<()> {
        let Some(wanted) = socket.watched().get().wanting(output) else { return Ok(()) };
        for filter in wanted.each() {
            self.change(socket.inner().as_raw_fd(), filter, libc::EV_ADD | libc::EV_CLEAR, token)?;
        }
        socket.watched().set(wanted);
        Ok(())
    }

    /// Stops to watch a socket. Not needed for one that is closed.
    pub fn forget(&self, socket: &Socket) {
        for filter in socket.watched().get().each() {
            let _ = self.change(socket.inner().as_raw_fd(), filter, libc::EV_DELETE, 0);
        }
        socket.watched().set(Filters::default());
    }

    /// Blocks until something is ready or `until` has come, and appends what is ready to `ready`.
    pub fn wait(&self, ready: &mut Vec<Readiness>, until: Option<Instant>) -> io::Result<()> {
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if self.collect(ready, step(left).0)? || left == Some(Duration::ZERO) {
                return Ok(());
            }
        }
    }

    /// Appends what is ready within `nap` (`None`: no limit). Returns whether there was something.
    fn collect(&self, ready: &mut Vec<Readiness>, nap: Option<Duration>) -> io::Result<bool> {
        const AT_ONCE: usize = 64;
        let mut events = [event(0, 0, 0, 0); AT_ONCE];
        let nap = nap.map(timespec);
        let nap = nap.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the array is live and has that many entries; `nap` is NULL or points to a local that outlives the call.
        let count = unsafe {
            libc::kevent(self.kqueue.as_raw_fd(), ptr::null(), 0, events.as_mut_ptr(), AT_ONCE as libc::c_int, nap)
        };
        let count = match usize::try_from(count) {
            Ok(count) => count,
            Err(_) => match io::Error::last_os_error() {
                e if e.kind() == io::ErrorKind::Interrupted => 0,
                e => return Err(e),
            },
        };
        join(events[..count].iter().map(report), ready);
        Ok(count > 0)
    }

    fn change(&self, fd: RawFd, filter: Filter, flags: u16, token: u64) -> io::Result<()> {
        let filter = match filter {
            Filter::Input => libc::EVFILT_READ,
            Filter::Output => libc::EVFILT_WRITE,
        };
        let change = event(fd, filter, flags, token);
        let no_time = timespec(Duration::ZERO);
        // SAFETY: both are locals; with no room for events and no time, the call does not block.
        let done = unsafe {
            libc::kevent(self.kqueue.as_raw_fd(), &raw const change, 1, ptr::null_mut(), 0, &raw const no_time)
        };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        if self.process == Process::current() {
            // SAFETY: it is dropped once, and not used again.
            unsafe { ManuallyDrop::drop(&mut self.kqueue) };
        }
    }
}

fn event(fd: RawFd, filter: i16, flags: u16, token: u64) -> libc::kevent {
    // SAFETY: all fields are numbers and a pointer, for which zeros are valid.
    let mut event: libc::kevent = unsafe { std::mem::zeroed() };
    event.ident = fd as usize;
    event.filter = filter;
    event.flags = flags;
    event.udata = ptr::without_provenance_mut(token as usize);
    event
}

fn report(event: &libc::kevent) -> Report {
    let is_end = event.flags & libc::EV_EOF != 0;
    Report {
        token: event.udata.addr() as u64,
        filter: if event.filter == libc::EVFILT_WRITE { Filter::Output } else { Filter::Input },
        is_broken: event.flags & libc::EV_ERROR != 0 || (is_end && event.fflags != 0),
    }
}
