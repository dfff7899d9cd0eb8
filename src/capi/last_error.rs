//! Why the last call of a thread failed. The thread-local has no destructor: it could run after the library was unloaded.

use crate::error::Error;
use std::cell::{Cell, UnsafeCell};
use std::ffi::{CStr, c_char};
use std::ptr;

/// Bytes that are kept of a message, with its NUL. A message of the service has at most 500 characters, so it is cut only if
/// most of them are outside ASCII.
const SIZE: usize = 1024;

thread_local! {
    static LAST: LastError = const { LastError { is_set: Cell::new(false), text: UnsafeCell::new([0; SIZE]) } };
}

struct LastError {
    is_set: Cell<bool>,
    text: UnsafeCell<[u8; SIZE]>,
}

/// Returns why the last call of this thread failed.
///
/// Each function that returns an anchor_status, a handle, or a string to be freed sets it, except anchor_queue_next. If
/// the call returned an error as JSON, it is the "message" of that JSON.
///
///     anchor_client *client = NULL;
///     if (anchor_client_new(NULL, &client) != ANCHOR_OK)
///         fprintf(stderr, "%s\n", anchor_last_error());
///
/// @return  an English sentence of at most 1,023 bytes, which must not be freed and is valid until the next call of this
///          thread; NULL if the last call succeeded
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn anchor_last_error() -> *const c_char {
    LAST.with(|last| if last.is_set.get() { last.text.get().cast_const().cast() } else { ptr::null() })
}

/// Stores the message of a call that failed; `None` if the call succeeded.
#[inline(never)]
pub(super) fn note(error: Option<&Error>) {
    LAST.with(|last| {
        last.is_set.set(error.is_some());
        if let Some(error) = error {
            // SAFETY: only this thread has the buffer, and nothing that runs meanwhile refers to it.
            write(unsafe { &mut *last.text.get() }, error.message());
        }
    });
}

/// Writes as much of the message as fits, cut between characters. A NUL becomes a space.
fn write(text: &mut [u8; SIZE], message: &str) {
    let longest = message.len().min(SIZE - 1);
    let end = (0..=longest).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
    for (to, from) in text.iter_mut().zip(&message.as_bytes()[..end]) {
        *to = if *from == 0 { b' ' } else { *from };
    }
    text[end] = 0;
    debug_assert!(CStr::from_bytes_until_nul(text).is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last() -> Option<String> {
        let text = anchor_last_error();
        // SAFETY: it is NULL or a C string that lives until the next call.
        (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned())
    }

    #[test]
    fn each_thread_has_its_own_and_long_ones_are_cut_between_characters() {
        note(Some(&Error::invalid("a\0b")));
        assert_eq!(last().as_deref(), Some("a b"));
        std::thread::spawn(|| assert_eq!(last(), None)).join().unwrap();
        note(Some(&Error::invalid("é".repeat(SIZE))));
        assert_eq!(last().as_deref(), Some(&*"é".repeat((SIZE - 1) / 2)));
        note(None);
        assert_eq!(last(), None);
    }
}
