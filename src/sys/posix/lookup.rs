//! The system's lookup of a name, which blocks and cannot be cancelled. std's own lookup hides the error code.

use super::is_exhausted;
use crate::sys::system::UNKNOWN_NAME;
use crate::sys::{Event, LookupError};
use socket2::{SockAddr, SockAddrStorage};
use std::ffi::{CStr, CString};
use std::io;
use std::net::SocketAddr;
use std::ptr;

/// The addresses of a name, in the order in which they should be tried. Their port is 0.
pub(crate) fn look_up(host: &str) -> Result<Vec<SocketAddr>, LookupError> {
    let name = CString::new(host).map_err(|_| LookupError::Failed("the host contains a NUL".to_owned()))?;
    // SAFETY: the hints are a local whose zeros are valid; the list is freed once, after it was read; the code is of this call.
    unsafe {
        let mut hints: libc::addrinfo = std::mem::zeroed();
        hints.ai_socktype = libc::SOCK_STREAM;
        let mut list = ptr::null_mut();
        let code = libc::getaddrinfo(name.as_ptr(), ptr::null(), &raw const hints, &raw mut list);
        if code != 0 {
            return Err(error(code, io::Error::last_os_error()));
        }
        let addresses = addresses(list);
        libc::freeaddrinfo(list);
        Ok(addresses)
    }
}

/// # Safety
///
/// `list` is NULL or a list that getaddrinfo made.
unsafe fn addresses(mut list: *const libc::addrinfo) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    // SAFETY: the caller's promise.
    while let Some(entry) = unsafe { list.as_ref() } {
        let mut storage = SockAddrStorage::zeroed();
        let length = (entry.ai_addrlen as usize).min(size_of::<SockAddrStorage>());
        // SAFETY: the address is as long as the entry says, and the storage has room for what is copied.
        let address = unsafe {
            ptr::copy_nonoverlapping(entry.ai_addr.cast::<u8>(), (&raw mut storage).cast::<u8>(), length);
            SockAddr::new(storage, entry.ai_addrlen)
        };
        if let Some(mut address) = address.as_socket() {
            address.set_port(0);
            found.push(address);
        }
        list = entry.ai_next;
    }
    found
}

/// The error for a code of getaddrinfo. If no descriptor is left, glibc reports an unknown name, so that is checked first.
fn error(code: i32, last: io::Error) -> LookupError {
    if code == libc::EAI_MEMORY || (code == libc::EAI_SYSTEM && is_exhausted(&last)) {
        let why = if code == libc::EAI_MEMORY { io::ErrorKind::OutOfMemory.into() } else { last };
        return LookupError::Exhausted(why.to_string());
    }
    if let Err(e) = Event::new() {
        return LookupError::Exhausted(e.to_string());
    }
    // SAFETY: the string is static.
    let said = unsafe { CStr::from_ptr(libc::gai_strerror(code)) }.to_string_lossy().into_owned();
    match code {
        _ if UNKNOWN_NAME.contains(&code) => LookupError::UnknownHost(said),
        libc::EAI_SYSTEM => LookupError::Failed(last.to_string()),
        _ => LookupError::Failed(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_its_own_name() {
        assert_eq!(look_up("127.0.0.9").unwrap(), ["127.0.0.9:0".parse().unwrap()]);
        assert_eq!(look_up("::1").unwrap(), ["[::1]:0".parse().unwrap()]);
    }

    #[test]
    fn errors_are_told_apart() {
        assert!(matches!(error(libc::EAI_NONAME, io::Error::from_raw_os_error(0)), LookupError::UnknownHost(_)));
        assert!(matches!(error(libc::EAI_AGAIN, io::Error::from_raw_os_error(0)), LookupError::Failed(_)));
        let no_descriptor = io::Error::from_raw_os_error(libc::EMFILE);
        assert!(matches!(error(libc::EAI_SYSTEM, no_descriptor), LookupError::Exhausted(_)));
    }
}
