//! Overwrites secrets.

/// Overwrites the bytes, in a way that no compiler removes. Unlike zeroize's own it does not do so byte by byte, since each
/// request needs it.
pub(crate) fn wipe(secret: &mut [u8]) {
    secret.fill(0);
    zeroize::optimization_barrier(secret);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_given_is_overwritten() {
        for length in [0, 1, 31, 4096] {
            let mut bytes = vec![7; length + 2];
            wipe(&mut bytes[1..=length]);
            assert!(bytes[1..=length].iter().all(|byte| *byte == 0));
            assert_eq!((bytes[0], bytes[length + 1]), (7, 7));
        }
    }
}
