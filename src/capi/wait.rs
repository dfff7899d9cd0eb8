//! The handle of a started wait.

use super::boundary::{answering, catch, handle, put, run_quietly, text};
use super::client::{anchor_client, timeout};
use super::options::{anchor_options, options_of};
use crate::error::Error;
use crate::started::{QueuedWait, StartedWait};
use crate::status::Status;
use crate::sys::{self, Event};
use std::ffi::{c_char, c_int, c_void};
use std::ptr;

/// A wait that runs in the background, for programs with an event loop or with several events to wait for. After its
/// end it keeps its outcome until anchor_wait_finish takes it. The waits of all clients run on one thread of the
/// library.
#[allow(non_camel_case_types)]
pub enum anchor_wait {
    Started(StartedWait),
    /// It only cancels.
    Queued(QueuedWait),
}

impl anchor_wait {
    fn started(&self) -> Result<&StartedWait, Error> {
        match self {
            anchor_wait::Started(wait) => Ok(wait),
            anchor_wait::Queued(_) => Err(Error::invalid("wait is on a queue, from which its outcome is taken")),
        }
    }
}

/// Starts a wait that runs in the background.
///
/// Its time counts from this call. It continues if the client is freed.
///
///     anchor_wait *wait = NULL;
///     if (anchor_wait_start(client, "login_done", 60000, &wait) == ANCHOR_OK) {
///         struct pollfd fd = { anchor_wait_fd(wait), POLLIN, 0 };
///         ...                                  poll it with the program's own descriptors
///         status = anchor_wait_finish(wait, 0, &json);
///         ...
///     }
///     anchor_wait_free(wait);
///
/// @param client      the client
/// @param event_name  as in anchor_wait_for_event
/// @param timeout_ms  as in anchor_wait_for_event
/// @param out         receives the wait, to be freed with anchor_wait_free; NULL on failure
/// @return  ANCHOR_OK, ANCHOR_INVALID_ARGUMENT, or ANCHOR_OUT_OF_MEMORY if the process has no memory, thread or
///          file descriptor left
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_start(
    client: *mut anchor_client,
    event_name: *const c_char,
    timeout_ms: i64,
    out: *mut *mut anchor_wait,
) -> Status {
    // SAFETY: the same contract.
    unsafe { anchor_wait_start_with(client, event_name, timeout_ms, ptr::null(), out) }
}

/// As anchor_wait_start, with options of this wait.
///
/// @param client      the client
/// @param event_name  as in anchor_wait_start
/// @param timeout_ms  as in anchor_wait_start
/// @param options     what is otherwise than in the client's settings, copied; NULL for nothing
/// @param out         as in anchor_wait_start
/// @return  as anchor_wait_start
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_start_with(
    client: *mut anchor_client,
    event_name: *const c_char,
    timeout_ms: i64,
    options: *const anchor_options,
    out: *mut *mut anchor_wait,
) -> Status {
    // SAFETY: by contract NULL or valid.
    unsafe { put(out, ptr::null_mut()) };
    let started = catch(|| {
        if out.is_null() {
            return Err(Error::invalid("out is NULL"));
        }
        // SAFETY: by contract each pointer is NULL or live, or a C string.
        let (handle, event_name, options) =
            unsafe { (handle(client, "client")?, text(event_name, "event_name")?, options_of(options)) };
        handle.client.start_with(event_name, timeout(timeout_ms)?, options)
    });
    match started {
        Ok(wait) => {
            // SAFETY: as above.
            unsafe { put(out, Box::into_raw(Box::new(anchor_wait::Started(wait)))) };
            Status::Ok
        }
        Err(error) => error.status(),
    }
}

/// Returns the file descriptor of a started wait, which is readable from the wait's end until it is finished.
///
/// It is for poll, epoll (level or edge), select, libuv or GLib. Do not read, write or close it; anchor_wait_free
/// closes it. The first call makes it, so a wait that nobody polls needs none.
///
/// @param wait  the wait
/// @return  a file descriptor; -1 if wait is NULL or on a queue, if the process has no file descriptor left, or on
///          Windows
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_fd(wait: *const anchor_wait) -> c_int {
    let mut fd = -1;
    // SAFETY: by contract NULL or live.
    run_quietly(|| fd = sys::raw_fd(|| unsafe { event_of(wait) }));
    fd
}

/// Returns the event of a started wait on Windows, a HANDLE that is signaled from the wait's end until it is finished.
///
/// It is for WaitForMultipleObjects, MsgWaitForMultipleObjects or RegisterWaitForSingleObject. Do not set, reset or close
/// it; anchor_wait_free closes it. The first call makes it, so a wait that nobody waits for needs none.
///
/// @param wait  the wait
/// @return  a HANDLE; NULL if wait is NULL or on a queue, if the process has no handle left, or on a system that has
///          descriptors: anchor_wait_fd
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_handle(wait: *const anchor_wait) -> *mut c_void {
    let mut event_handle = ptr::null_mut();
    // SAFETY: by contract NULL or live.
    run_quietly(|| event_handle = sys::raw_handle(|| unsafe { event_of(wait) }));
    event_handle
}

