//! The handle of a completion queue.

use super::boundary::{catch, handle, put, quietly, run_quietly, text};
use super::cancel::anchor_cancel_token;
use super::client::{anchor_client, timeout};
use super::completion::anchor_completion;
use super::options::{anchor_options, options_of};
use super::wait::anchor_wait;
use crate::error::Error;
use crate::started::Queue;
use crate::status::Status;
use crate::sys::{self, Event};
use std::ffi::{c_char, c_int, c_void};
use std::ptr;

/// Collects the outcomes of any number of waits, for a program that has many of them or an event loop. Any number of
/// threads may start waits on a queue and take from it at once.
#[allow(non_camel_case_types)]
pub struct anchor_queue {
    queue: Queue,
}

/// Learns that a queue is not empty any more. It is called on a thread of the library, on which all signals are
/// blocked. It must return soon and must not call libanchor: it is meant to wake an event loop.
///
/// - user_data: what was given to anchor_queue_set_callback
#[allow(non_camel_case_types)]
pub type anchor_queue_callback = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Makes an empty queue.
///
/// It holds one file descriptor. A child process may use a queue of its parent: it is empty there, has no callback,
/// and has a descriptor of its own.
///
///     anchor_queue *queue = NULL;
///     anchor_completion *done = NULL;
///     if (anchor_queue_new(&queue) == ANCHOR_OK) {
///         status = anchor_wait_start_on(client, queue, "login_done", 60000, 1, NULL, NULL);
///         ...                                  any number of them, each with a tag of its own
///         while (anchor_queue_running(queue) > 0 &&
///                anchor_queue_next(queue, ANCHOR_NO_TIMEOUT, NULL, &done) == ANCHOR_OK) {
///             printf("%d %s\n", (int)anchor_completion_tag(done), anchor_completion_json(done));
///             anchor_completion_free(done);
///         }
///     }
///     anchor_queue_free(queue);
///
/// @param out  receives the queue, to be freed with anchor_queue_free; NULL on failure
/// @return  ANCHOR_OK, ANCHOR_INVALID_ARGUMENT, or ANCHOR_OUT_OF_MEMORY if the process has no file descriptor left
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_queue_new(out: *mut *mut anchor_queue) -> Status {
    // SAFETY: by contract NULL or valid.
    unsafe { put(out, ptr::null_mut()) };
    let made = catch(|| if out.is_null() { Err(Error::invalid("out is NULL")) } else { Queue::new() });
    match made {
        Ok(queue) => {
            // SAFETY: as above.
            unsafe { put(out, Box::into_raw(Box::new(anchor_queue { queue }))) };
            Status::Ok
        }
        Err(error) => error.status(),
    }
}

/// Returns the file descriptor of a queue, which is readable while the queue is not empty.
///
/// It is for poll, epoll (level or edge), select, libuv or GLib. Do not read, write or close it; anchor_queue_free
/// closes it. With an edge, take until anchor_queue_next returns ANCHOR_PENDING.
///
/// @param queue  the queue
/// @return  a file descriptor; -1 if queue is NULL, if a child process has no descriptor left for a queue of its
///          parent, or on Windows
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_queue_fd(queue: *const anchor_queue) -> c_int {
    let mut fd = -1;
    // SAFETY: by contract NULL or live.
    run_quietly(|| fd = sys::raw_fd(|| unsafe { event_of(queue) }));
    fd
}

/// Returns the event of a queue on Windows, a HANDLE that is signaled while the queue is not empty.
///
/// It is for WaitForMultipleObjects, MsgWaitForMultipleObjects or RegisterWaitForSingleObject. Do not set, reset or close
/// it; anchor_queue_free closes it. It is a manual-reset event: take until anchor_queue_next returns ANCHOR_PENDING.
///
/// @param queue  the queue
/// @return  a HANDLE; NULL if queue is NULL, or on a system that has descriptors: anchor_queue_fd
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_queue_handle(queue: *const anchor_queue) -> *mut c_void {
    let mut event_handle = ptr::null_mut();
    // SAFETY: by contract NULL or live.
    run_quietly(|| event_handle = sys::raw_handle(|| unsafe { event_of(queue) }));
    event_handle
}

