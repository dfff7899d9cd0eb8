//! A running `anchor-events serve`: the event rules themselves, in a process of its own. What is wrong on purpose is the
//! business of `scripted`.
#![allow(dead_code, reason = "every test file uses its own part")]

use anchor::{Client, Config};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

/// Nothing here takes this long; whoever waits longer has found a defect.
pub const PATIENCE: Duration = Duration::from_secs(60);
const ADMIN_TOKEN: &str = "event-server-of-a-test";

/// The server, killed when the test ends.
pub struct EventServer {
    child: Child,
    pub url: String,
}

impl EventServer {
    pub fn start(options: &[&str]) -> EventServer {
        let mut child = Command::new(&*PROGRAM)
            .args(["serve", "--port", "0", "--admin-token", ADMIN_TOKEN, "--log", "off"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).expect("the first line is the URL");
        EventServer { child, url: url.trim_end().to_owned() }
    }

    pub fn config(&self) -> Config {
        self.config_of("event-server-key")
    }

    pub fn config_of(&self, key: &str) -> Config {
        let mut config = Config::bare();
        config.set_api_key(key).unwrap().set_base_url(&self.url).unwrap();
        config
    }

    pub fn client(&self) -> Client {
        Client::new(&self.config()).unwrap()
    }

    /// Blocks until the server holds so many waits.
    pub fn until_waiting(&self, count: u64) {
        let began = Instant::now();
        while self.count("waitingCount") != count {
            assert!(began.elapsed() < PATIENCE, "{} waits of {count}", self.count("waitingCount"));
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Blocks until the server holds a wait for the event.
    pub fn until_holding(&self, event_name: &str) {
        let began = Instant::now();
        let is_held = |state: &serde_json::Value| {
            state["waiting"].as_array().expect("a list").iter().any(|wait| wait["event"] == event_name)
        };
        while !is_held(&self.state()) {
            assert!(began.elapsed() < PATIENCE, "no wait for {event_name}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Signals that nobody has waited for.
    pub fn queued(&self) -> u64 {
        self.count("queuedCount")
    }

    pub fn address(&self) -> SocketAddr {
        self.url.strip_prefix("http://").and_then(|address| address.parse().ok()).expect("a URL with an address")
    }

    fn count(&self, member: &str) -> u64 {
        self.state()[member].as_u64().expect("a count")
    }

    fn state(&self) -> serde_json::Value {
        let mut socket = TcpStream::connect(self.address()).expect("the server listens");
        let head = "GET /admin/state HTTP/1.1\r\nhost: localhost\r\nconnection: close";
        write!(socket, "{head}\r\nanchor-admin-token: {ADMIN_TOKEN}\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").expect("an answer");
        serde_json::from_str(body).expect("JSON")
    }
}

impl Drop for EventServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// For a test that is about to lose its network.
pub fn build() {
    LazyLock::force(&PROGRAM);
}

/// `anchor-events`, as it is now: cargo builds it beside the test if it has not yet. The whole workspace, and without what cargo
/// set for this test: otherwise it would build the library once more, in a way that the tests do not use.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps/<test>");
    let mut build = Command::new(env!("CARGO"));
    let is_cargos = |name: &str| name.starts_with("CARGO") || ["OUT_DIR", "LD_LIBRARY_PATH"].contains(&name);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_cargos)) {
        if name != "CARGO_HOME" && name != "CARGO_BUILD_JOBS" {
            build.env_remove(name);
        }
    }
    build.args(["build", "--quiet", "--workspace", "--target-dir"]);
    build.arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo runs").success(), "anchor-events-cli does not build");
    profile.join("anchor-events")
});

/// For tests that hold many waits at once.
pub fn raise_file_limit(needed: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointers are to a local of the right type.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit), 0);
        limit.rlim_cur = limit.rlim_max;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit), 0);
    }
    assert!(limit.rlim_cur >= needed, "this test needs {needed} file descriptors, and may open {}", limit.rlim_cur);
}
