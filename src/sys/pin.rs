//! Keeps this code mapped while a thread of the library may run in it.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{mem, ptr};

/// Once it has been called, the object that holds this code stays mapped until the process ends, though a host unloads the
/// plugin that libanchor is linked into: no call waits for a lookup that hangs, and its thread returns into this code.
/// (libanchor.so is linked with `-z nodelete`.)
///
/// It takes the loader's lock, so it is for threads that may block and never for a signal handler. Threads that come here at
/// once all do the same, which does no harm; a lock of its own could be inherited locked by a forked child.
pub(crate) fn pin_code() {
    static PINNED: AtomicBool = AtomicBool::new(false);
    if !PINNED.load(Ordering::Acquire) && pin(object_with(pin_code as *const c_void)) {
        PINNED.store(true, Ordering::Release);
    }
}

/// False if it cannot be done, as without memory. An executable is never unmapped.
fn pin(object: Option<libc::Dl_info>) -> bool {
    let Some(object) = object else { return false };
    if executable().is_some_and(|executable| executable.dli_fbase == object.dli_fbase) {
        return true;
    }
    // SAFETY: the loader's own name of the object, by which it finds the one that is mapped and never loads another.
    unsafe {
        let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
        let pinned = !libc::dlopen(object.dli_fname, flags).is_null();
        if !pinned {
            // The host's next dlerror must not find this.
            libc::dlerror();
        }
        pinned
    }
}

/// The kernel says where the program headers of the executable are, which are part of it.
fn executable() -> Option<libc::Dl_info> {
    // SAFETY: getauxval only reads what the process was started with.
    let headers = unsafe { libc::getauxval(libc::AT_PHDR) };
    object_with(ptr::with_exposed_provenance(headers as usize))
}

fn object_with(address: *const c_void) -> Option<libc::Dl_info> {
    // SAFETY: dladdr takes any address, and fills a local.
    unsafe {
        let mut found = mem::zeroed();
        (libc::dladdr(address, &raw mut found) != 0).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_needs_no_pin() {
        // SAFETY: dlerror returns a string of the C library or NULL, and only NULL is looked for.
        let clear = || unsafe { libc::dlerror() }.is_null();
        clear();
        assert!(pin(object_with(pin_code as *const c_void)));
        assert!(clear());
    }

    #[test]
    fn a_shared_object_is_found_by_the_name_that_the_loader_has_for_it() {
        assert!(pin(object_with(libc::malloc as *const c_void)));
        assert!(!pin(object_with(ptr::without_provenance(1))));
    }
}
