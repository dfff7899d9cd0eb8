//! A link between two network namespaces that loses, delays, reorders and duplicates packets: a TUN device at each end, and a
//! thread that carries the packets across. It is what tc's netem does, which not every kernel has.

use std::collections::BinaryHeap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What happens to a packet, with which chance in a hundred.
#[derive(Clone, Copy, Default)]
pub struct Quality {
    pub loss: u64,
    pub duplicates: u64,
    /// From the least to the most that a packet is on its way. Different ones overtake each other.
    pub delay_ms: (u64, u64),
}

/// The link, until it is dropped.
pub struct Link {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Link {
    pub fn between(ends: [File; 2], quality: Quality) -> Link {
        let ended = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&ended);
        let mut carrier = Carrier { ends, quality, random: 1, under_way: BinaryHeap::new() };
        let thread = thread::spawn(move || {
            while !theirs.load(Ordering::SeqCst) {
                carrier.carry();
            }
        });
        Link { ended, thread: Some(thread) }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the link does not panic");
        }
    }
}

/// A TUN device in the network namespace of the calling thread. It goes when the file is closed.
pub fn tun(name: &str) -> File {
    const TUNSETIFF: libc::Ioctl = 0x4004_54ca;
    const IFF_TUN_NO_PI: u16 = 0x1001;
    let device = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun");
    let device = device.expect("/dev/net/tun, which network namespaces are of little use without");
    // struct ifreq: a name of 16 bytes, then the flags.
    let mut request = [0u8; 40];
    request[..name.len()].copy_from_slice(name.as_bytes());
    request[16..18].copy_from_slice(&IFF_TUN_NO_PI.to_ne_bytes());
    // SAFETY: the kernel reads and writes one struct ifreq, which is 40 bytes.
    let made = unsafe { libc::ioctl(device.as_raw_fd(), TUNSETIFF, request.as_mut_ptr()) };
    assert_eq!(made, 0, "a TUN device: {}", std::io::Error::last_os_error());
    device
}

struct Carrier {
    ends: [File; 2],
    quality: Quality,
    random: u64,
    under_way: BinaryHeap<Packet>,
}

impl Carrier {
    /// Waits a moment for packets, takes those that have come, and delivers those that are due.
    fn carry(&mut self) {
        let mut fds =
            [0, 1].map(|end: usize| libc::pollfd { fd: self.ends[end].as_raw_fd(), events: libc::POLLIN, revents: 0 });
        // SAFETY: the pointer and length are those of a local array.
        unsafe { libc::poll(fds.as_mut_ptr(), 2, if self.under_way.is_empty() { 20 } else { 1 }) };
        for end in [0, 1] {
            let mut bytes = [0; 2048];
            while let Ok(size) = (&self.ends[end]).read(&mut bytes) {
                self.take(1 - end, &bytes[..size]);
            }
        }
        while self.under_way.peek().is_some_and(|packet| packet.due <= Instant::now()) {
            let packet = self.under_way.pop().expect("it was just seen");
            // A device that is down takes none, which is a loss like any other.
            let _ = (&self.ends[packet.to]).write(&packet.bytes);
        }
    }

    fn take(&mut self, to: usize, bytes: &[u8]) {
        if self.chance(self.quality.loss) {
            return;
        }
        for _ in 0..1 + u64::from(self.chance(self.quality.duplicates)) {
            let (least, most) = self.quality.delay_ms;
            let delay = least + self.below(most - least + 1);
            self.under_way.push(Packet {
                due: Instant::now() + Duration::from_millis(delay),
                to,
                bytes: bytes.to_vec(),
            });
        }
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A linear congruential generator.
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % bound
    }
}

/// Ordered so that the first that is due is the greatest.
#[derive(PartialEq, Eq)]
struct Packet {
    due: Instant,
    to: usize,
    bytes: Vec<u8>,
}

impl Ord for Packet {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.due.cmp(&self.due)
    }
}

impl PartialOrd for Packet {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