/// # Safety
///
/// `queue` is NULL or live.
unsafe fn event_of<'a>(queue: *const anchor_queue) -> Option<&'a Event> {
    // SAFETY: the caller's promise.
    unsafe { queue.as_ref() }.and_then(|handle| handle.queue.try_event().ok())
}

/// Sets the function that is called once for each change of a queue from empty to not empty.
///
/// If the queue is not empty, the function is called at once, on the calling thread. When this call returns, no call
/// of the function that it replaces is running.
///
/// @param queue      the queue
/// @param callback   the function, which must return soon and must not call libanchor; NULL for none, which is the
///                   default
/// @param user_data  passed to the function; it must stay valid until the function is replaced or the queue is freed
/// @return  ANCHOR_OK; ANCHOR_INVALID_ARGUMENT; ANCHOR_OUT_OF_MEMORY if a child process has no file descriptor left
///          for a queue of its parent
/// @par Threads
/// The function is called on a thread of the library, one call at a time. It must not be replaced from within it.
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_queue_set_callback(
    queue: *mut anchor_queue,
    callback: anchor_queue_callback,
    user_data: *mut c_void,
) -> Status {
    let user_data = UserData(user_data);
    let set = catch(|| {
        // SAFETY: by contract NULL or live.
        let handle = unsafe { handle(queue, "queue")? };
        handle.queue.set_callback(
            callback.map(|callback| -> Box<dyn FnMut() + Send> { Box::new(move || user_data.hand_to(callback)) }),
        )
    });
    set.map_or_else(|error| error.status(), |()| Status::Ok)
}

/// Starts a wait that runs in the background and whose outcome goes to a queue.
///
/// Its time counts from this call. It continues if the client is freed. It gives exactly one completion, cancelled
/// or not.
///
/// The handle of the wait is only needed to cancel this wait alone, with anchor_wait_cancel; anchor_wait_fd returns
/// -1 for it, and anchor_wait_finish and anchor_wait_select refuse it. Freeing it with anchor_wait_free does not
/// cancel the wait.
///
/// @param client      the client
/// @param queue       the queue
/// @param event_name  as in anchor_wait_for_event
/// @param timeout_ms  as in anchor_wait_for_event
/// @param tag         any number, which anchor_completion_tag returns; the library does not look at it
/// @param options     what is otherwise than in the client's settings, copied; NULL for nothing
/// @param out         receives the handle of the wait, to be freed with anchor_wait_free; NULL on failure. NULL if not
///                    wanted
/// @return  ANCHOR_OK, ANCHOR_INVALID_ARGUMENT, or ANCHOR_OUT_OF_MEMORY if the process has no memory, thread or
///          file descriptor left; if it is not ANCHOR_OK, there is no completion
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_wait_start_on(
    client: *mut anchor_client,
    queue: *mut anchor_queue,
    event_name: *const c_char,
    timeout_ms: i64,
    tag: u64,
    options: *const anchor_options,
    out: *mut *mut anchor_wait,
) -> Status {
    // SAFETY: by contract NULL or valid.
    unsafe { put(out, ptr::null_mut()) };
    let started = catch(|| {
        // SAFETY: by contract each pointer is NULL or live, or a C string.
        let (client, queue, event_name) =
            unsafe { (handle(client, "client")?, handle(queue, "queue")?, text(event_name, "event_name")?) };
        // SAFETY: by contract NULL or live.
        let options = unsafe { options_of(options) };
        client.client.start_on_with(&queue.queue, event_name, timeout(timeout_ms)?, tag, options)
    });
    match started {
        Ok(wait) if out.is_null() => drop(wait),
        // SAFETY: as above.
        Ok(wait) => unsafe { put(out, Box::into_raw(Box::new(anchor_wait::Queued(wait)))) },
        Err(error) => return error.status(),
    }
    Status::Ok
}

