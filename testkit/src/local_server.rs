//! A running `anchor-events serve`: the event rules themselves, in a process of their own. A server that misbehaves as a test
//! tells it to is in `scripted`.

use crate::http::{Answer, Http};
use crate::process::without_settings;
use crate::{PATIENCE, library, process, until};
use anchor::{Client, Config};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// What the admin endpoint of a test's server asks for.
pub const TOKEN: &str = "test-token";

/// The key of a test's clients. A server that was given none takes any.
pub const KEY: &str = "test-key";

/// What the server does wrong on purpose for C programs, as tests/c/check.h and tests/c/statuses.c say.
const FAULTS: [&str; 5] = [
    "html_200=html:200,on=both",
    "html_502=html:502,on=both",
    "cut=cut-body,on=both",
    "drop=drop-after-consume,on=both",
    "hang=hang,on=both",
];

/// `anchor-events serve --port 0`, killed when the test ends. Tests in an emulator may name a command of the machine itself by
/// ANCHOR_TEST_SERVER.
pub struct LocalServer {
    pub child: Child,
    pub url: String,
    pub stdout: BufReader<ChildStdout>,
}

/// Builds the server where that is still to do, for a test that counts what it uses or that goes where cargo lacks something.
pub fn prepare() {
    command();
}

fn command() -> Command {
    std::env::var_os("ANCHOR_TEST_SERVER").map_or_else(library::command, Command::new)
}

impl LocalServer {
    pub fn start(options: &[&str]) -> LocalServer {
        let mut command = command();
        without_settings(&mut command);
        LocalServer::spawn(command.args(["serve", "--port", "0", "--log", "off"]).args(options))
    }

    /// Accepts `test-key` and `second-key`, and makes each fault that a test asks for by an event's name.
    pub fn with_faults() -> LocalServer {
        let codes = (300..=599).filter(|code| *code != 408);
        let statuses = codes.map(|code| format!("status_{code}=status:{code},on=both"));
        let faults = statuses.chain(FAULTS.map(str::to_owned)).flat_map(|rule| ["--fault".to_owned(), rule]);
        let keys = ["--api-key", KEY, "--api-key", "second-key"].map(str::to_owned);
        let options: Vec<String> = keys.into_iter().chain(faults).collect();
        LocalServer::start(&options.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Over TLS, with the file of its certificate authority.
    pub fn with_tls() -> (LocalServer, String) {
        let mut server = LocalServer::start(&["--tls"]);
        let ca_file = server.line();
        (server, ca_file)
    }

    /// At a Unix socket.
    #[cfg(unix)]
    pub fn at_unix(path: &std::path::Path) -> LocalServer {
        let mut command = command();
        without_settings(&mut command);
        LocalServer::spawn(command.args(["serve", "--log", "off", "--unix"]).arg(path))
    }

    /// Runs a command that serves.
    pub fn spawn(command: &mut Command) -> LocalServer {
        command.env("ANCHOR_SERVE_ADMIN_TOKEN", TOKEN).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut server = LocalServer { child, url: String::new(), stdout };
        server.url = server.line();
        server
    }

    /// The next line of its stdout.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the server prints where it is");
        line.trim_end().to_owned()
    }

    /// Settings for this server and none other. A busy machine may need long for a connection, and to answer a wait of zero.
    pub fn config(&self) -> Config {
        self.config_with_key(KEY)
    }

    pub fn config_with_key(&self, key: &str) -> Config {
        let mut config = Config::bare();
        config.set_api_key(key).unwrap().set_base_url(&self.url).unwrap();
        config.set_connect_timeout(PATIENCE).unwrap().set_grace(PATIENCE).unwrap();
        config
    }

    pub fn client(&self) -> Client {
        Client::new(&self.config()).expect("valid settings")
    }

    /// Makes it the service that a program finds in its environment.
    pub fn configure<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("ANCHORBROWSER_BASE_URL", &self.url).env("ANCHORBROWSER_API_KEY", KEY)
    }

    pub fn address(&self) -> &str {
        self.url.split_once("://").expect("a URL").1
    }

    pub fn socket_address(&self) -> SocketAddr {
        self.address().parse().expect("an address and a port")
    }

    pub fn connect(&self) -> Http {
        #[cfg(unix)]
        if let Some(path) = self.url.strip_prefix("unix:") {
            return Http::connect_unix(path);
        }
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

    /// The data of an event, if a wait of this many milliseconds gets one.
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

    /// Blocks until the server holds so many waits.
    pub fn until_waiting(&self, count: u64) {
        self.until(&format!("{count} waits"), |state| state["waitingCount"] == count);
    }

    /// Blocks until the server holds a wait for the event.
    pub fn until_holding(&self, event_name: &str) {
        let is_held = |state: &serde_json::Value| {
            state["waiting"].as_array().expect("a list").iter().any(|wait| wait["event"] == event_name)
        };
        self.until(&format!("a wait for {event_name}"), is_held);
    }

    /// Signals that nobody has waited for.
    pub fn queued(&self) -> u64 {
        self.state()["queuedCount"].as_u64().expect("a count")
    }

    /// What happened so far, in the words of the journal.
    pub fn history(&self) -> Vec<String> {
        let state = self.state();
        let entries = state["history"].as_array().expect("a list");
        entries.iter().map(|entry| entry["kind"].as_str().expect("a kind").to_owned()).collect()
    }

    pub fn stop(&mut self, signal: &str) -> ExitStatus {
        process::kill(self.child.id(), signal);
        self.ended()
    }

    pub fn ended(&mut self) -> ExitStatus {
        until("the server ends", || self.child.try_wait().expect("a child of this process").is_some());
        self.child.wait().expect("a child of this process")
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