/// # Safety
///
/// `wait` is NULL or live.
unsafe fn event_of<'a>(wait: *const anchor_wait) -> Option<&'a Event> {
    // SAFETY: the caller's promise.
    match unsafe { wait.as_ref() } {
        Some(anchor_wait::Started(wait)) => wait.try_event().ok(),
        _ => None,
    }
}

/// Blocks until one of several started waits has ended.
///
/// It takes no outcome and changes no wait. It ignores entries that are NULL, and waits that are finished already
/// or that another thread finishes meanwhile. A wait may be in the array twice.
///
/// @param waits       an array of waits, which may belong to different clients
/// @param count       the number of its entries, 1 or more
/// @param timeout_ms  milliseconds, 0 or more; 0 only looks; ANCHOR_NO_TIMEOUT sets no limit
/// @param out_index   receives the index of the first entry that has ended; count if there is none
/// @return  ANCHOR_OK; ANCHOR_PENDING if no wait has ended in that time; ANCHOR_INVALID_ARGUMENT, also if every
///          entry is NULL or finished, or one is on a queue; ANCHOR_INTERRUPTED if a signal handler ran on this
///          thread and the settings of one of the waits ask for it
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_select(
    waits: *const *mut anchor_wait,
    count: usize,
    timeout_ms: i64,
    out_index: *mut usize,
) -> Status {
    // SAFETY: by contract NULL or valid.
    unsafe { put(out_index, count) };
    let selected = catch(|| {
        if waits.is_null() || out_index.is_null() || count == 0 {
            return Err(Error::invalid("waits or out_index is NULL, or count is 0"));
        }
        // SAFETY: not NULL, and by contract an array of so many entries, each NULL or live.
        let entries: Vec<Option<&anchor_wait>> =
            unsafe { std::slice::from_raw_parts(waits, count).iter().map(|wait| wait.as_ref()).collect() };
        let indices: Vec<usize> = (0..count).filter(|at| entries[*at].is_some()).collect();
        let waits: Vec<&StartedWait> =
            entries.iter().flatten().map(|handle| handle.started()).collect::<Result<_, Error>>()?;
        StartedWait::select(&waits, timeout(timeout_ms)?).map(|at| indices[at])
    });
    match selected {
        Ok(index) => {
            // SAFETY: by contract NULL or valid.
            unsafe { put(out_index, index) };
            Status::Ok
        }
        Err(error) => error.status(),
    }
}

/// Takes the outcome of a started wait, cancelled or not.
///
/// The outcome can be taken once. If several threads finish the same wait, one of them gets it, and the others get
/// ANCHOR_INVALID_ARGUMENT.
///
/// @param wait        the wait, which still has to be freed
/// @param timeout_ms  milliseconds to wait for its end, 0 or more; 0 only looks; ANCHOR_NO_TIMEOUT sets no limit
/// @param out_json    receives the answer or the error, as in anchor_wait_for_event; NULL if not wanted
/// @return  ANCHOR_PENDING if the wait has not ended in that time; ANCHOR_INTERRUPTED if a signal handler ran on
///          this thread and the settings ask for it; neither changes the wait. ANCHOR_INVALID_ARGUMENT if the
///          outcome was taken before or the wait is on a queue; otherwise what anchor_wait_for_event would have
///          returned
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_finish(
    wait: *mut anchor_wait,
    timeout_ms: i64,
    out_json: *mut *mut c_char,
) -> Status {
    // SAFETY: by contract each pointer is NULL or valid for the call.
    unsafe { answering(out_json, || handle(wait, "wait")?.started()?.finish(timeout(timeout_ms)?)) }
}

/// Ends a started wait with ANCHOR_CANCELLED, unless its answer has already arrived.
///
/// An answer that has arrived stays the outcome. The outcome still has to be taken with anchor_wait_finish, or
/// dropped with anchor_wait_free; that of a wait on a queue goes to the queue.
///
/// @param wait  the wait; NULL does nothing, and a wait of the parent process is not cancelled
/// @par Threads
/// Any thread. Async-signal-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_cancel(wait: *mut anchor_wait) {
    // SAFETY: by contract NULL or live.
    if let Some(handle) = unsafe { wait.as_ref() } {
        run_quietly(|| match handle {
            anchor_wait::Started(wait) => wait.cancel(),
            anchor_wait::Queued(wait) => wait.cancel(),
        });
    }
}

/// Frees a started wait, with an outcome that was not taken.
///
/// If the wait still runs, the call cancels it and blocks until it has ended, which takes a moment. When the call
/// returns, no log line of the wait comes any more. A wait on a queue continues instead. Remove its descriptor from a
/// poll loop before; an epoll forgets it by itself.
///
/// @param wait  the wait; NULL does nothing
/// @par Threads
/// No other thread may be using the wait.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_free(wait: *mut anchor_wait) {
    if !wait.is_null() {
        // SAFETY: by contract it came from `anchor_wait_start` and is freed once.
        let handle = unsafe { Box::from_raw(wait) };
        run_quietly(|| drop(handle));
    }
}
