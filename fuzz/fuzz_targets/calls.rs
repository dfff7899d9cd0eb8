//! Sequences of calls through the C API, in any order that the header allows, on two clients, two tokens, two options, four
//! started waits and two queues, with connections that answer soon or never. Every call returns a documented status with matching JSON,
//! no outcome is returned twice, and no descriptor is left open.
#![no_main]

use anchor::Status;
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use simulation::c_api::*;
use simulation::{Connection, End, Piece, report, world};
use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fuzz_target!(|input: Input| run(input));

#[derive(Arbitrary, Debug)]
struct Input {
    /// What each connection does, in turn.
    answers: [Answer; 4],
    calls: Vec<Call>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Answer {
    Event,
    EventAndClose,
    NotSignaled,
    Forbidden,
    Unavailable,
    Page,
    CutShort,
    Nothing,
    Silence,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Call {
    ClientNew {
        at: u8,
        retries: u8,
        slice: u8,
        rearm: bool,
        interruptible: bool,
    },
    ClientFree {
        at: u8,
    },
    CancelAll {
        at: u8,
    },
    Stats {
        at: u8,
    },
    Wait {
        at: u8,
        name: u8,
        timeout: Timeout,
        options: u8,
        token: u8,
        wanted: bool,
    },
    SetApiKey {
        at: u8,
        key: u8,
    },
    OptionsNew {
        at: u8,
    },
    OptionsFree {
        at: u8,
    },
    /// What it sets goes by the number.
    OptionsSet {
        at: u8,
        what: u8,
        value: u8,
    },
    /// A blocked wait that is cancelled after some milliseconds.
    WaitUntilCancelled {
        at: u8,
        by_token: bool,
        after: u8,
    },
    Signal {
        at: u8,
        name: u8,
        data: u8,
        timeout: Timeout,
        options: u8,
        token: u8,
        wanted: bool,
    },
    Drain {
        at: u8,
        name: u8,
        timeout: Timeout,
        options: u8,
        token: u8,
    },
    TokenNew {
        at: u8,
    },
    TokenCancel {
        at: u8,
    },
    TokenReset {
        at: u8,
    },
    TokenFree {
        at: u8,
    },
    Start {
        at: u8,
        client: u8,
        name: u8,
        timeout: Timeout,
        options: u8,
    },
    Finish {
        at: u8,
        timeout: Timeout,
        wanted: bool,
    },
    Select {
        timeout: Timeout,
    },
    WaitCancel {
        at: u8,
    },
    /// A cancelled wait ends, so there is no limit to waiting for its end.
    CancelAndFinish {
        at: u8,
    },
    WaitFree {
        at: u8,
    },
    Descriptor {
        at: u8,
    },
    QueueNew {
        at: u8,
        callback: bool,
    },
    QueueFree {
        at: u8,
    },
    QueueCancelAll {
        at: u8,
    },
    QueueCallback {
        at: u8,
        set: bool,
    },
    /// A wait on a queue. Its handle goes where those of started waits are, if it is wanted.
    StartOn {
        at: u8,
        client: u8,
        queue: u8,
        name: u8,
        timeout: Timeout,
        options: u8,
        wanted: bool,
    },
    Next {
        at: u8,
        timeout: Timeout,
        token: u8,
        wanted: bool,
    },
    /// A cancelled wait ends, so there is no limit to waiting for its completion.
    CancelAndNext {
        at: u8,
    },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Timeout {
    Once,
    Short(u8),
    Endless,
    Longest,
    Invalid(bool),
    Request,
}

impl Timeout {
    fn millis(self) -> i64 {
        match self {
            Timeout::Once => 0,
            Timeout::Short(millis) => i64::from(millis % 4),
            Timeout::Endless => -1,
            Timeout::Longest => i64::MAX,
            Timeout::Invalid(least) => {
                if least {
                    i64::MIN
                } else {
                    -3
                }
            }
            Timeout::Request => -2,
        }
    }

    /// For a call that blocks the only thread that could cancel it.
    fn short(self) -> i64 {
        match self {
            Timeout::Endless | Timeout::Longest => 2,
            other => other.millis(),
        }
    }
}

const EVENT: &str = r#"{"data":{"code":"fuzz"}}"#;
const NAMES: [Option<&CStr>; 5] = [Some(c"mfa_code"), Some(c"a/b \xc3\xa9"), Some(c".."), Some(c"\xff"), None];
const DATA: [Option<&CStr>; 4] = [Some(c"{\"code\":\"1\"}"), Some(c"[]"), Some(c"{"), None];
const KEYS: [Option<&CStr>; 4] = [Some(c"fuzz-key-of-another-length"), Some(c"k"), Some(c"no\nkey"), None];
const TEXTS: [Option<&CStr>; 5] = [Some(c"x-gate"), Some(c"a b"), Some(c"host"), Some(c"\xff"), None];
const LONGEST_SEQUENCE: usize = 48;
/// Without it, time would stand while a drain takes one event after the other.
const ROUND_TRIP: Duration = Duration::from_micros(100);

impl Answer {
    fn connection(self) -> Connection {
        let (text, end) = match self {
            Answer::Event => (full(200, "", EVENT), End::Hang),
            Answer::EventAndClose => (full(200, "connection: close\r\n", EVENT), End::Finish),
            Answer::NotSignaled => (full(408, "", r#"{"error":{"code":408}}"#), End::Hang),
            Answer::Forbidden => (full(403, "x-request-id: r\r\n", r#"{"error":{"message":"no"}}"#), End::Hang),
            Answer::Unavailable => (full(503, "retry-after: 0\r\n", ""), End::Finish),
            Answer::Page => (full(200, "", "<html>"), End::Hang),
            Answer::CutShort => (full(200, "", EVENT)[..70].to_owned(), End::Finish),
            Answer::Nothing => (String::new(), End::Reset),
            Answer::Silence => (String::new(), End::Hang),
        };
        Connection::new(vec![Piece::new(ROUND_TRIP, text.into_bytes())], end)
    }
}

fn full(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} Simulated\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

fn run(input: Input) {
    let before = lowest_free_descriptor();
    world::install(input.answers.map(Answer::connection).into_iter().cycle());
    let mut held = Held::default();
    for call in input.calls.iter().take(LONGEST_SEQUENCE) {
        // SAFETY: `Held` keeps the handles alive, and the header allows every call.
        unsafe { held.make(*call) };
    }
    // SAFETY: as above; each handle is freed once.
    unsafe { held.free() };
    world::take_down();
    assert_eq!(lowest_free_descriptor(), before, "a descriptor is left");
}

fn lowest_free_descriptor() -> i32 {
    // SAFETY: no pointers are passed; the descriptor is closed at once.
    unsafe {
        let fd = libc::eventfd(0, libc::EFD_CLOEXEC);
        libc::close(fd);
        fd
    }
}

/// The handles that are alive; NULL where there is none.
struct Held {
    clients: [*mut anchor_client; 2],
    tokens: [*mut anchor_cancel_token; 2],
    options: [*mut anchor_options; 2],
    waits: [*mut anchor_wait; 4],
    /// A wait that is finished, or on a queue.
    finished: [bool; 4],
    queued: [bool; 4],
    queues: [*mut anchor_queue; 2],
    /// The waits on each queue whose completion was not taken.
    running: [usize; 2],
}

impl Default for Held {
    fn default() -> Held {
        let (clients, tokens, waits) = ([ptr::null_mut(); 2], [ptr::null_mut(); 2], [ptr::null_mut(); 4]);
        let (queues, options) = ([ptr::null_mut(); 2], [ptr::null_mut(); 2]);
        Held { clients, tokens, options, waits, finished: [false; 4], queued: [false; 4], queues, running: [0; 2] }
    }
}

impl Held {
    fn client(&self, at: u8) -> *mut anchor_client {
        self.clients[usize::from(at) % 2]
    }

    /// A third index means no token.
    fn token(&self, at: u8) -> *mut anchor_cancel_token {
        self.tokens.get(usize::from(at) % 3).copied().unwrap_or(ptr::null_mut())
    }

    /// A third index means none.
    fn options(&self, at: u8) -> *const anchor_options {
        self.options.get(usize::from(at) % 3).copied().unwrap_or(ptr::null_mut())
    }

    unsafe fn make(&mut self, call: Call) {
        // SAFETY: the caller's promise: handles are alive or NULL, which every function takes.
        unsafe {
            match call {
                Call::ClientNew { at, retries, slice, rearm, interruptible } => {
                    anchor_client_free(self.client(at));
                    self.clients[usize::from(at) % 2] = client(retries, slice, rearm, interruptible);
                }
                Call::ClientFree { at } => {
                    anchor_client_free(self.client(at));
                    self.clients[usize::from(at) % 2] = ptr::null_mut();
                }
                Call::CancelAll { at } => anchor_client_cancel_all(self.client(at)),
                Call::Stats { at } => drop(answered(|out| anchor_client_stats(self.client(at), out))),
                Call::Wait { at, name, timeout, options, token, wanted } => {
                    let (client, name, token) = (self.client(at), chosen(&NAMES, name), self.token(token));
                    let (timeout, options) = (timeout.short(), self.options(options));
                    check(wanted, |out| anchor_wait_for_event_with(client, name, timeout, options, token, out));
                }
                Call::SetApiKey { at, key } => {
                    let status = anchor_client_set_api_key(self.client(at), chosen(&KEYS, key));
                    assert_eq!(status == 0, !self.client(at).is_null() && key % 4 < 2);
                }
                Call::WaitUntilCancelled { at, by_token, after } => self.wait_until_cancelled(at, by_token, after),
                Call::Signal { at, name, data, timeout, options, token, wanted } => {
                    let (client, name, data) = (self.client(at), chosen(&NAMES, name), chosen(&DATA, data));
                    let (timeout, options, token) = (timeout.short(), self.options(options), self.token(token));
                    check(wanted, |out| anchor_signal_event_with(client, name, data, timeout, options, token, out));
                }
                Call::Drain { at, name, timeout, options, token } => {
                    let (client, name, token) = (self.client(at), chosen(&NAMES, name), self.token(token));
                    let (timeout, options) = (timeout.short(), self.options(options));
                    let mut drained = u32::MAX;
                    let status = anchor_drain_event_with(client, name, timeout, options, token, &raw mut drained);
                    assert!(known(status) && drained != u32::MAX);
                }
                Call::TokenNew { at } => {
                    anchor_cancel_token_free(self.tokens[usize::from(at) % 2]);
                    self.tokens[usize::from(at) % 2] = anchor_cancel_token_new();
                }
                Call::TokenCancel { at } => anchor_cancel_token_cancel(self.token(at)),
                Call::TokenReset { at } => anchor_cancel_token_reset(self.token(at)),
                Call::TokenFree { at } => {
                    anchor_cancel_token_free(self.tokens[usize::from(at) % 2]);
                    self.tokens[usize::from(at) % 2] = ptr::null_mut();
                }
                Call::OptionsNew { at } => {
                    anchor_options_free(self.options[usize::from(at) % 2]);
                    self.options[usize::from(at) % 2] = anchor_options_new();
                }
                Call::OptionsFree { at } => {
                    anchor_options_free(self.options[usize::from(at) % 2]);
                    self.options[usize::from(at) % 2] = ptr::null_mut();
                }
                Call::OptionsSet { at, what, value } => {
                    let options = self.options[usize::from(at) % 2];
                    let status = set_option(options, what, value);
                    assert!(status == Status::InvalidArgument as i32 || status == 0 && !options.is_null());
                }
                other => self.make_of_waits(other),
            }
        }
    }

    unsafe fn make_of_waits(&mut self, call: Call) {
        // SAFETY: as in `make`.
        unsafe {
            match call {
                Call::Start { at, client, name, timeout, options } => {
                    let at = usize::from(at) % 4;
                    anchor_wait_free(self.waits[at]);
                    let mut wait = ptr::dangling_mut();
                    let (client, name, options) = (self.client(client), chosen(&NAMES, name), self.options(options));
                    let status = anchor_wait_start_with(client, name, timeout.millis(), options, &raw mut wait);
                    assert_eq!(status == 0, !wait.is_null());
                    (self.waits[at], self.finished[at], self.queued[at]) = (wait, false, false);
                }
                Call::Finish { at, timeout, wanted } => self.finish(usize::from(at) % 4, timeout.short(), wanted),
                Call::Select { timeout } => {
                    let waits = self.waits;
                    let mut index = usize::MAX;
                    let status = anchor_wait_select(waits.as_ptr(), waits.len(), timeout.short(), &raw mut index);
                    assert!(if status == 0 { index < 4 && !self.finished[index] } else { index == 4 && known(status) });
                }
                Call::WaitCancel { at } => anchor_wait_cancel(self.waits[usize::from(at) % 4]),
                Call::CancelAndFinish { at } => {
                    anchor_wait_cancel(self.waits[usize::from(at) % 4]);
                    self.finish(usize::from(at) % 4, -1, true);
                }
                Call::WaitFree { at } => {
                    anchor_wait_free(self.waits[usize::from(at) % 4]);
                    self.waits[usize::from(at) % 4] = ptr::null_mut();
                }
                Call::Descriptor { at } => {
                    let at = usize::from(at) % 4;
                    let has_one = !self.waits[at].is_null() && !self.queued[at];
                    assert_eq!(anchor_wait_fd(self.waits[at]) >= 0, has_one);
                }
                other => self.make_of_queues(other),
            }
        }
    }

    unsafe fn make_of_queues(&mut self, call: Call) {
        // SAFETY: as in `make`.
        unsafe {
            match call {
                Call::QueueNew { at, callback } => {
                    let at = usize::from(at) % 2;
                    anchor_queue_free(self.queues[at]);
                    let mut queue = ptr::dangling_mut();
                    assert_eq!(anchor_queue_new(&raw mut queue), 0);
                    (self.queues[at], self.running[at]) = (queue, 0);
                    self.set_callback(at, callback);
                }
                Call::QueueFree { at } => {
                    let at = usize::from(at) % 2;
                    anchor_queue_free(self.queues[at]);
                    (self.queues[at], self.running[at]) = (ptr::null_mut(), 0);
                }
                Call::QueueCancelAll { at } => anchor_queue_cancel_all(self.queues[usize::from(at) % 2]),
                Call::QueueCallback { at, set } => self.set_callback(usize::from(at) % 2, set),
                Call::StartOn { at, client, queue, name, timeout, options, wanted } => {
                    let (at, queue) = (usize::from(at) % 4, usize::from(queue) % 2);
                    let mut wait = ptr::dangling_mut();
                    let out = if wanted { &raw mut wait } else { ptr::null_mut() };
                    let (client, name, options) = (self.client(client), chosen(&NAMES, name), self.options(options));
                    let timeout = timeout.millis();
                    let status = anchor_wait_start_on(client, self.queues[queue], name, timeout, 7, options, out);
                    self.running[queue] += usize::from(status == 0);
                    assert!(known(status) && (status != 0 || !self.queues[queue].is_null()));
                    if wanted {
                        assert_eq!(status == 0, !wait.is_null());
                        anchor_wait_free(self.waits[at]);
                        (self.waits[at], self.finished[at], self.queued[at]) = (wait, true, true);
                    }
                }
                Call::Next { at, timeout, token, wanted } => {
                    self.next(usize::from(at) % 2, timeout.short(), self.token(token), wanted);
                }
                Call::CancelAndNext { at } => {
                    let at = usize::from(at) % 2;
                    if self.running[at] > 0 {
                        anchor_queue_cancel_all(self.queues[at]);
                        self.next(at, -1, ptr::null_mut(), true);
                    }
                }
                _ => unreachable!("the others are in `make` and `make_of_waits`"),
            }
            for (queue, running) in self.queues.into_iter().zip(self.running) {
                assert_eq!(anchor_queue_running(queue), running);
                assert_eq!(anchor_queue_fd(queue) >= 0, !queue.is_null());
            }
        }
    }

    unsafe fn set_callback(&self, at: usize, set: bool) {
        unsafe extern "C" fn wake(_: *mut c_void) {}
        // SAFETY: as in `make`.
        let status = unsafe { anchor_queue_set_callback(self.queues[at], set.then_some(wake), ptr::null_mut()) };
        assert_eq!(status == 0, !self.queues[at].is_null());
    }

    unsafe fn next(&mut self, at: usize, timeout_ms: i64, token: *mut anchor_cancel_token, wanted: bool) {
        // SAFETY: as in `make`.
        unsafe {
            let mut completion = ptr::dangling_mut();
            let out = if wanted { &raw mut completion } else { ptr::null_mut() };
            let status = anchor_queue_next(self.queues[at], timeout_ms, token, out);
            assert!(known(status) && (wanted || status != 0));
            assert!(timeout_ms >= -1 || status == Status::InvalidArgument as i32);
            if !wanted {
                return;
            }
            assert_eq!(status == 0, !completion.is_null());
            if status == 0 {
                self.running[at] -= 1;
                assert_eq!(anchor_completion_tag(completion), 7);
                let json = CStr::from_ptr(anchor_completion_json(completion)).to_str().expect("UTF-8");
                check_outcome(anchor_completion_status(completion), json);
                anchor_completion_free(completion);
            }
        }
    }

    unsafe fn finish(&mut self, at: usize, timeout_ms: i64, wanted: bool) {
        // SAFETY: as in `make`.
        let status = check(wanted, |out| unsafe { anchor_wait_finish(self.waits[at], timeout_ms, out) });
        let is_over = self.waits[at].is_null() || self.finished[at];
        assert!(!is_over || status == Status::InvalidArgument as i32, "finished twice");
        assert!(timeout_ms >= -1 || status == Status::InvalidArgument as i32);
        self.finished[at] |= timeout_ms >= -1 && status != Status::Pending as i32;
    }

    unsafe fn wait_until_cancelled(&self, at: u8, by_token: bool, after: u8) {
        struct Shared<T>(*mut T);
        // SAFETY: the header allows these calls from any thread.
        unsafe impl<T> Send for Shared<T> {}
        let handles = (Shared(self.client(at)), Shared(self.tokens[0]));
        let (client, token) = (handles.0.0, handles.1.0);
        if client.is_null() || token.is_null() {
            return;
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let wait_is_over = Arc::clone(&is_over);
        world::call_after(Duration::from_millis(u64::from(after)), move || {
            let (Shared(client), Shared(token)) = { handles };
            // The wait may have ended before, and the handles may be gone.
            if !wait_is_over.load(Ordering::Relaxed) {
                // SAFETY: the wait below still blocks, so the handles are alive.
                unsafe { if by_token { anchor_cancel_token_cancel(token) } else { anchor_client_cancel_all(client) } }
            }
        });
        // SAFETY: as in `make`.
        check(true, |out| unsafe { anchor_wait_for_event(client, c"e".as_ptr(), i64::MAX, token, out) });
        is_over.store(true, Ordering::Relaxed);
    }

    unsafe fn free(&mut self) {
        // SAFETY: the caller's promise.
        unsafe {
            // In the hardest order: started waits outlive their client.
            self.clients.into_iter().for_each(|client| anchor_client_free(client));
            self.tokens.into_iter().for_each(|token| anchor_cancel_token_free(token));
            self.options.into_iter().for_each(|options| anchor_options_free(options));
            self.waits.into_iter().for_each(|wait| anchor_wait_free(wait));
            self.queues.into_iter().for_each(|queue| anchor_queue_free(queue));
        }
    }
}

unsafe fn client(retries: u8, slice: u8, rearm: bool, interruptible: bool) -> *mut anchor_client {
    let mut client = ptr::dangling_mut();
    // SAFETY: the handles are used while they live; the configuration is freed once.
    unsafe {
        let config = anchor_config_new();
        let statuses = [
            anchor_config_set_api_key(config, c"fuzz-key-5d0c2b7e".as_ptr()),
            anchor_config_set_base_url(config, c"http://127.0.0.1".as_ptr()),
            anchor_config_set_proxy(config, c"".as_ptr()),
            anchor_config_set_connect_timeout_ms(config, 5),
            anchor_config_set_request_timeout_ms(config, 5),
            anchor_config_set_max_response_bytes(config, 100),
            anchor_config_set_slice_ms(config, 1 + i64::from(slice % 4)),
            anchor_config_set_grace_ms(config, i64::from(slice % 3)),
            anchor_config_set_retries(config, u32::from(retries % 4)),
            anchor_config_set_rearm(config, rearm.into()),
            anchor_config_set_interruptible(config, interruptible.into()),
            anchor_client_new(config, &raw mut client),
        ];
        assert_eq!(statuses, [0; 12]);
        anchor_config_free(config);
    }
    client
}

unsafe fn set_option(options: *mut anchor_options, what: u8, value: u8) -> i32 {
    // SAFETY: the caller's handle is alive or NULL; the texts are C strings or NULL.
    unsafe {
        match what % 5 {
            0 => anchor_options_set_retries(options, u32::from(value % 4)),
            1 => anchor_options_set_rearm(options, (value % 3).into()),
            2 => anchor_options_set_slice_ms(options, i64::from(value % 4)),
            3 => anchor_options_add_header(options, chosen(&TEXTS, value), chosen(&TEXTS, value / 5)),
            _ => anchor_options_set_request_id(options, chosen(&TEXTS, value)),
        }
    }
}

fn chosen(all: &[Option<&CStr>], at: u8) -> *const c_char {
    all[usize::from(at) % all.len()].map_or(ptr::null(), CStr::as_ptr)
}

/// Makes a call, with or without an `out_json`, and checks its outcome.
fn check(wanted: bool, call: impl FnOnce(*mut *mut c_char) -> i32) -> i32 {
    if !wanted {
        let status = call(ptr::null_mut());
        assert!(known(status));
        return status;
    }
    let (status, json) = answered(call);
    check_outcome(status, &json);
    status
}

fn check_outcome(status: i32, json: &str) {
    match Status::from_value(status).expect("a documented status") {
        Status::Ok => assert_eq!(json, EVENT),
        other => report::check(other, json),
    }
}

fn known(status: i32) -> bool {
    Status::from_value(status).is_some_and(|status| status != Status::Internal)
}
