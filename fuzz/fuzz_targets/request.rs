//! Requests: settings, names and data of a program's user, through the C API. Either they are refused with a message, or each
//! call sends one request, with the expected headers, the name as one path segment, and the data unchanged. The input is
//! strings separated by NUL, in the order of `Settings`.
#![no_main]

use anchor::Status;
use libfuzzer_sys::fuzz_target;
use simulation::c_api::*;
use simulation::{Connection, End, Piece, report, world};
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd};
use std::ptr;
use std::time::Duration;

fuzz_target!(|input: &[u8]| {
    let mut fields = input.splitn(11, |byte| *byte == 0).map(|field| CString::new(field).unwrap_or_default());
    let mut next = || fields.next().unwrap_or_default();
    let (base_url, event_name, api_key, user_agent) = (next(), next(), next(), next());
    let (proxy, data, ca_file, client_pem, pins) = (next(), next(), next(), next(), next());
    let (header_name, header_value) = (next(), next());
    run(&Settings {
        base_url,
        event_name,
        api_key,
        user_agent,
        proxy,
        data,
        ca_file,
        client_pem,
        pins,
        header_name,
        header_value,
    });
});

struct Settings {
    base_url: CString,
    event_name: CString,
    api_key: CString,
    user_agent: CString,
    proxy: CString,
    data: CString,
    /// Its content; empty for no file.
    ca_file: CString,
    /// A certificate and its key; empty for none.
    client_pem: CString,
    /// Empty for none.
    pins: CString,
    /// Empty for no header.
    header_name: CString,
    header_value: CString,
}

fn run(settings: &Settings) {
    // SAFETY: each handle is used while it lives and freed once; the strings live during the calls.
    unsafe {
        let config = anchor_config_new();
        let mut client = ptr::null_mut();
        let configured = configure(config, settings);
        if configured {
            let status = anchor_client_new(config, &raw mut client);
            assert_eq!(took(config, status), !client.is_null());
        }
        if !client.is_null() {
            wait(client, settings);
            signal(client, settings);
            anchor_client_free(client);
        }
        anchor_config_free(config);
    }
}

