//! What a process holds: descriptors, threads, memory.

use testkit::until;

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
        until(&format!("{self:?} as before"), || Process::now() == self);
    }
}

/// What is resident once the allocator has given back what is free.
pub fn resident_kib() -> u64 {
    // SAFETY: the call takes a number, and allocates and frees as any thread may.
    unsafe { libc::malloc_trim(0) };
    testkit::process::resident_kib(std::process::id())
}
