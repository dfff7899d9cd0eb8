//! ureq and serde_json as a Rust program uses them: one agent for all threads, the answer parsed. It exports the functions
//! of peer.h, so that the driver is the same.

use std::ffi::{CStr, c_char, c_int, c_long};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

const CODE_SIZE: usize = 32;
const OK: c_int = 0;
const TIMEOUT: c_int = 1;
const FAILED: c_int = 3;

#[repr(C)]
pub struct Service {
    base_url: *const c_char,
    host: *const c_char,
    port: c_int,
    api_key: *const c_char,
    ca_file: *const c_char,
    grace_ms: c_long,
}

/// The agent is shared; a wait that cannot be cancelled needs nothing else.
pub struct Peer {
    agent: ureq::Agent,
    base_url: String,
    api_key: String,
}

fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: by contract NUL-terminated.
    unsafe { CStr::from_ptr(pointer) }.to_str().ok().map(str::to_owned)
}

fn roots(ca_file: &str) -> RootCerts {
    let pem = std::fs::read(ca_file).expect("the file of authorities can be read");
    let certificates = ureq::tls::parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    RootCerts::Specific(Arc::new(certificates.collect::<Vec<Certificate<'static>>>()))
}

fn new_agent(ca_file: Option<&str>) -> ureq::Agent {
    let mut tls = TlsConfig::builder();
    if let Some(ca_file) = ca_file {
        tls = tls.root_certs(roots(ca_file));
    }
    let config = ureq::Agent::config_builder().http_status_as_error(false).tls_config(tls.build());
    config.max_idle_connections(10_000).max_idle_connections_per_host(10_000).build().new_agent()
}

#[unsafe(no_mangle)]
pub extern "C" fn peer_name() -> *const c_char {
    c"ureq 3.5, serde_json 1, rustls 0.23".as_ptr()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn peer_open(service: *const Service) -> *mut Peer {
    static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
    // SAFETY: by contract valid.
    let service = unsafe { &*service };
    let agent = AGENT.get_or_init(|| new_agent(text(service.ca_file).as_deref())).clone();
    let base_url = text(service.base_url).expect("a base URL");
    Box::into_raw(Box::new(Peer { agent, base_url, api_key: text(service.api_key).expect("a key") }))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn peer_close(peer: *mut Peer) {
    // SAFETY: by contract from peer_open, and closed once.
    drop(unsafe { Box::from_raw(peer) });
}

fn wait(peer: &Peer, event: &str, timeout_ms: c_long) -> Result<(u16, String), ureq::Error> {
    let request = peer.agent.post(format!("{}/v1/events/{event}/wait", peer.base_url));
    let timeout = Duration::from_millis(timeout_ms.unsigned_abs());
    let request = request.header("anchor-api-key", &peer.api_key).config().timeout_global(Some(timeout)).build();
    let body = format!("{{\"timeoutMs\":{timeout_ms}}}");
    let mut response = request.content_type("application/json").send(body)?;
    Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
}

fn code_of(answer: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(answer).ok()?;
    value.pointer("/data/code")?.as_str().filter(|code| code.len() < CODE_SIZE).map(str::to_owned)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn peer_wait(
    peer: *mut Peer,
    event: *const c_char,
    timeout_ms: c_long,
    code: *mut c_char,
) -> c_int {
    // SAFETY: by contract from peer_open.
    let peer = unsafe { &*peer };
    match wait(peer, &text(event).expect("an event"), timeout_ms) {
        Err(ureq::Error::Timeout(_)) | Ok((408, _)) => TIMEOUT,
        Ok((200, answer)) => match code_of(&answer) {
            // SAFETY: by contract CODE_SIZE bytes.
            Some(found) => unsafe { put(&found, code.cast()) },
            None => failed("no code"),
        },
        Ok((status, _)) => failed(&format!("HTTP {status}")),
        Err(error) => failed(&error.to_string()),
    }
}

unsafe fn put(found: &str, code: *mut u8) -> c_int {
    // SAFETY: by contract there is room, and what was found is shorter.
    unsafe { std::ptr::copy_nonoverlapping(found.as_ptr(), code, found.len()) };
    // SAFETY: as above.
    unsafe { code.add(found.len()).write(0) };
    OK
}

fn failed(why: &str) -> c_int {
    eprintln!("ureq: {why}");
    FAILED
}

/// ureq has nothing for it.
#[unsafe(no_mangle)]
pub extern "C" fn peer_cancel(_: *mut Peer) {}
