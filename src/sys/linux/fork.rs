//! Linux: what identifies a process, by a fork handler and by a page that is zero in a forked child.

use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// Identifies a process among its parents and children, without a system call and async-signal-safe. A process id does not:
/// the first process of a container has the same as the first of another one that it makes. It has two legs, since each misses something: a
/// fork handler does not run after a bare `clone`, and an emulator may accept MADV_WIPEONFORK without wiping the page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    forks: u64,
    page: u64,
}

/// First leg: how many forks led to this process. A handler counts them in the child.
static FORKS: AtomicU64 = AtomicU64::new(0);
/// The highest number that a process of this line had in its page.
static LAST: AtomicU64 = AtomicU64::new(0);
/// Second leg: a page that is zero in a new child, once it is set up.
static PAGE: AtomicPtr<AtomicU64> = AtomicPtr::new(ptr::null_mut());
/// Used instead of the page if the kernel has none. The process id is the second leg then.
static NO_PAGE: AtomicU64 = AtomicU64::new(0);

impl Process {
    pub fn current() -> Process {
        let page = match PAGE.load(Ordering::Acquire) {
            unset if unset.is_null() => set_up(),
            // SAFETY: the address is that of a static or of a page that is never unmapped.
            page => unsafe { &*page },
        };
        let number = if ptr::eq(page, &NO_PAGE) { std::process::id().into() } else { number(page) };
        Process { forks: FORKS.load(Ordering::Acquire), page: number }
    }

    /// One that never runs.
    #[cfg(test)]
    pub fn another() -> Process {
        Process { forks: u64::MAX, page: u64::MAX }
    }
}

/// Registers the fork handler and maps the page. It takes no lock, since a child could inherit it locked: threads that come here
/// at once each register a handler, which is harmless, and one page is used.
fn set_up() -> &'static AtomicU64 {
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::AcqRel);
    }
    // SAFETY: the handler is async-signal-safe. If it cannot be registered, the page is enough.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    let page = wiped_on_fork().unwrap_or(&NO_PAGE);
    let new = ptr::from_ref(page).cast_mut();
    match PAGE.compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => page,
        // SAFETY: as in `current`.
        Err(first) => unsafe { &*first },
    }
}

/// The number in the page. A new child finds zero, and stores a number that no process before it had.
fn number(page: &AtomicU64) -> u64 {
    loop {
        match page.load(Ordering::Acquire) {
            0 => {
                let new = LAST.fetch_add(1, Ordering::AcqRel) + 1;
                let _ = page.compare_exchange(0, new, Ordering::AcqRel, Ordering::Acquire);
            }
            found => return found,
        }
    }
}

/// A number that is zero in a forked child (MADV_WIPEONFORK); `None` if the kernel does not support it. It is never freed.
fn wiped_on_fork() -> Option<&'static AtomicU64> {
    const PAGE: usize = 4096;
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: an anonymous mapping of its own, which is unmapped again if it cannot be marked, and otherwise never. It is
    // aligned to a page, and zeros are a valid AtomicU64.
    unsafe {
        let page = libc::mmap(ptr::null_mut(), PAGE, access, kind, -1, 0);
        if page == libc::MAP_FAILED {
            return None;
        }
        if libc::madvise(page, PAGE, libc::MADV_WIPEONFORK) != 0 {
            libc::munmap(page, PAGE);
            return None;
        }
        NonNull::new(page.cast::<AtomicU64>()).map(|page| page.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each leg alone distinguishes a child from its parent. The test sets by hand what a fork changes.
    #[test]
    fn a_process_is_another_by_either_leg() {
        let here = Process::current();
        assert!(here == Process::current());
        assert!(here != Process { forks: here.forks + 1, ..here } && here != Process { page: here.page + 1, ..here });
        let page = AtomicU64::new(0);
        let first = number(&page);
        assert_eq!(number(&page), first);
        page.store(0, Ordering::SeqCst);
        assert!(number(&page) > first, "a wiped page gets a new number");
    }
}
