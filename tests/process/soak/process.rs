//! What a process holds: descriptors, threads, memory.

use super::event_server::PATIENCE;
use std::thread;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    pub files: usize,
    pub threads: usize,
}

impl Process {
    pub fn now() -> Process {
        let count = |folder: &str| std::fs::read_dir(folder).expect("/proc").count();
        Process { files: count("/proc/self/fd"), threads: count("/proc/self/task") }
    }

    /// A thread is there for a moment after it was joined.
    pub fn until_again(self) {
        let began = Instant::now();
        while Process::now() != self {
            assert!(began.elapsed() < PATIENCE, "{self:?} before, {:?} now", Process::now());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What is resident once the allocator has given back what is free.
pub fn resident_kib() -> u64 {
    // SAFETY: the call takes a number, and allocates and frees as any thread may.
    unsafe { libc::malloc_trim(0) };
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a VmRSS");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
