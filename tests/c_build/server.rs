//! A running `anchor-events serve`, as the programs see it.

use super::library;
use super::program::without_settings;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// What the server goes wrong with on purpose, as tests/c/check.h and statuses.c say.
const FAULTS: [&str; 5] = [
    "html_200=html:200,on=both",
    "html_502=html:502,on=both",
    "cut=cut-body,on=both",
    "drop=drop-after-consume,on=both",
    "hang=hang,on=both",
];

/// Killed when the test is done with it.
pub struct Server {
    child: Child,
    /// Kept open: the server writes to it.
    _stdout: BufReader<ChildStdout>,
    pub url: String,
    /// With TLS, the file of its certificate authority.
    pub ca_file: Option<String>,
}

impl Server {
    /// Takes `test-key` and `second-key`; makes every fault that a test asks for by an event's name.
    pub fn start() -> Server {
        let codes = (300..=599).filter(|code| *code != 408);
        let statuses = codes.map(|code| format!("status_{code}=status:{code},on=both"));
        let faults = statuses.chain(FAULTS.map(str::to_owned)).flat_map(|rule| ["--fault".to_owned(), rule]);
        let keys = ["--api-key", "test-key", "--api-key", "second-key"].map(str::to_owned);
        Server::with(keys.into_iter().chain(faults), false)
    }

    pub fn start_with_tls() -> Server {
        Server::with(["--tls".to_owned()], true)
    }

    fn with(options: impl IntoIterator<Item = String>, tls: bool) -> Server {
        let mut command = Command::new(library::debug().folder.join("anchor-events"));
        without_settings(&mut command);
        command.args(["serve", "--port", "0", "--log", "off"]).args(options).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = || {
            let mut line = String::new();
            stdout.read_line(&mut line).expect("the server says where it is");
            line.trim_end().to_owned()
        };
        let url = line();
        let ca_file = tls.then(line);
        Server { child, _stdout: stdout, url, ca_file }
    }

    /// Makes it the service that a program finds in its environment.
    pub fn configure<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("ANCHORBROWSER_BASE_URL", &self.url).env("ANCHORBROWSER_API_KEY", "test-key")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
