//! Plain HTTP to the local server, with no client library in between.

use crate::PATIENCE;
use std::io::{Read, Write};
use std::net::TcpStream;

/// One kept-alive HTTP/1.1 connection.
pub struct Http {
    pub socket: TcpStream,
    key: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Http {
    pub fn connect(address: &str) -> Self {
        let socket = TcpStream::connect(address).expect("the server listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket of this test");
        socket.set_nodelay(true).expect("a socket of this test");
        Self { socket, key: "test-key".into() }
    }

    /// To a server at a Unix socket. std has one set of functions for all stream sockets.
    #[cfg(unix)]
    pub fn connect_unix(path: &str) -> Self {
        let socket = std::os::unix::net::UnixStream::connect(path).expect("the server listens");
        let socket = TcpStream::from(std::os::fd::OwnedFd::from(socket));
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket of this test");
        Self { socket, key: "test-key".into() }
    }

    pub fn with_key(mut self, key: &str) -> Self {
        self.key = key.into();
        self
    }

    pub fn post(&mut self, path: &str, body: &str) -> Answer {
        self.send("POST", path, body);
        self.read().expect("an answer")
    }

    pub fn wait(&mut self, name: &str, timeout_ms: u64) -> Option<String> {
        let answer = self.post(&format!("/v1/events/{name}/wait"), &format!(r#"{{"timeoutMs":{timeout_ms}}}"#));
        match answer.status {
            200 => Some(answer.data()),
            408 => None,
            status => panic!("{status}: {}", answer.body),
        }
    }

    /// Sends a wait, for longer than a test takes, and does not read the answer.
    pub fn start_wait(&mut self, name: &str) {
        let body = format!(r#"{{"timeoutMs":{}}}"#, PATIENCE.as_millis());
        self.send("POST", &format!("/v1/events/{name}/wait"), &body);
    }

    pub fn send(&mut self, method: &str, path: &str, body: &str) {
        let key = self.key.clone();
        let headers = [("anchor-api-key", key.as_str())];
        self.send_with(method, path, if key.is_empty() { &[] } else { &headers }, body);
    }

    pub fn send_with(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) {
        let mut request = format!("{method} {path} HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "host") {
            request.push_str("host: 127.0.0.1\r\n");
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        request.push_str(body);
        self.socket.write_all(request.as_bytes()).expect("the server reads");
    }

    pub fn read(&mut self) -> std::io::Result<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.socket.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).expect("an ASCII head");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
        let length = header(&head, "content-length").map_or(0, |length| length.parse().expect("a length"));
        let mut body = vec![0; length];
        self.socket.read_exact(&mut body)?;
        Ok(Answer { status, head, body: String::from_utf8(body).expect("UTF-8") })
    }
}

impl Answer {
    /// What is inside `{"data":...}`, as it was sent.
    pub fn data(&self) -> String {
        let data = self.body.strip_prefix(r#"{"data":"#).and_then(|rest| rest.strip_suffix('}'));
        data.unwrap_or_else(|| panic!("not an event: {}", self.body)).to_owned()
    }

    pub fn error_code(&self) -> i64 {
        let body: serde_json::Value = serde_json::from_str(&self.body).expect("JSON");
        assert!(body["error"]["message"].is_string(), "{body}");
        body["error"]["code"].as_i64().expect("a code")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}
