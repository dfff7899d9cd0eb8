//! What identifies a process: its id.

/// Identifies a process among its parents and children. Async-signal-safe. A process whose id was that of a dead grandparent is
/// taken for it; ids are given out in turn or at random, so that takes all of them in one family.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    pub fn current() -> Process {
        Process(std::process::id())
    }

    /// One that never runs.
    #[cfg(test)]
    pub fn another() -> Process {
        Process(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_another_process() {
        let here = Process::current();
        assert!(here == Process::current() && here != Process::another());
        // SAFETY: the child only asks for its id, which is async-signal-safe, and ends; the parent waits for it.
        let status = unsafe {
            let child = libc::fork();
            if child == 0 {
                libc::_exit((here == Process::current()).into());
            }
            let mut status = -1;
            assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
            status
        };
        assert_eq!(status, 0);
    }
}
