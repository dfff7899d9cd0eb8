//! The library's own threads. Windows runs no signal handler on them, and cannot cancel them.

use std::ffi::CStr;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};

/// A thread. If it is dropped, the thread continues detached.
pub(crate) struct Thread(JoinHandle<()>);

impl Thread {
    /// Runs `work` on a new thread. A panic in it ends only the thread.
    pub fn start(name: &CStr, stack_size: usize, work: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
        pin_code();
        let name = name.to_string_lossy().into_owned();
        let work = move || std::mem::forget(catch_unwind(AssertUnwindSafe(work)));
        Builder::new().name(name).stack_size(stack_size).spawn(work).map(Thread)
    }

    /// Blocks until the work is done.
    pub fn join(self) {
        let _ = self.0.join();
    }
}

/// Keeps the DLL or program that contains this code mapped until the process ends, even if a host calls FreeLibrary. A call
/// abandons a lookup that hangs, and the lookup's thread later returns into this code.
fn pin_code() {
    static PINNED: AtomicBool = AtomicBool::new(false);
    if !PINNED.load(Ordering::Acquire) && pin(pin_code as *const u16) {
        PINNED.store(true, Ordering::Release);
    }
}

fn pin(address: *const u16) -> bool {
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    let mut module = ptr::null_mut();
    // SAFETY: by the flags the name is an address, and any address will do; the module is a local.
    unsafe { GetModuleHandleExW(flags, address, &raw mut module) != 0 }
}

/// Windows cancels no thread.
pub(crate) struct CancellationDisabled;

impl CancellationDisabled {
    pub fn new() -> CancellationDisabled {
        CancellationDisabled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn a_thread_has_its_name_and_keeps_a_panic_to_itself() {
        let (send, named) = channel();
        let work = move || {
            send.send(std::thread::current().name().map(str::to_owned)).unwrap();
            panic!("a test asked for it");
        };
        Thread::start(c"anchor-test", 256 * 1024, work).unwrap().join();
        assert_eq!(named.recv().unwrap().as_deref(), Some("anchor-test"));
    }

    #[test]
    fn only_code_is_pinned() {
        assert!(pin(pin_code as *const u16));
        assert!(!pin(ptr::without_provenance(2)));
    }
}
