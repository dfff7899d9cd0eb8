//! Stops a wait while a test arranges what it will find. A signal handler stops the thread of a blocking call, so it may be
//! anywhere, even in a blocked poll; when the thread continues, the poll returns with EINTR. Signals do not reach the library's
//! own threads: a log callback stops these.

use crate::scripted::ScriptedServer;
use crate::scripted::script::{Gate, Step, after_request, refusal};
use crate::{settings, until};
use anchor::Client;
use std::os::unix::thread::JoinHandleExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Mutex, Once, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

/// A thread that can be frozen.
pub struct Freezable<T> {
    handle: JoinHandle<T>,
    kernel_id: libc::pid_t,
}

impl<T: Send + 'static> Freezable<T> {
    pub fn spawn(work: impl FnOnce() -> T + Send + 'static) -> Freezable<T> {
        let (sender, receiver) = mpsc::channel();
        let handle = thread::spawn(move || {
            // SAFETY: no pointers are passed.
            sender.send(unsafe { libc::gettid() }).expect("the spawner listens");
            work()
        });
        let kernel_id = receiver.recv().expect("the thread runs");
        Freezable { handle, kernel_id }
    }

    /// Waits until it blocks.
    pub fn until_asleep(&self) {
        let stat = format!("/proc/self/task/{}/stat", self.kernel_id);
        until("the thread blocks", || std::fs::read_to_string(&stat).is_ok_and(|stat| is_asleep(&stat)));
    }

    /// Arranges something while the thread is stopped.
    pub fn while_frozen(&self, arrange: impl FnOnce()) {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        INSTALL.call_once(|| install(libc::SIGUSR2, hold_still));
        RELEASED.store(false, Ordering::SeqCst);
        self.signal(libc::SIGUSR2);
        until_it_is(&HELD, true);
        arrange();
        RELEASED.store(true, Ordering::SeqCst);
        until_it_is(&HELD, false);
    }

    /// Runs the handler of a signal on the thread.
    pub fn signal(&self, signal: libc::c_int) {
        // It is a number to Rust, and a pointer to the C of musl.
        let id = self.handle.as_pthread_t() as libc::pthread_t;
        // SAFETY: the thread has not been joined, since that takes `self`.
        assert_eq!(unsafe { libc::pthread_kill(id, signal) }, 0);
    }

    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    pub fn join(self) -> T {
        self.handle.join().expect("the thread does not panic")
    }
}

fn is_asleep(stat: &str) -> bool {
    stat.contains(") S ")
}

/// Waits until each of the library's threads has slept or ended. What another thread has seen of a started wait, the wait's thread
/// may still be about to note.
pub fn until_the_library_sleeps() {
    let tasks = std::fs::read_dir("/proc/self/task").expect("/proc").map(|task| task.expect("a task").path());
    let is_the_librarys =
        |task: &PathBuf| std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("anchor-"));
    let mut awake: Vec<PathBuf> = tasks.filter(is_the_librarys).collect();
    until("the library's threads block", || {
        awake.retain(|task| std::fs::read_to_string(task.join("stat")).is_ok_and(|stat| !is_asleep(&stat)));
        awake.is_empty()
    });
}

/// Arranges something while the thread that runs the started waits is in the log callback of one of them.
pub fn while_started_waits_stop(arrange: impl FnOnce()) {
    let (ask, stopped, released) = (Gate::default(), Gate::default(), Gate::default());
    let steps = [Step::Await(ask.clone()), Step::Send(refusal(408)), Step::Hang];
    let server = ScriptedServer::always(after_request(steps));
    let mut config = settings::config(&server.http());
    let (entered, until_released) = (stopped.clone(), released.clone());
    config.set_log(move |_, _| {
        entered.open();
        until_released.pass();
    });
    let client = Client::new(&config).expect("valid settings");
    let wait = client.start("stops the others", None).expect("a wait");
    server.until_requests(1);
    ask.open();
    stopped.pass();
    arrange();
    released.open();
    wait.cancel();
    wait.finish(None).expect_err("a cancelled wait");
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

fn until_it_is(flag: &AtomicBool, wanted: bool) {
    until("the thread is frozen or released", || flag.load(Ordering::SeqCst) == wanted);
}
