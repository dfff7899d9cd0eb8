//! A real program in the middle: squid, tinyproxy, microsocks, dante, nginx or haproxy, in the foreground, with settings of the
//! test's own, and ended by its process id. What the settings are is up to the tests.

use std::ffi::OsString;
use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use testkit::addresses::ReservedPort;
use testkit::{tools, until};

/// What the program prints, in its directory.
const LOG: &str = "log";

/// A program that is running. Its settings are in a directory that goes with it.
pub struct Program {
    name: &'static str,
    arguments: Vec<OsString>,
    child: Child,
    pub port: u16,
    /// Nobody gets the port while the program is started again.
    _reserved: ReservedPort,
    directory: PathBuf,
}

impl Program {
    /// Starts the program, if the machine has it; `settings` makes its file, which is the last argument, from a free port and the
    /// directory.
    pub fn start(name: &'static str, arguments: &[&str], settings: impl Fn(u16, &Path) -> String) -> Option<Program> {
        Program::launched(name, |port, directory| {
            let file = directory.join("settings");
            std::fs::write(&file, settings(port, directory)).unwrap();
            arguments.iter().map(OsString::from).chain([file.into()]).collect()
        })
    }

    /// Starts a program that has its settings in its arguments, which are made from a free port.
    pub fn start_with(name: &'static str, arguments: impl Fn(u16) -> Vec<String>) -> Option<Program> {
        Program::launched(name, |port, _| arguments(port).into_iter().map(OsString::from).collect())
    }

    fn launched(name: &'static str, arguments: impl Fn(u16, &Path) -> Vec<OsString>) -> Option<Program> {
        let reserved = ReservedPort::bind();
        let port = reserved.number();
        let directory = std::env::temp_dir().join(format!("anchor-{name}-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let arguments = arguments(port, &directory);
        let Ok(child) = launch(name, &arguments, &directory) else {
            tools::missing(name);
            let _ = std::fs::remove_dir_all(&directory);
            return None;
        };
        let mut program = Program { name, arguments, child, port, _reserved: reserved, directory };
        program.until_it_listens();
        Some(program)
    }

    /// Ends it at once, with all its connections. One that has workers gets SIGTERM, so that it ends them too. Those of dante
    /// stay until their connections end, so they are killed.
    pub fn stop(&mut self) {
        let workers: Vec<_> = self.workers().into_iter().map(|id| (birth(&id), id)).collect();
        let patience = if workers.is_empty() { Duration::ZERO } else { Duration::from_secs(30) };
        self.signal(libc::SIGTERM);
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            if began.elapsed() >= patience {
                let _ = self.child.kill();
            }
            thread::sleep(Duration::from_millis(5));
        }
        for (_, id) in workers.iter().filter(|(born, id)| born.is_some() && birth(id) == *born) {
            // SAFETY: no pointers are passed. One that has ended meanwhile makes this fail, which does not matter.
            unsafe { libc::kill(id.parse().unwrap(), libc::SIGKILL) };
        }
    }

    /// With the same settings, at the same port.
    pub fn start_again(&mut self) {
        self.child = launch(self.name, &self.arguments, &self.directory).expect("it was there before");
        self.until_it_listens();
    }

    pub fn signal(&self, signal: libc::c_int) {
        // SAFETY: no pointers are passed, and the child has not been waited for, so that the id is still its own.
        unsafe { libc::kill(self.child.id() as libc::pid_t, signal) };
    }

    /// The processes that it has started.
    pub fn workers(&self) -> Vec<String> {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        children.split_whitespace().map(str::to_owned).collect()
    }

    fn until_it_listens(&mut self) {
        let (name, port) = (self.name, self.port);
        // squid at times ends at once, without a word, when others of it start and end beside it.
        let mut more = 5;
        until(&format!("{name} listens"), || {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() {
                assert!(more > 0, "{name} ends at once: {ended:?}\n{}", said(&self.directory));
                more -= 1;
                self.child = launch(name, self.arguments, &self.directory).expect("it was there before");
            }
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.stop();
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// When the process began, which tells it from a later one of the same id; `None` if there is none.
fn birth(id: &str) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name, which may have spaces, is in parentheses. What follows are the third field and the others.
    stat.rsplit_once(')')?.1.split_whitespace().nth(22 - 3).map(str::to_owned)
}

fn launch(name: &str, arguments: &[OsString], directory: &Path) -> std::io::Result<Child> {
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new(name);
    command.args(arguments).env("PATH", path).current_dir(directory);
    let log = File::options().create(true).append(true).open(directory.join(LOG))?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()
}

fn said(directory: &Path) -> String {
    std::fs::read_to_string(directory.join(LOG)).unwrap_or_default()
}
