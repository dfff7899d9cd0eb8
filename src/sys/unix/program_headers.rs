//! The executable, found by its program headers: an ELF system without `getauxval`.

use std::ffi::{c_int, c_void};
use std::ptr;

/// An address in the executable of the process.
pub(in crate::sys) fn address_in_executable() -> *const c_void {
    /// Ends at the first object, which is the executable.
    unsafe extern "C" fn look(object: *mut libc::dl_phdr_info, _size: usize, found: *mut c_void) -> c_int {
        // SAFETY: the loader passes an object, and `found` is the local below.
        unsafe { *found.cast::<*const c_void>() = (*object).dlpi_phdr.cast() };
        1
    }
    let mut found = ptr::null::<c_void>();
    // SAFETY: the function writes to the local only during the call.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut found).cast()) };
    found
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_in_the_object_that_holds_these_tests() {
        let base = |address| {
            // SAFETY: zeros are valid, and dladdr takes any address and fills a local.
            let (found, is_known) = unsafe {
                let mut found: libc::Dl_info = std::mem::zeroed();
                let is_known = libc::dladdr(address, &raw mut found) != 0;
                (found, is_known)
            };
            assert!(is_known);
            found.dli_fbase
        };
        let here: fn() = it_is_in_the_object_that_holds_these_tests;
        assert_eq!(base(super::address_in_executable()), base(here as *const std::ffi::c_void));
    }
}
