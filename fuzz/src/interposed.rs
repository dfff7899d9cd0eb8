//! Functions of the C library that this program defines itself, so that libanchor's calls come here. On a thread without a
//! simulated network they call the kernel.

use crate::network::Network;
use libc::{addrinfo, c_char, c_int, clockid_t, nfds_t, pollfd, sigset_t, sockaddr, socklen_t, timespec};
use std::ptr;
use std::time::Duration;

#[unsafe(no_mangle)]
extern "C" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    match Network::with_any(Network::open) {
        Some(fd) => fd,
        // SAFETY: no pointers are passed.
        None => unsafe { libc::syscall(libc::SYS_socket, domain, kind, protocol) as c_int },
    }
}

/// A simulated socket has no TCP options to set.
#[unsafe(no_mangle)]
unsafe extern "C" fn setsockopt(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *const libc::c_void,
    length: socklen_t,
) -> c_int {
    match Network::with_any(|_| ()) {
        Some(()) => 0,
        // SAFETY: the caller's arguments, passed on.
        None => unsafe { libc::syscall(libc::SYS_setsockopt, fd, level, name, value, length) as c_int },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn connect(fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
    match Network::with_any(|network| network.connect(fd)) {
        Some(true) => 0,
        Some(false) => {
            // SAFETY: errno's location is valid for the thread.
            unsafe { *libc::__errno_location() = libc::ECONNREFUSED };
            -1
        }
        // SAFETY: the caller's arguments, passed on.
        None => unsafe { libc::syscall(libc::SYS_connect, fd, address, length) as c_int },
    }
}

/// A simulated socket is connected to this machine.
#[unsafe(no_mangle)]
unsafe extern "C" fn getpeername(fd: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int {
    match Network::with_any(|_| ()) {
        Some(()) => {
            // SAFETY: for the C structure zeros are valid; the library passes room for an address of any family.
            unsafe {
                let mut peer: libc::sockaddr_in = std::mem::zeroed();
                peer.sin_family = libc::AF_INET as libc::sa_family_t;
                peer.sin_addr.s_addr = u32::from_ne_bytes([127, 0, 0, 1]);
                address.cast::<libc::sockaddr_in>().write(peer);
                length.write(size_of::<libc::sockaddr_in>() as socklen_t);
            }
            0
        }
        // SAFETY: the caller's arguments, passed on.
        None => unsafe { libc::syscall(libc::SYS_getpeername, fd, address, length) as c_int },
    }
}

/// Every name resolves to this machine, without a lookup.
#[unsafe(no_mangle)]
unsafe extern "C" fn getaddrinfo(
    _: *const c_char,
    _: *const c_char,
    _: *const addrinfo,
    out: *mut *mut addrinfo,
) -> c_int {
    // SAFETY: for the C structures zeros are valid, and the caller's pointer is valid for a write.
    unsafe {
        let mut address: libc::sockaddr_in = std::mem::zeroed();
        address.sin_family = libc::AF_INET as libc::sa_family_t;
        address.sin_addr.s_addr = u32::from_ne_bytes([127, 0, 0, 1]);
        let mut found: addrinfo = std::mem::zeroed();
        found.ai_family = libc::AF_INET;
        found.ai_socktype = libc::SOCK_STREAM;
        found.ai_addrlen = size_of::<libc::sockaddr_in>() as socklen_t;
        found.ai_addr = Box::into_raw(Box::new(address)).cast();
        out.write(Box::into_raw(Box::new(found)));
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freeaddrinfo(found: *mut addrinfo) {
    // SAFETY: it came from `getaddrinfo` above, and is freed once.
    unsafe {
        let found = Box::from_raw(found);
        drop(Box::from_raw(found.ai_addr.cast::<libc::sockaddr_in>()));
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: clockid_t, out: *mut timespec) -> c_int {
    let simulated = if clock == libc::CLOCK_MONOTONIC { Network::with_own(|network| network.now) } else { None };
    match simulated {
        Some(now) => {
            // SAFETY: the caller's pointer is valid for a write, as clock_gettime demands.
            unsafe { out.write(timespec { tv_sec: now.as_secs() as i64, tv_nsec: now.subsec_nanos().into() }) };
            0
        }
        // SAFETY: the caller's arguments, passed on.
        None => unsafe { libc::syscall(libc::SYS_clock_gettime, clock, out) as c_int },
    }
}

/// Simulated time passes only here.
#[unsafe(no_mangle)]
unsafe extern "C" fn ppoll(fds: *mut pollfd, count: nfds_t, timeout: *const timespec, mask: *const sigset_t) -> c_int {
    // SAFETY: the caller's arguments, passed on; the mask's size is that of the kernel's.
    let real = |timeout: *const timespec| unsafe {
        let mut copy = if timeout.is_null() { std::mem::zeroed() } else { *timeout };
        let timeout = if timeout.is_null() { ptr::null_mut() } else { &raw mut copy };
        libc::syscall(libc::SYS_ppoll, fds, count, timeout, mask, 8) as c_int
    };
    // SAFETY: NULL or valid, as ppoll demands.
    let allowed = unsafe { timeout.as_ref() };
    let allowed = allowed.map(|t| Duration::new(t.tv_sec as u64, t.tv_nsec as u32));
    let Some(until) = Network::with_own(|network| allowed.and_then(|allowed| network.now.checked_add(allowed))) else {
        return real(timeout);
    };
    loop {
        let next = Network::with_own(Network::proceed).flatten();
        // Without a connection, the poll is for the thread of a lookup, which has no simulated time.
        let patience = if Network::with_own(|network| network.is_unused()) == Some(true) { 1 } else { 0 };
        let ready = real(&timespec { tv_sec: patience, tv_nsec: 0 });
        let reachable = next.filter(|next| until.is_none_or(|until| *next <= until));
        match (ready, reachable, until) {
            (0, Some(next), _) => drop(Network::with_own(|network| network.now = next)),
            (0, None, Some(until)) => {
                Network::with_own(|network| network.now = until);
                return 0;
            }
            (0, None, None) => panic!("blocked for ever"),
            (ready, ..) => return ready,
        }
    }
}
