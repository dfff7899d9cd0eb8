//! The declarations of include/anchor.h that the targets use.
#![allow(non_camel_case_types)]

// The library is linked for its exported symbols.
use anchor as _;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

macro_rules! opaque {
    ($($name:ident)+) => {$(
        #[repr(C)]
        pub struct $name {
            _private: [u8; 0],
        }
    )+};
}

opaque!(anchor_config anchor_client anchor_options anchor_cancel_token anchor_wait anchor_queue anchor_completion);

unsafe extern "C" {
    pub fn anchor_config_new() -> *mut anchor_config;
    pub fn anchor_config_free(config: *mut anchor_config);
    pub fn anchor_config_error(config: *const anchor_config) -> *const c_char;
    pub fn anchor_config_set_api_key(config: *mut anchor_config, api_key: *const c_char) -> i32;
    pub fn anchor_config_set_base_url(config: *mut anchor_config, base_url: *const c_char) -> i32;
    pub fn anchor_config_set_allow_http(config: *mut anchor_config, allow: c_int) -> i32;
    pub fn anchor_config_add_header(config: *mut anchor_config, name: *const c_char, value: *const c_char) -> i32;
    pub fn anchor_config_set_user_agent(config: *mut anchor_config, user_agent: *const c_char) -> i32;
    pub fn anchor_config_set_proxy(config: *mut anchor_config, proxy: *const c_char) -> i32;
    pub fn anchor_config_set_ca_file(config: *mut anchor_config, ca_file: *const c_char) -> i32;
    pub fn anchor_config_set_ca_pem(config: *mut anchor_config, ca_pem: *const c_char) -> i32;
    pub fn anchor_config_set_client_certificate_pem(
        config: *mut anchor_config,
        certificate_pem: *const c_char,
        key_pem: *const c_char,
    ) -> i32;
    pub fn anchor_config_set_pinned_public_keys(config: *mut anchor_config, pins: *const c_char) -> i32;
    pub fn anchor_config_set_trust(config: *mut anchor_config, trust: i32) -> i32;
    pub fn anchor_config_set_connect_timeout_ms(config: *mut anchor_config, timeout_ms: i64) -> i32;
    pub fn anchor_config_set_request_timeout_ms(config: *mut anchor_config, timeout_ms: i64) -> i32;
    pub fn anchor_config_set_max_response_bytes(config: *mut anchor_config, bytes: usize) -> i32;
    pub fn anchor_config_set_slice_ms(config: *mut anchor_config, slice_ms: i64) -> i32;
    pub fn anchor_config_set_grace_ms(config: *mut anchor_config, grace_ms: i64) -> i32;
    pub fn anchor_config_set_retries(config: *mut anchor_config, retries: u32) -> i32;
    pub fn anchor_config_set_rearm(config: *mut anchor_config, rearm: c_int) -> i32;
    pub fn anchor_config_set_interruptible(config: *mut anchor_config, interruptible: c_int) -> i32;

    pub fn anchor_client_new(config: *const anchor_config, out: *mut *mut anchor_client) -> i32;
    pub fn anchor_client_free(client: *mut anchor_client);
    pub fn anchor_client_set_api_key(client: *mut anchor_client, api_key: *const c_char) -> i32;
    pub fn anchor_client_cancel_all(client: *mut anchor_client);
    pub fn anchor_client_stats(client: *const anchor_client, out_json: *mut *mut c_char) -> i32;
    pub fn anchor_wait_for_event(
        client: *mut anchor_client,
        event_name: *const c_char,
        timeout_ms: i64,
        cancel: *mut anchor_cancel_token,
        out_json: *mut *mut c_char,
    ) -> i32;
    pub fn anchor_signal_event(
        client: *mut anchor_client,
        event_name: *const c_char,
        data_json: *const c_char,
        timeout_ms: i64,
        cancel: *mut anchor_cancel_token,
        out_json: *mut *mut c_char,
    ) -> i32;
    pub fn anchor_wait_for_event_with(
        client: *mut anchor_client,
        event_name: *const c_char,
        timeout_ms: i64,
        options: *const anchor_options,
        cancel: *mut anchor_cancel_token,
        out_json: *mut *mut c_char,
    ) -> i32;
    pub fn anchor_signal_event_with(
        client: *mut anchor_client,
        event_name: *const c_char,
        data_json: *const c_char,
        timeout_ms: i64,
        options: *const anchor_options,
        cancel: *mut anchor_cancel_token,
        out_json: *mut *mut c_char,
    ) -> i32;
    pub fn anchor_drain_event_with(
        client: *mut anchor_client,
        event_name: *const c_char,
        timeout_ms: i64,
        options: *const anchor_options,
        cancel: *mut anchor_cancel_token,
        out_drained: *mut u32,
    ) -> i32;

    pub fn anchor_options_new() -> *mut anchor_options;
    pub fn anchor_options_free(options: *mut anchor_options);
    pub fn anchor_options_set_retries(options: *mut anchor_options, retries: u32) -> i32;
    pub fn anchor_options_set_rearm(options: *mut anchor_options, rearm: c_int) -> i32;
    pub fn anchor_options_set_slice_ms(options: *mut anchor_options, slice_ms: i64) -> i32;
    pub fn anchor_options_add_header(options: *mut anchor_options, name: *const c_char, value: *const c_char) -> i32;
    pub fn anchor_options_set_request_id(options: *mut anchor_options, request_id: *const c_char) -> i32;

    pub fn anchor_cancel_token_new() -> *mut anchor_cancel_token;
    pub fn anchor_cancel_token_cancel(token: *mut anchor_cancel_token);
    pub fn anchor_cancel_token_reset(token: *mut anchor_cancel_token);
    pub fn anchor_cancel_token_free(token: *mut anchor_cancel_token);

    pub fn anchor_wait_start_with(
        client: *mut anchor_client,
        event_name: *const c_char,
        timeout_ms: i64,
        options: *const anchor_options,
        out: *mut *mut anchor_wait,
    ) -> i32;
    pub fn anchor_wait_fd(wait: *const anchor_wait) -> c_int;
    pub fn anchor_wait_select(
        waits: *const *mut anchor_wait,
        count: usize,
        timeout_ms: i64,
        out_index: *mut usize,
    ) -> i32;
    pub fn anchor_wait_finish(wait: *mut anchor_wait, timeout_ms: i64, out_json: *mut *mut c_char) -> i32;
    pub fn anchor_wait_cancel(wait: *mut anchor_wait);
    pub fn anchor_wait_free(wait: *mut anchor_wait);

    pub fn anchor_queue_new(out: *mut *mut anchor_queue) -> i32;
    pub fn anchor_queue_fd(queue: *const anchor_queue) -> c_int;
    pub fn anchor_queue_set_callback(
        queue: *mut anchor_queue,
        callback: Option<unsafe extern "C" fn(*mut c_void)>,
        user_data: *mut c_void,
    ) -> i32;
    pub fn anchor_wait_start_on(
        client: *mut anchor_client,
        queue: *mut anchor_queue,
        event_name: *const c_char,
        timeout_ms: i64,
        tag: u64,
        options: *const anchor_options,
        out: *mut *mut anchor_wait,
    ) -> i32;
    pub fn anchor_queue_next(
        queue: *mut anchor_queue,
        timeout_ms: i64,
        cancel: *mut anchor_cancel_token,
        out: *mut *mut anchor_completion,
    ) -> i32;
    pub fn anchor_queue_running(queue: *const anchor_queue) -> usize;
    pub fn anchor_queue_cancel_all(queue: *mut anchor_queue);
    pub fn anchor_queue_free(queue: *mut anchor_queue);
    pub fn anchor_completion_tag(completion: *const anchor_completion) -> u64;
    pub fn anchor_completion_status(completion: *const anchor_completion) -> i32;
    pub fn anchor_completion_json(completion: *const anchor_completion) -> *const c_char;
    pub fn anchor_completion_free(completion: *mut anchor_completion);

    pub fn anchor_string_free(string: *mut c_char);
}

/// A copy of the string in `out_json`, which is freed.
fn taken(json: *mut c_char) -> Option<String> {
    if json.is_null() {
        return None;
    }
    // SAFETY: the string came from the library, is NUL-terminated, and is freed once.
    unsafe {
        let copy = CStr::from_ptr(json).to_str().expect("UTF-8").to_owned();
        anchor_string_free(json);
        Some(copy)
    }
}

/// Runs a call that returns JSON, and checks that the JSON fits the status.
pub fn answered(call: impl FnOnce(*mut *mut c_char) -> i32) -> (i32, String) {
    let mut json = ptr::null_mut();
    let status = call(&raw mut json);
    (status, taken(json).expect("a call returns a string"))
}
