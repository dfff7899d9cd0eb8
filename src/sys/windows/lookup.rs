//! The system's lookup of a name, which blocks and cannot be cancelled. std's own lookup hides the error code.

use super::is_exhausted;
use crate::sys::LookupError;
use socket2::{SockAddr, SockAddrStorage};
use std::io;
use std::net::SocketAddr;
use std::ptr;
use std::sync::OnceLock;
use windows_sys::Win32::Networking::WinSock::{
    ADDRINFOW, FreeAddrInfoW, GetAddrInfoW, SOCK_STREAM, WSAHOST_NOT_FOUND, WSANO_DATA, WSAStartup,
};

/// The addresses of a name, in the order in which they should be tried. Their port is 0.
pub(crate) fn look_up(host: &str) -> Result<Vec<SocketAddr>, LookupError> {
    let name: Vec<u16> = host.encode_utf16().chain([0]).collect();
    if name[..name.len() - 1].contains(&0) {
        return Err(LookupError::Failed("the host contains a NUL".to_owned()));
    }
    start_winsock().map_err(error)?;
    let hints = ADDRINFOW { ai_socktype: SOCK_STREAM, ..ADDRINFOW::default() };
    let mut list = ptr::null_mut();
    // SAFETY: the name ends with a zero; the hints and the list's pointer are locals; the list is freed once, after it was read.
    unsafe {
        let code = GetAddrInfoW(name.as_ptr(), ptr::null(), &raw const hints, &raw mut list);
        if code != 0 {
            return Err(error(code));
        }
        let addresses = addresses(list);
        FreeAddrInfoW(list);
        Ok(addresses)
    }
}

/// Windows wants this once before the first call about sockets; std and socket2 do it for theirs. It ends with the process.
fn start_winsock() -> Result<(), i32> {
    static STARTED: OnceLock<i32> = OnceLock::new();
    const VERSION_2_2: u16 = 0x0202;
    let code = *STARTED.get_or_init(|| {
        let mut about = Default::default();
        // SAFETY: the description is a local.
        unsafe { WSAStartup(VERSION_2_2, &raw mut about) }
    });
    if code == 0 { Ok(()) } else { Err(code) }
}

/// # Safety
///
/// `list` is NULL or a list that GetAddrInfoW made.
unsafe fn addresses(mut list: *const ADDRINFOW) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    // SAFETY: the caller's promise.
    while let Some(entry) = unsafe { list.as_ref() } {
        let mut storage = SockAddrStorage::zeroed();
        let length = entry.ai_addrlen.min(size_of::<SockAddrStorage>());
        // SAFETY: the address is as long as the entry says, and the storage has room for what is copied.
        let address = unsafe {
            ptr::copy_nonoverlapping(entry.ai_addr.cast::<u8>(), (&raw mut storage).cast::<u8>(), length);
            SockAddr::new(storage, length as i32)
        };
        if let Some(mut address) = address.as_socket() {
            address.set_port(0);
            found.push(address);
        }
        list = entry.ai_next;
    }
    found
}

fn error(code: i32) -> LookupError {
    let why = io::Error::from_raw_os_error(code);
    match code {
        WSAHOST_NOT_FOUND | WSANO_DATA => LookupError::UnknownHost(why.to_string()),
        _ if is_exhausted(&why) => LookupError::Exhausted(why.to_string()),
        _ => LookupError::Failed(why.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windows_sys::Win32::Networking::WinSock::{WSA_NOT_ENOUGH_MEMORY, WSANO_RECOVERY, WSATRY_AGAIN};

    #[test]
    fn an_address_is_its_own_name() {
        assert_eq!(look_up("127.0.0.9").unwrap(), ["127.0.0.9:0".parse().unwrap()]);
        assert_eq!(look_up("::1").unwrap(), ["[::1]:0".parse().unwrap()]);
    }

    #[test]
    fn errors_are_told_apart() {
        assert!(matches!(error(WSAHOST_NOT_FOUND), LookupError::UnknownHost(_)));
        assert!(matches!(error(WSANO_DATA), LookupError::UnknownHost(_)));
        assert!(matches!(error(WSATRY_AGAIN), LookupError::Failed(_)));
        assert!(matches!(error(WSANO_RECOVERY), LookupError::Failed(_)));
        assert!(matches!(error(WSA_NOT_ENOUGH_MEMORY), LookupError::Exhausted(_)));
        assert!(matches!(look_up("a\0b"), Err(LookupError::Failed(_))));
    }
}
