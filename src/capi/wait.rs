//! The handle of a started wait.

use super::boundary::{answering, catch, catch_or, handle, put, text};
use super::client::{anchor_client, timeout};
use crate::error::Error;
use crate::started::StartedWait;
use crate::status::Status;
use std::ffi::{c_char, c_int};
use std::ptr;

/// A wait that was started and is collected later: for programs with an event loop, or with several events to watch.
/// It runs on a thread of its own, on which all signals are blocked. One that has ended keeps its answer until
/// anchor_wait_finish takes it.
#[allow(non_camel_case_types)]
pub struct anchor_wait {
    wait: StartedWait,
}

/// Starts a wait. Its time counts from here. It goes on if the client is freed.
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
/// @param event_name  as with anchor_wait_for_event
/// @param timeout_ms  as with anchor_wait_for_event
/// @param out         receives the wait, to be freed with anchor_wait_free; NULL on failure
/// @return  ANCHOR_OK, ANCHOR_INVALID_ARGUMENT, or ANCHOR_OUT_OF_MEMORY if the process has no memory, thread or file
///          descriptor left
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_start(
    client: *mut anchor_client,
    event_name: *const c_char,
    timeout_ms: i64,
    out: *mut *mut anchor_wait,
) -> Status {
    if out.is_null() {
        return Status::InvalidArgument;
    }
    // SAFETY: `out` is not NULL, and by contract valid.
    unsafe { put(out, ptr::null_mut()) };
    let started = catch(|| {
        // SAFETY: by contract NULL or live; NULL or a C string.
        let (handle, event_name) = unsafe { (handle(client, "client")?, text(event_name, "event_name")?) };
        handle.client.start(event_name, timeout(timeout_ms)?)
    });
    match started {
        Ok(wait) => {
            // SAFETY: as above.
            unsafe { put(out, Box::into_raw(Box::new(anchor_wait { wait }))) };
            Status::Ok
        }
        Err(error) => error.status(),
    }
}

/// The descriptor of a started wait: readable from its end until it is finished. For poll, epoll (level or edge),
/// select, kqueue, libuv, GLib. It is not to be read, written or closed, and ends with anchor_wait_free.
///
/// @param wait  the wait
/// @return  a file descriptor; -1 for NULL
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_fd(wait: *const anchor_wait) -> c_int {
    // SAFETY: by contract NULL or live.
    unsafe { wait.as_ref() }.map_or(-1, |handle| handle.wait.event().as_raw_fd())
}

/// Blocks until one of several started waits has ended. Nothing is taken, and the others are left alone. NULL entries,
/// and waits that are finished, before or meanwhile by another thread, are passed over; a wait may be there twice.
///
/// @param waits       an array of waits, of any clients
/// @param count       how many entries it has, 1 or more
/// @param timeout_ms  0 or more: 0 only looks; ANCHOR_NO_TIMEOUT: no limit
/// @param out_index   receives the place of the first entry that has ended; count if there is none
/// @return  ANCHOR_OK; ANCHOR_PENDING if none has ended in that time; ANCHOR_INVALID_ARGUMENT, also if every entry is
///          NULL or finished; ANCHOR_INTERRUPTED if a signal handler ran on this thread and the settings of one of them
///          ask to be told; ANCHOR_OUT_OF_MEMORY if there are more than the system can poll
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
        let places: Vec<usize> = (0..count).filter(|at| entries[*at].is_some()).collect();
        let waits: Vec<&StartedWait> = entries.iter().flatten().map(|handle| &handle.wait).collect();
        StartedWait::select(&waits, timeout(timeout_ms)?).map(|at| places[at])
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

/// Takes what came of a started wait, cancelled or not, once: of several threads that finish it, one gets the outcome,
/// the others ANCHOR_INVALID_ARGUMENT.
///
/// @param wait        the wait, which is still to be freed
/// @param timeout_ms  how long to wait for its end: 0 only looks; ANCHOR_NO_TIMEOUT: no limit
/// @param out_json    as with anchor_wait_for_event
/// @return  ANCHOR_PENDING if it has not ended in that time, which changes nothing; ANCHOR_INVALID_ARGUMENT if it was
///          taken before; ANCHOR_INTERRUPTED if a signal handler ran on this thread and the settings ask to be told, which
///          changes nothing either; otherwise what anchor_wait_for_event would have returned
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_finish(
    wait: *mut anchor_wait,
    timeout_ms: i64,
    out_json: *mut *mut c_char,
) -> Status {
    // SAFETY: by contract each pointer is NULL or valid for the call.
    unsafe { answering(out_json, || handle(wait, "wait")?.wait.finish(timeout(timeout_ms)?)) }
}

/// Makes a started wait end with ANCHOR_CANCELLED, unless an answer is there already: that is still the answer. Any
/// thread; async-signal-safe. What came of it is still to be taken with anchor_wait_finish, or dropped with
/// anchor_wait_free.
///
/// @param wait  the wait; NULL, or one of a parent process, does nothing
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_cancel(wait: *mut anchor_wait) {
    // SAFETY: by contract NULL or live.
    if let Some(handle) = unsafe { wait.as_ref() } {
        catch_or((), || handle.wait.cancel());
    }
}

/// Cancels a started wait if it still runs, lets its thread end, and frees it, with an answer that was not taken. No
/// other thread may be using it. First take its descriptor out of what polls it, unless that is an epoll.
///
/// @param wait  the wait; NULL does nothing
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_free(wait: *mut anchor_wait) {
    if !wait.is_null() {
        // SAFETY: by contract it came from `anchor_wait_start` and is freed once.
        let handle = unsafe { Box::from_raw(wait) };
        catch_or((), || drop(handle));
    }
}
