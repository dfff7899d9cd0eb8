//! nginx and haproxy as programs, with settings of the test's own. What they do to a call is in `gateways.rs`.

use super::case::Ground;
use super::program::Program;
use anchor::{Client, Config};
use std::cell::Cell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use testkit::certificates::{Certificate, authority_file, pem};
use testkit::relay::Relay;
use testkit::until;

#[derive(Clone, Copy)]
pub enum Gateway {
    Nginx,
    Haproxy,
}

/// What a gateway does of its own accord, in seconds.
#[derive(Clone, Copy)]
pub struct Habits {
    /// It gives up on the service after this.
    pub cut: u32,
    /// It closes a connection that is idle for so long.
    pub idle: u32,
    /// It answers 408 if a request has not come through by then; nginx has no such habit here.
    pub request: u32,
    pub tls: bool,
    /// It wants a certificate of the client.
    pub asks: bool,
}

pub const HASTY: Habits = Habits { cut: 2, ..PATIENT };
pub const PATIENT: Habits = Habits { cut: 60, idle: 60, request: 60, tls: true, asks: false };
pub const FORGETFUL: Habits = Habits { idle: 1, ..PATIENT };
pub const ASKING: Habits = Habits { asks: true, ..PATIENT };

impl Gateway {
    pub fn name(self) -> &'static str {
        match self {
            Gateway::Nginx => "nginx",
            Gateway::Haproxy => "haproxy",
        }
    }

    pub fn start(self, habits: Habits, service: SocketAddr) -> Option<Running> {
        let (program, relay) = match self {
            Gateway::Nginx => {
                let settings = |port, directory: &Path| {
                    nginx_settings(port, directory, &write_certificate(directory), habits, service)
                };
                (Program::start("nginx", &["-e", "stderr", "-c"], settings)?, None)
            }
            Gateway::Haproxy => {
                let relay = Relay::softening(service);
                let settings = |port, directory: &Path| haproxy_settings(port, directory, habits, relay.address);
                (Program::start("haproxy", &["-W", "-db", "-q", "-f"], settings)?, Some(relay))
            }
        };
        Some(Running { program, _relay: relay })
    }

    pub fn reload(self, program: &Program) {
        let before = program.workers();
        let told = Cell::new(None::<Instant>);
        until("a new worker", || {
            // On a busy machine haproxy may not get the sockets from its old worker in time, and then gives up the reload.
            if told.get().is_none_or(|told| told.elapsed() > Duration::from_secs(5)) {
                program.signal(if matches!(self, Gateway::Nginx) { libc::SIGHUP } else { libc::SIGUSR2 });
                told.set(Some(Instant::now()));
            }
            program.workers().iter().any(|worker| !before.contains(worker))
        });
    }

    /// The gateway with these habits, and a client that calls through it.
    pub fn before(self, ground: &Ground<'_>, habits: Habits, tweak: fn(&mut Config)) -> Option<(Running, Client)> {
        let running = self.start(habits, ground.service.socket_address())?;
        let client = running.client(habits, ground, tweak);
        Some((running, client))
    }
}

/// haproxy ends its connections to the service with a reset, also when it has passed the answer on. `anchor-events serve` takes a
/// reset after an answer for an answer that was not read, and would deliver the event again. So a relay ends them in order.
pub struct Running {
    pub program: Program,
    _relay: Option<Relay>,
}

impl Running {
    pub fn client(&self, habits: Habits, ground: &Ground<'_>, tweak: fn(&mut Config)) -> Client {
        let scheme = if habits.tls { "https" } else { "http" };
        let mut config = ground.config(&format!("{scheme}://127.0.0.1:{}", self.program.port));
        tweak(&mut config);
        Client::new(&config).unwrap()
    }
}

/// The certificate and its key in one file, as haproxy wants it; nginx finds both in it as well.
fn write_certificate(directory: &Path) -> PathBuf {
    let (certificate, key) = pem(Certificate::Good);
    let file = directory.join("certificate.pem");
    std::fs::write(&file, certificate + &key).unwrap();
    file
}

/// `certificate` is the file of the certificate and its key.
pub fn nginx_settings(port: u16, directory: &Path, certificate: &Path, habits: Habits, service: SocketAddr) -> String {
    let certificate = certificate.display();
    let tls = if habits.tls { "ssl" } else { "" };
    let authority = authority_file().display();
    let asks =
        if habits.asks { format!("ssl_client_certificate {authority}; ssl_verify_client on;") } else { String::new() };
    // Otherwise the workers drop root, and can no longer read the directory.
    // SAFETY: the call has no arguments.
    let user = if unsafe { libc::geteuid() } == 0 { "user root;" } else { "" };
    let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {}/{kind};", directory.display()));
    format!(
        "daemon off; pid {}/pid; worker_processes 1; {user}\n\
         events {{ worker_connections 256; }}\n\
         http {{ access_log off; {}\n\
         upstream service {{ server {service}; keepalive 16; }}\n\
         server {{ listen 127.0.0.1:{port} {tls}; ssl_certificate {certificate}; ssl_certificate_key {certificate};\n\
         {asks} keepalive_timeout {}s;\n\
         location / {{ proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection \"\";\n\
         proxy_read_timeout {}s; }} }} }}\n",
        directory.display(),
        folders.concat(),
        habits.idle,
        habits.cut
    )
}

fn haproxy_settings(port: u16, directory: &Path, habits: Habits, service: SocketAddr) -> String {
    let certificate = write_certificate(directory);
    let tls = if habits.tls { format!("ssl crt {}", certificate.display()) } else { String::new() };
    let asks =
        if habits.asks { format!("ca-file {} verify required", authority_file().display()) } else { String::new() };
    format!(
        "global\n maxconn 256\ndefaults\n mode http\n retries 0\n timeout connect 2s\n timeout client 60s\n timeout server {}s\n\
         \x20timeout http-request {}s\n timeout http-keep-alive {}s\n\
         frontend calls\n bind 127.0.0.1:{port} {tls} {asks}\n default_backend service\n\
         backend service\n server service {service}\n",
        habits.cut, habits.request, habits.idle
    )
}