/// Blocks until a wait on a queue has ended, and takes its completion.
///
/// Completions are taken in the order in which the waits ended, each once. The call does not change what
/// anchor_last_error returns.
///
/// @param queue       the queue
/// @param timeout_ms  milliseconds, 0 or more; 0 only looks; ANCHOR_NO_TIMEOUT sets no limit
/// @param cancel      a token that ends this call and does not cancel the waits; NULL for none
/// @param out         receives the completion, to be freed with anchor_completion_free; NULL if there is none
/// @return  ANCHOR_OK: the outcome of the wait is in the completion. Otherwise nothing is taken: ANCHOR_PENDING if
///          no wait has ended in that time; ANCHOR_CANCELLED; ANCHOR_INTERRUPTED if a signal handler ran on this
///          thread and the settings of a client with a wait on the queue ask for it; ANCHOR_INVALID_ARGUMENT;
///          ANCHOR_OUT_OF_MEMORY if a child process has no file descriptor left for a queue of its parent
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_queue_next(
    queue: *mut anchor_queue,
    timeout_ms: i64,
    cancel: *mut anchor_cancel_token,
    out: *mut *mut anchor_completion,
) -> Status {
    // SAFETY: by contract NULL or valid.
    unsafe { put(out, ptr::null_mut()) };
    let taken = quietly(|| {
        if out.is_null() {
            return Err(Error::invalid("out is NULL"));
        }
        // SAFETY: by contract NULL or live.
        let (handle, cancel) = unsafe { (handle(queue, "queue")?, cancel.as_ref()) };
        handle.queue.next(timeout(timeout_ms)?, cancel.map(|cancel| &cancel.token))
    });
    match taken {
        Ok(completion) => {
            // SAFETY: as above.
            unsafe { put(out, Box::into_raw(Box::new(anchor_completion::new(completion)))) };
            Status::Ok
        }
        Err(error) => error.status(),
    }
}

/// Returns the number of waits on a queue whose completion was not taken yet.
///
/// @param queue  the queue
/// @return  the number; 0 if queue is NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_queue_running(queue: *const anchor_queue) -> usize {
    let mut running = 0;
    // SAFETY: by contract NULL or live.
    run_quietly(|| running = unsafe { queue.as_ref() }.map_or(0, |handle| handle.queue.running()));
    running
}

/// Cancels the waits that run on a queue.
///
/// Each still gives its completion: with ANCHOR_CANCELLED, unless its answer has already arrived. Waits that are
/// started later are not affected.
///
/// @param queue  the queue; NULL does nothing
/// @par Threads
/// Any thread. It is not async-signal-safe; in a signal handler use anchor_wait_cancel.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_queue_cancel_all(queue: *mut anchor_queue) {
    // SAFETY: by contract NULL or live.
    if let Some(handle) = unsafe { queue.as_ref() } {
        run_quietly(|| handle.queue.cancel_all());
    }
}

/// Frees a queue.
///
/// It cancels the waits that run on it, blocks until they have ended, which takes a moment, and drops the events that
/// have arrived and were not taken; "dropped" in anchor_client_stats counts them. So take until anchor_queue_running
/// is 0 before. The handles of its waits and its completions stay valid. When the call returns, no log line of its
/// waits comes any more, and the callback has ended and is not called again. Remove its descriptor from a poll loop
/// before; an epoll forgets it by itself.
///
/// @param queue  the queue; NULL does nothing
/// @par Threads
/// No other thread may be using the queue.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_queue_free(queue: *mut anchor_queue) {
    if !queue.is_null() {
        // SAFETY: by contract it came from `anchor_queue_new` and is freed once.
        let handle = unsafe { Box::from_raw(queue) };
        run_quietly(|| drop(handle));
    }
}

struct UserData(*mut c_void);

// SAFETY: by contract the callback, and so its data, may be used from any thread.
unsafe impl Send for UserData {}

impl UserData {
    fn hand_to(&self, callback: unsafe extern "C" fn(*mut c_void)) {
        // SAFETY: by contract the callback takes it from any thread, until it is replaced.
        unsafe { callback(self.0) };
    }
}
