//! What OpenSSL's command makes and runs: certificates, and a server.

use anchor::{Client, Status, Timeout};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use testkit::{empty_scratch, process};

/// A folder of its own, in which the shell has run the commands.
pub fn made(name: &str, commands: &str) -> PathBuf {
    let folder = empty_scratch(&format!("openssl-{name}"));
    process::output(Command::new("sh").current_dir(&folder).args(["-ec", commands]));
    folder
}

/// A running `openssl s_server`, which prints what it receives.
pub struct OpensslServer {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub url: String,
}

impl OpensslServer {
    pub fn start(folder: &Path, certificate: &str, options: &str) -> OpensslServer {
        let mut command = Command::new("openssl");
        command.current_dir(folder).args(["s_server", "-accept", "127.0.0.1:0"]);
        command.args(["-cert", &format!("{certificate}.pem"), "-key", &format!("{certificate}.key")]);
        command.args(options.split_whitespace()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("openssl runs");
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut server = OpensslServer { child, stdout, url: String::new() };
        server.url = server.until_received("ACCEPT ").replace("ACCEPT ", "https://");
        server
    }

    /// The first line that begins like this.
    fn until_received(&mut self, beginning: &str) -> String {
        let mut lines = self.stdout.by_ref().lines().map(|line| line.expect("UTF-8"));
        lines.find(|line| line.starts_with(beginning)).expect("it prints such a line")
    }

    /// The client signals; the server gets the request, and ends instead of answering.
    pub fn gets_the_request_of(mut self, client: Client) {
        let signalling = thread::spawn(move || client.signal("e", None, Timeout::Request, None).unwrap_err());
        self.until_received("POST /v1/events/e");
        drop(self);
        assert_eq!(signalling.join().unwrap().status(), Status::ConnectionLost);
    }

    /// All that it printed until it was ended.
    pub fn received(mut self) -> String {
        self.child.kill().expect("it runs");
        let mut received = Vec::new();
        self.stdout.read_to_end(&mut received).expect("a pipe");
        String::from_utf8_lossy(&received).into_owned()
    }
}

impl Drop for OpensslServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
