//! Keeps the library's code mapped, since a thread of the library may still run in it.

use crate::sys::system;
use std::ffi::c_void;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};

/// Keeps the object that contains this code mapped until the process ends, even if a host unloads the plugin that libanchor is
/// linked into. A call abandons a lookup that hangs, and the lookup's thread later returns into this code. (libanchor.so itself
/// is linked with `-z nodelete`.)
///
/// It takes the loader's lock, so a signal handler must not call it. It has no lock of its own, which a forked child could
/// inherit locked: threads that come here at once all do the same, which is harmless.
pub(crate) fn pin_code() {
    static PINNED: AtomicBool = AtomicBool::new(false);
    if !PINNED.load(Ordering::Acquire) && pin(object_with(pin_code as *const c_void)) {
        PINNED.store(true, Ordering::Release);
    }
}

/// Returns false on failure, such as a lack of memory. An executable is never unmapped, so it needs nothing. Nor does a static one,
/// of which the loader knows no object.
fn pin(object: Option<libc::Dl_info>) -> bool {
    let Some(object) = object else { return true };
    if executable().is_some_and(|executable| executable.dli_fbase == object.dli_fbase) {
        return true;
    }
    // SAFETY: the name is the loader's own, by which it finds the mapped object; RTLD_NOLOAD never loads another.
    unsafe {
        let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
        let pinned = !libc::dlopen(object.dli_fname, flags).is_null();
        if !pinned {
            // The host's next dlerror must not report this failure.
            libc::dlerror();
        }
        pinned
    }
}

/// The executable of the process.
fn executable() -> Option<libc::Dl_info> {
    object_with(system::address_in_executable())
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
        assert!(object_with(std::ptr::without_provenance(1)).is_none());
    }
}
