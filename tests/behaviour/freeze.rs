//! Stops a thread while a test arranges what it will find. A signal handler stops it, so the thread may be anywhere, even in
//! a blocked poll; when the thread continues, the poll returns with EINTR.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Mutex, Once, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use testkit::PATIENCE;

/// A thread that can be frozen.
pub struct Freezable<T> {
    handle: JoinHandle<T>,
    id: libc::pthread_t,
    kernel_id: libc::pid_t,
}

impl<T: Send + 'static> Freezable<T> {
    pub fn spawn(work: impl FnOnce() -> T + Send + 'static) -> Freezable<T> {
        let (sender, receiver) = mpsc::channel();
        let handle = thread::spawn(move || {
            // SAFETY: no pointers are passed.
            sender.send(unsafe { (libc::pthread_self(), libc::gettid()) }).expect("the spawner listens");
            work()
        });
        let (id, kernel_id) = receiver.recv().expect("the thread runs");
        Freezable { handle, id, kernel_id }
    }

    /// Waits until it blocks.
    pub fn until_asleep(&self) {
        let began = Instant::now();
        let status = format!("/proc/self/task/{}/stat", self.kernel_id);
        while !std::fs::read_to_string(&status).is_ok_and(|stat| stat.contains(") S ")) {
            assert!(began.elapsed() < PATIENCE, "the thread never blocks");
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Arranges something while the thread is stopped.
    pub fn while_frozen(&self, arrange: impl FnOnce()) {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        INSTALL.call_once(|| install(libc::SIGUSR2, hold_still));
        RELEASED.store(false, Ordering::SeqCst);
        self.signal(libc::SIGUSR2);
        until(&HELD, true);
        arrange();
        RELEASED.store(true, Ordering::SeqCst);
        until(&HELD, false);
    }

    /// Runs the handler of a signal on the thread.
    pub fn signal(&self, signal: libc::c_int) {
        // SAFETY: the thread has not been joined, since that takes `self`.
        assert_eq!(unsafe { libc::pthread_kill(self.id, signal) }, 0);
    }

    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    pub fn join(self) -> T {
        self.handle.join().expect("the thread does not panic")
    }
}

/// Installs a handler, and returns its signal: one that nothing else in this process uses, since handlers are the process's.
pub fn signal_handled_by(handler: extern "C" fn(libc::c_int)) -> libc::c_int {
    static TAKEN: AtomicI32 = AtomicI32::new(0);
    let signal = libc::SIGRTMIN() + TAKEN.fetch_add(1, Ordering::SeqCst);
    install(signal, handler);
    signal
}

fn install(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) {
    // SAFETY: the action is zeroed and then filled; the handlers of the tests do only what is async-signal-safe.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as libc::sighandler_t;
        assert_eq!(libc::sigaction(signal, &raw const action, std::ptr::null_mut()), 0);
    }
}

static ALONE: Mutex<()> = Mutex::new(());
static INSTALL: Once = Once::new();
static HELD: AtomicBool = AtomicBool::new(false);
static RELEASED: AtomicBool = AtomicBool::new(false);

extern "C" fn hold_still(_: libc::c_int) {
    HELD.store(true, Ordering::SeqCst);
    while !RELEASED.load(Ordering::SeqCst) {
        let moment = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000 };
        // SAFETY: nanosleep is async-signal-safe and reads a local.
        unsafe { libc::nanosleep(&raw const moment, std::ptr::null_mut()) };
    }
    HELD.store(false, Ordering::SeqCst);
}

fn until(flag: &AtomicBool, wanted: bool) {
    let began = Instant::now();
    while flag.load(Ordering::SeqCst) != wanted {
        assert!(began.elapsed() < PATIENCE, "the thread was never frozen or released");
        thread::sleep(Duration::from_micros(100));
    }
}
