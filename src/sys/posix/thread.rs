//! The library's own threads, and protection of a program's thread from `pthread_cancel` inside the library. std's threads would
//! add 27 KB, and would run the program's signal handlers.

use super::pin::pin_code;
use crate::sys::system::{self, PTHREAD_CANCEL_DISABLE};
use std::ffi::{CStr, c_int, c_void};
use std::io;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// A thread on which all signals are blocked, so that it never runs the program's signal handlers. If it is dropped, the thread
/// continues detached.
pub(crate) struct Thread(libc::pthread_t);

impl Thread {
    /// Runs `work` on a new thread. A panic in it ends only the thread.
    pub fn start(name: &'static CStr, stack_size: usize, work: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
        pin_code();
        // By the thread itself, since macOS has no other way.
        let named = move || {
            system::name_thread(name);
            work();
        };
        let work: Box<Work> = Box::new(Box::new(named));
        let argument = Box::into_raw(work);
        let created = with_signals_blocked(|| create_thread(stack_size, argument));
        match created {
            Ok(thread) => Ok(Thread(thread)),
            Err(e) => {
                // SAFETY: no thread took it.
                drop(unsafe { Box::from_raw(argument) });
                Err(e)
            }
        }
    }

    /// Blocks until the work is done.
    pub fn join(self) {
        let thread = std::mem::ManuallyDrop::new(self);
        // SAFETY: it is joined once, and not detached since its drop does not run.
        unsafe { libc::pthread_join(thread.0, ptr::null_mut()) };
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // SAFETY: it was not joined.
        unsafe { libc::pthread_detach(self.0) };
    }
}

// SAFETY: any thread may join or detach another, and a pthread_t that is a pointer is never followed here.
unsafe impl Send for Thread {}
// SAFETY: as above.
unsafe impl Sync for Thread {}

type Work = Box<dyn FnOnce() + Send>;

fn create_thread(stack_size: usize, argument: *mut Work) -> io::Result<libc::pthread_t> {
    extern "C" fn run(argument: *mut c_void) -> *mut c_void {
        // SAFETY: `Thread::start` passed the box to this thread.
        let work = unsafe { Box::from_raw(argument.cast::<Work>()) };
        std::mem::forget(catch_unwind(AssertUnwindSafe(work)));
        ptr::null_mut()
    }

    // SAFETY: the attributes are initialised before they are used and destroyed once; all pointers are to locals.
    unsafe {
        let mut attributes = std::mem::zeroed();
        let mut thread = std::mem::zeroed();
        let mut error = libc::pthread_attr_init(&raw mut attributes);
        if error == 0 {
            error = libc::pthread_attr_setstacksize(&raw mut attributes, stack_size);
            if error == 0 {
                error = libc::pthread_create(&raw mut thread, &raw const attributes, run, argument.cast());
            }
            libc::pthread_attr_destroy(&raw mut attributes);
        }
        if error == 0 { Ok(thread) } else { Err(io::Error::from_raw_os_error(error)) }
    }
}

/// While it lives, a `pthread_cancel` of this thread is held back: the C library would unwind the stack at a cancellation point,
/// and Rust's frames would abort the process. Dropping it restores the state, and the cancel acts at the first cancellation
/// point afterwards. Async-signal-safe. A thread with asynchronous cancellation is not protected, since the cancel would act
/// inside the drop.
pub(crate) struct CancellationDisabled {
    before: c_int,
    /// It must be dropped on its own thread.
    _not_send: PhantomData<*const ()>,
}

impl CancellationDisabled {
    pub fn new() -> CancellationDisabled {
        let mut before = PTHREAD_CANCEL_DISABLE;
        // SAFETY: the pointer is to a local.
        unsafe { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &raw mut before) };
        CancellationDisabled { before, _not_send: PhantomData }
    }
}

impl Drop for CancellationDisabled {
    fn drop(&mut self) {
        let mut disabled = PTHREAD_CANCEL_DISABLE;
        // SAFETY: as above. It is not a cancellation point.
        unsafe { pthread_setcancelstate(self.before, &raw mut disabled) };
    }
}

// The libc crate lacks it.
unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> T {
    // SAFETY: the sets are locals; sigfillset makes the one valid that pthread_sigmask reads, which fills the other.
    let before = unsafe {
        let mut all = std::mem::zeroed();
        let mut before = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        before
    };
    let started = start();
    // SAFETY: `before` is the mask that was read above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut()) };
    started
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_has_its_name() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let work = move || {
            let mut name = [0; 64];
            // SAFETY: the thread is this one, and the array is as long as it says.
            unsafe { libc::pthread_getname_np(libc::pthread_self(), name.as_mut_ptr(), name.len()) };
            // SAFETY: the name ends with a NUL.
            sender.send(unsafe { CStr::from_ptr(name.as_ptr()) }.to_owned()).unwrap();
        };
        Thread::start(c"anchor-named", 512 * 1024, work).unwrap().join();
        assert_eq!(receiver.recv().unwrap().as_c_str(), c"anchor-named");
    }

    #[test]
    fn cancellation_is_disabled_in_scopes() {
        fn state() -> c_int {
            let mut state = -1;
            // SAFETY: the pointers are to a local; the state is put back at once.
            unsafe {
                pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &raw mut state);
                pthread_setcancelstate(state, ptr::null_mut());
            }
            state
        }
        let enabled = state();
        assert_ne!(enabled, PTHREAD_CANCEL_DISABLE);
        let outer = CancellationDisabled::new();
        drop(CancellationDisabled::new());
        assert_eq!(state(), PTHREAD_CANCEL_DISABLE);
        drop(outer);
        assert_eq!(state(), enabled);
    }

    #[test]
    fn signals_are_blocked_only_while_starting() {
        fn mask() -> libc::sigset_t {
            // SAFETY: pthread_sigmask with NULL only reads the mask into a local.
            unsafe {
                let mut set = std::mem::zeroed();
                libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut set);
                set
            }
        }
        // SAFETY: a valid set is read.
        let has_int = |set: &libc::sigset_t| unsafe { libc::sigismember(set, libc::SIGINT) == 1 };
        assert!(has_int(&with_signals_blocked(mask)));
        assert!(!has_int(&mask()));
    }
}
