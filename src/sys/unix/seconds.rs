//! An option of TCP that counts in seconds, and that a system may lack.

use std::ffi::c_int;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Sets the option. A system that refuses does without.
pub(super) fn set(socket: &socket2::Socket, option: c_int, duration: Duration) {
    let seconds = c_int::try_from(duration.as_secs()).unwrap_or(c_int::MAX);
    let (value, length) = ((&raw const seconds).cast(), size_of::<c_int>() as libc::socklen_t);
    // SAFETY: the value is a local of the length that is passed.
    unsafe { libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, option, value, length) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "macos")]
    use libc::TCP_KEEPALIVE as TCP_KEEPIDLE;
    #[cfg(not(target_os = "macos"))]
    use libc::TCP_KEEPIDLE;

    #[test]
    fn an_option_is_set_in_seconds_and_a_refused_one_is_left_out() {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        set(&socket, TCP_KEEPIDLE, Duration::from_millis(77_900));
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(77));
        set(&socket, -1, Duration::MAX);
    }
}
