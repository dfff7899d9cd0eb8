//! Functions of the C library that this program defines itself, so that libanchor's calls come here. On a thread that is not
//! simulated they call the kernel.

use crate::network::Network;
use crate::world::{self, network};
use libc::{addrinfo, c_char, c_int, c_void, clockid_t, nfds_t, pollfd, sigset_t, sockaddr, socklen_t, timespec};
use std::ptr;
use std::time::Duration;

#[unsafe(no_mangle)]
extern "C" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    match network(Network::open) {
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
    value: *const c_void,
    length: socklen_t,
) -> c_int {
    match world::me() {
        Some(_) => 0,
        // SAFETY: the caller's arguments, passed on.
        None => unsafe { libc::syscall(libc::SYS_setsockopt, fd, level, name, value, length) as c_int },
    }
}

/// The outcome of a connect.
#[unsafe(no_mangle)]
unsafe extern "C" fn getsockopt(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    length: *mut socklen_t,
) -> c_int {
    let is_outcome = level == libc::SOL_SOCKET && name == libc::SO_ERROR;
    match if is_outcome { network(|network| network.error_of(fd)).flatten() } else { None } {
        Some(error) => {
            // SAFETY: the caller's pointers are valid for the option.
            unsafe {
                value.cast::<c_int>().write(error);
                length.write(size_of::<c_int>() as socklen_t);
            }
            0
        }
        // SAFETY: the caller's arguments, passed on.
        None => unsafe { libc::syscall(libc::SYS_getsockopt, fd, level, name, value, length) as c_int },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn connect(fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
    match network(|network| network.connect(fd)) {
        Some(0) => 0,
        Some(error) => {
            // SAFETY: errno's location is valid for the thread.
            unsafe { *libc::__errno_location() = error };
            -1
        }
        // SAFETY: the caller's arguments, passed on.
        None => unsafe { libc::syscall(libc::SYS_connect, fd, address, length) as c_int },
    }
}

/// A simulated socket is connected to this machine.
#[unsafe(no_mangle)]
unsafe extern "C" fn getpeername(fd: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int {
    match world::me() {
        Some(_) => {
            // SAFETY: the library passes room for an address of any family.
            unsafe {
                address.cast::<libc::sockaddr_in>().write(loopback(1));
                length.write(size_of::<libc::sockaddr_in>() as socklen_t);
            }
            0
        }
        // SAFETY: the caller's arguments, passed on.
        None => unsafe { libc::syscall(libc::SYS_getpeername, fd, address, length) as c_int },
    }
}

/// Every name resolves to this machine, by any number of addresses.
#[unsafe(no_mangle)]
unsafe extern "C" fn getaddrinfo(
    _: *const c_char,
    _: *const c_char,
    _: *const addrinfo,
    out: *mut *mut addrinfo,
) -> c_int {
    world::join();
    let count = match world::look_up().unwrap_or(Ok(1)) {
        Ok(count) => count,
        Err(error) => return error,
    };
    let mut list = ptr::null_mut();
    for host in (1..=count).rev() {
        // SAFETY: for the C structure zeros are valid.
        let mut found: addrinfo = unsafe { std::mem::zeroed() };
        found.ai_family = libc::AF_INET;
        found.ai_socktype = libc::SOCK_STREAM;
        found.ai_addrlen = size_of::<libc::sockaddr_in>() as socklen_t;
        found.ai_addr = Box::into_raw(Box::new(loopback(host))).cast();
        found.ai_next = list;
        list = Box::into_raw(Box::new(found));
    }
    // SAFETY: the caller's pointer is valid for a write.
    unsafe { out.write(list) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freeaddrinfo(mut list: *mut addrinfo) {
    while !list.is_null() {
        // SAFETY: it came from `getaddrinfo` above, and is freed once.
        unsafe {
            let found = Box::from_raw(list);
            drop(Box::from_raw(found.ai_addr.cast::<libc::sockaddr_in>()));
            list = found.ai_next;
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: clockid_t, out: *mut timespec) -> c_int {
    let simulated = if clock == libc::CLOCK_MONOTONIC { network(|network| network.now) } else { None };
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

/// The same numbers in each run of an input, also on a thread that is not simulated yet.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut c_void, length: usize, _: u32) -> isize {
    for at in 0..length {
        // SAFETY: the caller's buffer has that length.
        unsafe { buffer.cast::<u8>().add(at).write(world::random()) };
    }
    length as isize
}

/// Simulated time passes only here.
#[unsafe(no_mangle)]
unsafe extern "C" fn ppoll(fds: *mut pollfd, count: nfds_t, timeout: *const timespec, mask: *const sigset_t) -> c_int {
    if world::me().is_none() {
        // SAFETY: the caller's arguments, passed on; the mask's size is that of the kernel's.
        return unsafe {
            let mut copy = if timeout.is_null() { std::mem::zeroed() } else { *timeout };
            let timeout = if timeout.is_null() { ptr::null_mut() } else { &raw mut copy };
            libc::syscall(libc::SYS_ppoll, fds, count, timeout, mask, 8) as c_int
        };
    }
    // SAFETY: NULL or valid, as ppoll demands.
    let allowed = unsafe { timeout.as_ref() };
    let until = allowed.and_then(|t| world::now().checked_add(Duration::new(t.tv_sec as u64, t.tv_nsec as u32)));
    // SAFETY: the caller's array, which is dangling if it is empty.
    let fds = if count == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(fds, count as usize) } };
    world::block(fds, until)
}

/// Sockets and events are real, so the kernel says which have changed. Only a thread of the library calls this.
#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_wait(fd: c_int, events: *mut libc::epoll_event, count: c_int, timeout: c_int) -> c_int {
    world::join();
    world::may_yield();
    // SAFETY: the caller's arguments, passed on.
    unsafe { libc::syscall(libc::SYS_epoll_wait, fd, events, count, timeout) as c_int }
}

/// The thread that is joined needs its turns to end.
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_join(thread: libc::pthread_t, result: *mut *mut c_void) -> c_int {
    loop {
        // SAFETY: the caller's arguments, passed on. While it says EBUSY, the thread is not joined.
        match unsafe { pthread_tryjoin_np(thread, result) } {
            libc::EBUSY => world::let_others_run(),
            ended => return ended,
        }
        std::thread::yield_now();
    }
}

unsafe extern "C" {
    fn pthread_tryjoin_np(thread: libc::pthread_t, result: *mut *mut c_void) -> c_int;
}

/// The library drops the attributes of each thread that it has started, on the thread that has started it. They hold no memory.
#[unsafe(no_mangle)]
extern "C" fn pthread_attr_destroy(_: *mut libc::pthread_attr_t) -> c_int {
    world::await_start();
    0
}

fn loopback(host: u8) -> libc::sockaddr_in {
    // SAFETY: for the C structure zeros are valid.
    let mut address: libc::sockaddr_in = unsafe { std::mem::zeroed() };
    address.sin_family = libc::AF_INET as libc::sa_family_t;
    address.sin_addr.s_addr = u32::from_ne_bytes([127, 0, 0, host]);
    address
}
