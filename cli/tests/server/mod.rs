//! A running `anchor-events serve` for a test, and plain HTTP to talk to it: no client library in between.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Nothing here takes this long; whoever waits longer has found a defect.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What the admin endpoint of a test's server asks for.
pub const TOKEN: &str = "test-token";

/// `anchor-events serve --port 0`, killed when the test ends.
pub struct Server {
    pub child: Child,
    pub url: String,
    pub stdout: BufReader<ChildStdout>,
}

impl Server {
    pub fn start(options: &[&str]) -> Self {
        Self::spawn(Command::new(env!("CARGO_BIN_EXE_anchor-events")).args(["serve", "--port", "0"]).args(options))
    }

    pub fn spawn(command: &mut Command) -> Self {
        command.env("ANCHOR_SERVE_ADMIN_TOKEN", TOKEN).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut url = String::new();
        stdout.read_line(&mut url).expect("the first line is the URL");
        Self { child, url: url.trim_end().to_owned(), stdout }
    }

    pub fn address(&self) -> &str {
        self.url.split_once("://").expect("a URL").1
    }

    pub fn connect(&self) -> Http {
        Http::connect(self.address())
    }

    /// One request on a connection of its own.
    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.connect().post(path, body)
    }

    pub fn signal(&self, name: &str, data: &str) {
        let answer = self.post(&format!("/v1/events/{name}"), &format!(r#"{{"data":{data}}}"#));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// What a wait of this many milliseconds brings: the data, if there was an event.
    pub fn take(&self, name: &str, timeout_ms: u64) -> Option<String> {
        self.connect().wait(name, timeout_ms)
    }

    /// A request to the admin endpoint.
    pub fn admin(&self, method: &str, path: &str, body: &str) -> Answer {
        let mut http = self.connect();
        http.send_with(method, path, &[("anchor-admin-token", TOKEN)], body);
        http.read().expect("an answer")
    }

    pub fn state(&self) -> serde_json::Value {
        serde_json::from_str(&self.admin("GET", "/admin/state", "").body).expect("JSON")
    }

    /// Blocks until the server's state is like this.
    pub fn until(&self, what: &str, is_so: impl Fn(&serde_json::Value) -> bool) {
        until(what, || is_so(&self.state()));
    }

    pub fn until_waiting(&self, count: u64) {
        self.until(&format!("{count} wait"), |state| state["waitingCount"] == count);
    }

    /// What happened so far, in the words of the journal.
    pub fn history(&self) -> Vec<String> {
        let state = self.state();
        let entries = state["history"].as_array().expect("a list");
        entries.iter().map(|entry| entry["kind"].as_str().expect("a kind").to_owned()).collect()
    }

    pub fn stop(&mut self, signal: &str) -> ExitStatus {
        kill(&self.child, signal);
        self.ended()
    }

    pub fn ended(&mut self) -> ExitStatus {
        until("the server ends", || self.child.try_wait().expect("a child of ours").is_some());
        self.child.wait().expect("a child of ours")
    }
}

/// By the shell, in which it is built; a minimal system has no such command.
pub fn kill(child: &Child, signal: &str) {
    let killed = Command::new("sh").args(["-c", &format!("kill {signal} {}", child.id())]).status();
    assert!(killed.expect("sh runs").success());
}

/// Looks again and again until it is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket of ours");
        socket.set_nodelay(true).expect("a socket of ours");
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

    /// Sends a wait and does not read the answer.
    pub fn start_wait(&mut self, name: &str) {
        self.send("POST", &format!("/v1/events/{name}/wait"), r#"{"timeoutMs":60000}"#);
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
