//! Standard output by its descriptor. std's own handle does not serve here: it takes a descriptor that is not open for writing
//! for one that was written, and it opens /dev/null in place of one that was closed.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::Errno;
use rustix::stdio;

const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Whether stdout was closed when the process started, as by `>&-`.
static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Runs before std opens /dev/null in place of a closed descriptor: afterwards, nothing tells the two apart.
#[ctor::ctor(unsafe)]
fn look_before_std() {
    WAS_CLOSED.store(rustix::io::fcntl_getfd(stdio::stdout()).is_err(), Ordering::Relaxed);
}

/// Writes all of it, at once.
pub fn write_all(bytes: &[u8]) -> io::Result<()> {
    check_is_open()?;
    let mut rest = bytes;
    while !rest.is_empty() {
        match rustix::io::write(stdio::stdout(), rest) {
            Ok(written) => rest = &rest[written..],
            Err(Errno::INTR) => {}
            // Whoever shares it has made it non-blocking.
            Err(Errno::AGAIN) => drop(poll(&mut [PollFd::new(&stdio::stdout(), PollFlags::OUT)], None)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The reason why nothing can be written, as far as it can be known without writing.
pub fn check() -> io::Result<()> {
    check_is_open()?;
    let mode = fcntl_getfl(stdio::stdout())? & OFlags::ACCMODE;
    if mode == OFlags::RDONLY {
        return Err(Errno::BADF.into());
    }
    if has_lost_its_reader(stdio::stdout(), PollFlags::OUT, Some(&Timespec::default())).unwrap_or(false) {
        return Err(Errno::PIPE.into());
    }
    Ok(())
}

fn check_is_open() -> io::Result<()> {
    if WAS_CLOSED.load(Ordering::Relaxed) { Err(Errno::BADF.into()) } else { Ok(()) }
}

/// Blocks until a pipe's reader has closed it or a terminal is gone. False if that cannot be known.
pub fn wait_until_unread() -> bool {
    if cfg!(target_os = "linux") { block_until_unread(stdio::stdout()) } else { look_until_unread(stdio::stdout()) }
}

/// On Linux, a poll for no event returns when there is nobody at the other end.
fn block_until_unread(stdout: BorrowedFd<'_>) -> bool {
    has_lost_its_reader(stdout, PollFlags::empty(), None).unwrap_or(false)
}

/// On other systems it need not return, and a poll for a moment to write returns at once.
fn look_until_unread(stdout: BorrowedFd<'_>) -> bool {
    loop {
        match has_lost_its_reader(stdout, PollFlags::OUT, Some(&Timespec::default())) {
            Ok(false) => thread::sleep(LOOK_AGAIN),
            Ok(true) => return true,
            Err(_) => return false,
        }
    }
}

fn has_lost_its_reader(stdout: BorrowedFd<'_>, events: PollFlags, timeout: Option<&Timespec>) -> Result<bool, Errno> {
    let mut fds = [PollFd::from_borrowed_fd(stdout, events)];
    loop {
        match poll(&mut fds, timeout) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
            Ok(_) => return Ok(fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsFd, OwnedFd};

    use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionbio};
    use testkit::until;

    use super::*;

    fn pipe() -> (OwnedFd, OwnedFd) {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        for end in [&reader, &writer] {
            fcntl_setfd(end, FdFlags::CLOEXEC).unwrap();
        }
        (reader, writer)
    }

    fn has_reader(writer: &OwnedFd) -> bool {
        !has_lost_its_reader(writer.as_fd(), PollFlags::OUT, Some(&Timespec::default())).unwrap()
    }

    #[test]
    fn a_pipe_has_a_reader_until_it_is_closed_even_if_nothing_can_be_written() {
        let (reader, writer) = pipe();
        assert!(has_reader(&writer));
        ioctl_fionbio(&writer, true).unwrap();
        while rustix::io::write(&writer, &[0; 4096]).is_ok() {}
        assert!(has_reader(&writer));
        drop(reader);
        // A process that another test is starting has a copy of it, until it runs its program.
        until("the pipe is closed", || !has_reader(&writer));
    }

    #[test]
    fn looking_again_and_again_finds_the_same_end() {
        let (reader, writer) = pipe();
        let wait = thread::spawn(move || look_until_unread(writer.as_fd()));
        thread::sleep(LOOK_AGAIN);
        assert!(!wait.is_finished());
        drop(reader);
        assert!(wait.join().unwrap());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_says_so_by_itself() {
        let (reader, writer) = pipe();
        let wait = thread::spawn(move || block_until_unread(writer.as_fd()));
        drop(reader);
        assert!(wait.join().unwrap());
    }
}
