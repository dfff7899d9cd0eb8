//! squid and tinyproxy, with settings of the test's own, in the foreground, ended by their process id.

use super::proxies::{LONG, tls_service};
use super::scripted::places::{KEY, config};
use super::scripted::script::{EVENT, Step};
use super::scripted::{PATIENCE, Server, skip};
use anchor::{Client, Config, Phase, Status};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A proxy program that is running. Its settings and logs are in a directory that goes with it.
struct Program {
    child: Child,
    port: u16,
    directory: PathBuf,
}

impl Program {
    /// Starts the program, if the machine has it; `settings` makes its file from the port and the directory.
    fn start(name: &str, arguments: &[&str], settings: fn(u16, &Path) -> String) -> Option<Program> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory = std::env::temp_dir().join(format!("anchor-{name}-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("settings");
        std::fs::write(&file, settings(port, &directory)).unwrap();
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new(name);
        command.args(arguments).arg(&file).env("PATH", path).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(child) = command.spawn() else {
            skip(name);
            let _ = std::fs::remove_dir_all(&directory);
            return None;
        };
        let mut program = Program { child, port, directory };
        program.until_listening(name);
        Some(program)
    }

    fn until_listening(&mut self, name: &str) {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert_eq!(self.child.try_wait().unwrap(), None, "{name} ended: see {}", self.directory.display());
            assert!(began.elapsed() < PATIENCE, "{name} does not listen");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn client(&self, service: &Server, credentials: &str) -> Client {
        let mut config: Config = config(&service.https());
        config.set_proxy(&format!("http://{credentials}127.0.0.1:{}", self.port)).unwrap().set_retries(1);
        Client::new(&config).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn squid() -> Option<Program> {
    Program::start("squid", &["-N", "-f"], |port, directory| {
        let directory = directory.display();
        format!(
            "http_port 127.0.0.1:{port}\nhttp_access allow all\ncache deny all\npid_filename none\n\
             cache_log /dev/null\naccess_log none\ncache_store_log none\ncoredump_dir {directory}\nshutdown_lifetime 0\n\
             pinger_enable off\n"
        )
    })
}

fn tinyproxy() -> Option<Program> {
    Program::start("tinyproxy", &["-d", "-c"], |port, _| {
        format!(
            "Listen 127.0.0.1\nPort {port}\nTimeout 60\nMaxClients 20\nBasicAuth someone pass-word\nLogLevel Critical\n"
        )
    })
}

#[test]
fn squid_tunnels() {
    if let Some(proxy) = squid() {
        tunnels(&proxy, "");
    }
}

#[test]
fn tinyproxy_tunnels_for_those_it_knows() {
    let Some(proxy) = tinyproxy() else { return };
    tunnels(&proxy, "someone:pass-word@");
    let service = Server::always(tls_service().to_vec());
    for credentials in ["", "someone:wrong@"] {
        let error = proxy.client(&service, credentials).wait("e", LONG, None).unwrap_err();
        assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Connect)), "{error:?}");
        assert!(!error.maybe_consumed() && !error.to_json().contains(KEY));
    }
    assert_eq!(service.connections(), 0);
}

fn tunnels(proxy: &Program, credentials: &str) {
    let service = Server::always(tls_service().to_vec());
    let client = proxy.client(&service, credentials);
    for _ in 0..3 {
        assert_eq!(client.wait("e", LONG, None).unwrap(), EVENT);
        assert!(client.signal("e", Some("{\"n\":1}")).is_ok());
    }
    assert_eq!(service.connections(), 1, "a tunnel is used again");
}

#[test]
fn a_service_that_the_real_proxy_cannot_reach_is_not_sent() {
    let nowhere = super::scripted::places::Refusing::new();
    for (proxy, credentials) in [(squid(), ""), (tinyproxy(), "someone:pass-word@")] {
        let Some(proxy) = proxy else { continue };
        let mut config = config(&format!("https://{}", nowhere.address()));
        config.set_proxy(&format!("http://{credentials}127.0.0.1:{}", proxy.port)).unwrap().set_retries(0);
        let error = Client::new(&config).unwrap().signal("e", None).unwrap_err();
        assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Connect)), "{error:?}");
    }
}

/// The proxy dies while a wait is blocked: the wait is armed again, in vain, and tells both.
#[test]
fn a_real_proxy_that_dies_breaks_the_wait() {
    for (proxy, credentials) in [(squid(), ""), (tinyproxy(), "someone:pass-word@")] {
        let Some(proxy) = proxy else { continue };
        let service = Server::always(vec![tls_service()[0].clone(), Step::ReadRequest, Step::Hang]);
        let client = proxy.client(&service, credentials);
        let waiting = thread::spawn(move || client.wait("e", LONG, None).unwrap_err());
        service.until_requests(1);
        drop(proxy);
        let error = waiting.join().unwrap();
        assert_eq!((error.status(), error.maybe_consumed()), (Status::NotSent, true), "{error:?}");
        assert_eq!((error.phase(), error.attempts()), (Some(Phase::Connect), 2), "{error:?}");
    }
}