/// Whether every setting was accepted.
unsafe fn configure(config: *mut anchor_config, settings: &Settings) -> bool {
    let pem = (!settings.ca_file.is_empty()).then(|| file_of(settings.ca_file.as_bytes()));
    let path = pem.as_ref().map(|file| CString::new(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap());
    // SAFETY: the caller's handle; the strings live during the calls.
    unsafe {
        took(config, anchor_config_set_api_key(config, settings.api_key.as_ptr()))
            && took(config, anchor_config_set_base_url(config, settings.base_url.as_ptr()))
            && took(config, anchor_config_set_user_agent(config, settings.user_agent.as_ptr()))
            && took(config, anchor_config_set_proxy(config, settings.proxy.as_ptr()))
            && (settings.header_name.is_empty() || {
                let (name, value) = (settings.header_name.as_ptr(), settings.header_value.as_ptr());
                took(config, anchor_config_add_header(config, name, value))
            })
            && path.is_none_or(|path| {
                took(config, anchor_config_set_ca_file(config, path.as_ptr()))
                    && took(config, anchor_config_set_trust(config, 2))
                    && makes_a_client(config)
            })
            && took(config, anchor_config_set_trust(config, 2))
            && (settings.client_pem.is_empty() || identifies(config, &settings.client_pem))
            && (settings.pins.is_empty()
                || took(config, anchor_config_set_pinned_public_keys(config, settings.pins.as_ptr())))
            && took(config, anchor_config_set_allow_http(config, 1))
            && took(config, anchor_config_set_retries(config, 0))
    }
}

/// The certificate and the key are read when a client is made.
unsafe fn identifies(config: *mut anchor_config, pem: &CStr) -> bool {
    // SAFETY: the caller's handle; the strings live during the calls.
    unsafe {
        took(config, anchor_config_set_client_certificate_pem(config, pem.as_ptr(), pem.as_ptr()))
            && makes_a_client(config)
    }
}

/// The file is read when a client is made, while it is open.
unsafe fn makes_a_client(config: *mut anchor_config) -> bool {
    let mut client = ptr::null_mut();
    // SAFETY: the caller's handle; the client is freed once.
    unsafe {
        let status = anchor_client_new(config, &raw mut client);
        anchor_client_free(client);
        took(config, status)
    }
}

fn file_of(bytes: &[u8]) -> File {
    // SAFETY: the name is a C string, and the descriptor belongs to nobody else.
    let mut file = unsafe { File::from_raw_fd(libc::memfd_create(c"ca".as_ptr(), libc::MFD_CLOEXEC)) };
    file.write_all(bytes).unwrap();
    file
}

/// Whether a setting was accepted. There is a message exactly if it was not.
unsafe fn took(config: *const anchor_config, status: i32) -> bool {
    // SAFETY: the caller's handle; the message is NULL or a string that lives until the next call.
    let message = unsafe { anchor_config_error(config).as_ref().map(|message| CStr::from_ptr(message)) };
    assert!(status == 0 || status == Status::InvalidArgument as i32);
    assert_eq!(message.is_some(), status != 0);
    assert!(message.is_none_or(|message| message.to_str().is_ok_and(|message| !message.is_empty())));
    status == 0
}

unsafe fn wait(client: *mut anchor_client, settings: &Settings) {
    let name = settings.event_name.as_ptr();
    // SAFETY: the caller's handle; the strings live during the call.
    let sent = call(settings, |out| unsafe { anchor_wait_for_event(client, name, 0, ptr::null_mut(), out) });
    if let Some(request) = sent {
        assert_eq!(request.body, b"{\"timeoutMs\":1}");
        assert_eq!(request.segment(settings, "/wait"), settings.event_name.as_bytes());
    }
}

unsafe fn signal(client: *mut anchor_client, settings: &Settings) {
    let (name, data) = (settings.event_name.as_ptr(), settings.data.as_ptr());
    // SAFETY: the caller's handle; the strings live during the call.
    let sent = call(settings, |out| unsafe { anchor_signal_event(client, name, data, -2, ptr::null_mut(), out) });
    if let Some(request) = sent {
        let body = [b"{\"data\":", settings.data.as_bytes(), b"}"].concat();
        assert!(request.body == body, "the data was changed");
        assert_eq!(request.segment(settings, ""), settings.event_name.as_bytes());
    }
}

/// The first byte that a SOCKS5 proxy gets.
const SOCKS: u8 = 5;
const ANSWER: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 11\r\n\r\n{\"data\":{}}";

/// Makes a call and returns the request that it sent; `None` if the call was refused or used TLS.
fn call(settings: &Settings, call: impl FnOnce(*mut *mut std::ffi::c_char) -> i32) -> Option<Request> {
    let piece = |text: &str| Piece::new(Duration::ZERO, text.as_bytes().to_vec());
    let accepted = (!settings.proxy.is_empty()).then(|| piece("HTTP/1.1 200 Connected\r\n\r\n"));
    let pieces = accepted.into_iter().chain([piece(ANSWER)]).collect();
    world::install([Connection::new(pieces, End::Finish)]);
    let (status, json) = answered(call);
    let network = world::take_down();
    let sent: Vec<u8> = network.transcripts().flat_map(|(_, received)| received).copied().collect();
    if status != 0 {
        report::check(Status::from_value(status).expect("a status"), &json);
    }
    if sent.is_empty() || sent[0] == 0x16 {
        assert!(status != 0, "an answer without a request");
        return None;
    }
    let mut rest = &sent[..];
    if sent[0] == SOCKS {
        assert!(status != 0, "the proxy speaks HTTP");
        return None;
    }
    let is_forwarded = !settings.proxy.is_empty() && sent.starts_with(b"POST http://");
    if !settings.proxy.is_empty() && !is_forwarded {
        let connect = Request::take(&mut rest);
        assert!(connect.line.starts_with("CONNECT ") && connect.body.is_empty(), "{:?}", connect.line);
        assert!(
            connect
                .headers
                .keys()
                .all(|name| ["host", "user-agent", "proxy-connection", "proxy-authorization"].contains(&name.as_str())),
            "{:?}",
            connect.headers.keys()
        );
        if rest.first() == Some(&0x16) || rest.is_empty() {
            return None;
        }
    }
    let mut request = Request::take(&mut rest);
    assert!(rest.is_empty(), "more than one request was sent");
    if is_forwarded {
        // The script's first answer opens a tunnel, which here is an answer without an event.
        assert!(status != 0, "an empty answer");
        request.headers.remove("proxy-authorization");
        request.check_headers(settings);
        let origin = format!("POST http://{}/", request.headers["host"]);
        assert!(request.line.starts_with(&origin), "{:?}", request.line);
        return None;
    }
    request.check_headers(settings);
    assert_eq!((status, &json[..]), (0, "{\"data\":{}}"));
    Some(request)
}

struct Request {
    line: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Request {
    /// Takes the first request of the bytes that were sent.
    fn take(sent: &mut &[u8]) -> Request {
        let end = sent.windows(4).position(|window| window == b"\r\n\r\n").expect("the end of a head");
        let head = std::str::from_utf8(&sent[..end]).expect("a head is ASCII");
        assert!(head.bytes().all(|byte| (0x20..0x7f).contains(&byte) || b"\r\n".contains(&byte)), "{head:?}");
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap().to_owned();
        let mut headers = BTreeMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").expect("a header");
            let twice = headers.insert(name.to_ascii_lowercase(), value.to_owned());
            assert!(twice.is_none() && !value.contains(['\r', '\n']), "a header {name:?} twice, or a broken one");
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().expect("a length"));
        let body = sent[end + 4..][..length].to_vec();
        *sent = &sent[end + 4 + length..];
        Request { line, headers, body }
    }

    fn check_headers(&self, settings: &Settings) {
        let header_name = settings.header_name.to_str().unwrap().to_ascii_lowercase();
        let mut expected = vec!["anchor-api-key", "content-length", "content-type", "host"];
        if !header_name.is_empty() {
            expected.push(&header_name);
            assert_eq!(self.headers[&header_name].as_bytes(), settings.header_value.as_bytes());
        }
        if !settings.user_agent.is_empty() {
            expected.push("user-agent");
            assert_eq!(self.headers["user-agent"].as_bytes(), settings.user_agent.as_bytes());
        }
        expected.sort_unstable();
        assert!(self.headers.keys().eq(expected.iter()), "{:?}", self.headers.keys());
        assert!(self.headers["anchor-api-key"].as_bytes() == settings.api_key.as_bytes(), "the key was changed");
        let url = settings.base_url.to_str().unwrap();
        if url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("unix:")) {
            return assert_eq!(self.headers["host"], "localhost");
        }
        let wanted = url.split('/').nth(2).unwrap();
        // A zone means something on this machine only.
        let wanted = match wanted.split_once('%') {
            Some((address, rest)) => format!("{address}]{}", rest.split_once(']').unwrap().1),
            None => wanted.to_owned(),
        };
        assert_eq!(host_and_port(&self.headers["host"]), host_and_port(&wanted));
    }

    /// The name in the path, decoded.
    fn segment(&self, settings: &Settings, ending: &str) -> Vec<u8> {
        let path = self.line.strip_prefix("POST ").and_then(|line| line.strip_suffix(" HTTP/1.1")).expect("a POST");
        let (prefix, segment) = path.strip_suffix(ending).and_then(|path| path.rsplit_once('/')).expect("a path");
        let prefix = prefix.strip_suffix("/v1/events").expect("the API's path");
        assert!(settings.base_url.to_str().unwrap().contains(prefix));
        let mut decoded = Vec::new();
        let mut bytes = segment.bytes();
        while let Some(byte) = bytes.next() {
            let mut digit = || char::from(bytes.next().unwrap()).to_digit(16).unwrap() as u8;
            decoded.push(if byte == b'%' { digit() << 4 | digit() } else { byte });
            assert!(byte == b'%' || byte.is_ascii_alphanumeric() || b"-._~".contains(&byte), "{segment:?}");
        }
        decoded
    }
}

/// The meaning of an authority with plain HTTP.
fn host_and_port(authority: &str) -> (String, u16) {
    let bare_from = authority.rfind(']').unwrap_or(0);
    let (host, port) = match authority[bare_from..].find(':') {
        Some(colon) => (&authority[..bare_from + colon], &authority[bare_from + colon + 1..]),
        None => (authority, ""),
    };
    (host.to_ascii_lowercase(), if port.is_empty() { 80 } else { port.parse().expect("a port") })
}
