//! Texts and bytes that no output may contain, and that are overwritten when they are dropped: the API key, or a proxy's
//! credentials.

use std::fmt;
use std::mem::take;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// The text is wiped from memory when the last clone is dropped, and `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Secret(Arc<Wiped<String>>);

impl Secret {
    pub fn new(text: Wiped<String>) -> Secret {
        Secret(Arc::new(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Secret::new(Wiped::new(text.to_owned()))
    }
}

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A text or bytes whose buffer is overwritten when they are dropped. A buffer that grows leaves a copy behind, which is not.
///
/// zeroize has such a type too, but overwrites byte by byte, with a loop in each place where one is dropped: each request
/// needs it, and so do many places.
#[derive(Clone, Default)]
pub(crate) struct Wiped<T: Buffer>(T);

pub(crate) trait Buffer: Default {
    fn into_bytes(self) -> Vec<u8>;
}

impl Buffer for Vec<u8> {
    fn into_bytes(self) -> Vec<u8> {
        self
    }
}

impl Buffer for String {
    fn into_bytes(self) -> Vec<u8> {
        String::into_bytes(self)
    }
}

impl<T: Buffer> Wiped<T> {
    pub fn new(buffer: T) -> Wiped<T> {
        Wiped(buffer)
    }
}

impl<T: Buffer> Deref for Wiped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Buffer> DerefMut for Wiped<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Buffer> Drop for Wiped<T> {
    fn drop(&mut self) {
        overwrite(&mut take(&mut self.0).into_bytes());
    }
}

/// Overwrites all of the buffer, in a way that no compiler removes.
#[inline(never)]
fn overwrite(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.resize(buffer.capacity(), 0);
    zeroize::optimization_barrier(&buffer[..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_in_a_buffer_is_overwritten_too() {
        for length in [0, 1, 31, 4096] {
            let mut buffer = vec![7; length];
            let place = buffer.as_ptr();
            buffer.truncate(length / 2);
            overwrite(&mut buffer);
            assert_eq!((buffer.as_ptr(), &buffer[..]), (place, &vec![0; length][..]));
        }
    }
}
