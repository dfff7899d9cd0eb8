//! The handle of a completion.

use super::boundary::run_quietly;
use crate::started::Completion;
use crate::status::Status;
use std::ffi::c_char;
use std::ptr;

/// The outcome of one wait on a queue.
#[allow(non_camel_case_types)]
pub struct anchor_completion {
    tag: u64,
    status: Status,
    /// With a NUL at its end; `None` if memory ran out for it.
    json: Option<String>,
}

/// Returns the tag that a wait was started with.
///
/// @param completion  the completion
/// @return  the tag; 0 if completion is NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_completion_tag(completion: *const anchor_completion) -> u64 {
    // SAFETY: by contract NULL or live.
    unsafe { completion.as_ref() }.map_or(0, |completion| completion.tag)
}

/// Returns how a wait ended.
///
/// @param completion  the completion
/// @return  what anchor_wait_for_event would have returned; ANCHOR_INVALID_ARGUMENT if completion is NULL
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_completion_status(completion: *const anchor_completion) -> Status {
    // SAFETY: by contract NULL or live.
    unsafe { completion.as_ref() }.map_or(Status::InvalidArgument, |completion| completion.status)
}

/// Returns the answer of a wait, or its error as JSON.
///
/// @param completion  the completion
/// @return  the string that anchor_wait_for_event would have given, which lives as long as the completion; NULL if
///          completion is NULL, or if memory ran out for it
/// @since 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_completion_json(completion: *const anchor_completion) -> *const c_char {
    // SAFETY: by contract NULL or live.
    let json = unsafe { completion.as_ref() }.and_then(|completion| completion.json.as_ref());
    json.map_or(ptr::null(), |json| json.as_ptr().cast())
}

/// Frees a completion.
///
/// @param completion  the completion; NULL does nothing
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn anchor_completion_free(completion: *mut anchor_completion) {
    if !completion.is_null() {
        // SAFETY: by contract it came from `anchor_queue_next` and is freed once.
        let completion = unsafe { Box::from_raw(completion) };
        run_quietly(|| drop(completion));
    }
}

impl anchor_completion {
    /// Adds the NUL in place, since a copy of an answer might not find memory.
    pub(super) fn new(completion: Completion) -> anchor_completion {
        let tag = completion.tag();
        let (status, mut json) = match completion.into_outcome() {
            Ok(json) => (Status::Ok, json),
            Err(error) => (error.status(), error.to_json()),
        };
        // A NUL inside would end the string early.
        if json.as_bytes().contains(&0) || json.try_reserve_exact(1).is_err() {
            return anchor_completion { tag, status: Status::OutOfMemory, json: None };
        }
        json.push('\0');
        anchor_completion { tag, status, json: Some(json) }
    }
}
