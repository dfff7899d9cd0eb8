//! Servers of OpenSSL that offer only broken or weak TLS. The server of rustls, which the other tests use, cannot be set up
//! like that.

use anchor::{Client, Config, Phase, Status, Timeout, Trust};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use testkit::{PATIENCE, process, scratch, tools};

/// An authority in ca.pem and server certificates by it: `good`, `small` with a key of 1024 bits, `sha1` signed with SHA-1.
const CERTIFICATES: &str = "
ec='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1'
openssl req -x509 $ec -nodes -keyout ca.key -out ca.pem -subj '/CN=test authority' -days 2
echo 'subjectAltName=IP:127.0.0.1' > names
issue() {
    openssl req -newkey rsa:$2 -nodes -keyout $1.key -out $1.csr -subj /CN=$1
    openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -$3 -extfile names -out $1.pem
}
issue good 2048 sha256
issue small 1024 sha256
issue sha1 2048 sha1
";

/// A running `openssl s_server`, which prints what it receives.
struct OpensslServer {
    child: Child,
    stdout: BufReader<ChildStdout>,
    url: String,
}

impl OpensslServer {
    fn start(folder: &Path, certificate: &str, options: &str) -> OpensslServer {
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

    /// All that it printed until it was ended.
    fn received(mut self) -> String {
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

fn certificates(name: &str) -> PathBuf {
    let folder = scratch("openssl").join(name);
    std::fs::create_dir_all(&folder).expect("the target directory can be written");
    process::output(Command::new("sh").current_dir(&folder).args(["-ec", CERTIFICATES]));
    folder
}

fn client(folder: &Path, url: &str) -> Client {
    let mut config = Config::bare();
    config.set_api_key("weak-tls-key").unwrap().set_base_url(url).unwrap().set_trust(Trust::Bundled);
    config.set_ca_file(folder.join("ca.pem")).unwrap().set_request_timeout(PATIENCE).unwrap();
    Client::new(&config).unwrap()
}

#[test]
fn weak_servers_are_refused_and_get_nothing() {
    if !tools::has("openssl") {
        return;
    }
    let folder = certificates("weak");
    for (certificate, options, reason) in [
        ("good", "-tls1 -cipher ALL:@SECLEVEL=0", "alert"),
        ("good", "-tls1_1 -cipher ALL:@SECLEVEL=0", "alert"),
        ("good", "-tls1_2 -cipher AES256-GCM-SHA384", "alert"),
        ("good", "-tls1_2 -cipher ECDHE-RSA-AES128-SHA", "alert"),
        ("good", "-tls1_2 -cipher ECDHE-RSA-AES256-SHA384", "alert"),
        ("good", "-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256", "alert"),
        ("good", "-tls1_2 -cipher AECDH-AES128-SHA:ADH-AES128-GCM-SHA256:@SECLEVEL=0", "alert"),
        ("good", "-tls1_3 -ciphersuites TLS_AES_128_CCM_8_SHA256", "alert"),
        ("small", "-tls1_2 -cipher ALL:@SECLEVEL=0", "shorter than 2048 bits"),
        ("small", "-tls1_3 -cipher ALL:@SECLEVEL=0", "shorter than 2048 bits"),
        ("sha1", "-tls1_2 -cipher ALL:@SECLEVEL=0", "too weak"),
        ("sha1", "-tls1_3 -cipher ALL:@SECLEVEL=0", "too weak"),
    ] {
        let server = OpensslServer::start(&folder, certificate, options);
        let error = client(&folder, &server.url).signal("e", None, Timeout::Request, None).unwrap_err();
        assert_eq!((error.status(), error.phase()), (Status::Tls, Some(Phase::Tls)), "{options}: {error:?}");
        assert_eq!((error.attempts(), error.maybe_consumed()), (1, false), "{options}: {error:?}");
        assert!(error.message().contains(reason), "{certificate} {options}: {error:?}");
        assert!(!server.received().contains("POST"), "{certificate} {options}");
    }
}

/// A server that lacks nothing gets the request, so the weakness alone kept it from the others.
#[test]
fn a_strong_server_gets_the_request() {
    if !tools::has("openssl") {
        return;
    }
    let folder = certificates("strong");
    for options in ["-tls1_3", "-tls1_2"] {
        let mut server = OpensslServer::start(&folder, "good", options);
        let client = client(&folder, &server.url);
        let signalling = thread::spawn(move || client.signal("e", None, Timeout::Request, None).unwrap_err());
        server.until_received("POST /v1/events/e");
        drop(server);
        assert_eq!(signalling.join().unwrap().status(), Status::ConnectionLost);
    }
}
