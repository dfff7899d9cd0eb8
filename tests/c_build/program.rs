//! Programs as they are run: linked statically and dynamically, compiled by another compiler, and under valgrind.

use super::compiler::{Linkage, compile, compile_with, is_cpp};
use super::sanitizer::Sanitizer;
use super::{root, tool};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Nothing here takes this long, not even under valgrind on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// One way to build and run a program.
pub struct Build {
    pub how: &'static str,
    source: PathBuf,
    program: PathBuf,
    check: Check,
}

/// What looks at a program while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    Nothing,
    Valgrind,
    Sanitizer(Sanitizer),
}

/// Every way to build and run a source of the repository that this machine has the tools for.
pub fn builds(source: &str) -> Vec<Build> {
    let (cc, clang) = if is_cpp(source) { ("c++", "clang++") } else { ("cc", "clang") };
    let mut builds = Vec::new();
    if !tool::is_there(cc) {
        return builds;
    }
    let mut add = |how, program, check| builds.push(Build { how, source: root().join(source), program, check });
    add("linked statically", compile(cc, source, Linkage::Static), Check::Nothing);
    add("linked dynamically", compile(cc, source, Linkage::Shared), Check::Nothing);
    if tool::is_there(clang) {
        add("compiled by clang", compile(clang, source, Linkage::Shared), Check::Nothing);
    }
    if tool::is_there("valgrind") {
        add("under valgrind", compile(cc, source, Linkage::Shipped), Check::Valgrind);
    }
    builds
}

impl Build {
    /// The program and the library with a sanitizer.
    pub fn sanitized(source: &str, sanitizer: Sanitizer) -> Build {
        let compiler = if is_cpp(source) { "clang++" } else { "clang" };
        let linkage = Linkage::Sanitized(sanitizer);
        let program = compile_with(compiler, source, linkage, sanitizer.c_flags());
        Build { how: sanitizer.how(), source: root().join(source), program, check: Check::Sanitizer(sanitizer) }
    }

    pub fn sanitizer(&self) -> Option<Sanitizer> {
        if let Check::Sanitizer(sanitizer) = self.check { Some(sanitizer) } else { None }
    }

    /// The command that runs it. It gets nothing of the library's own variables from this test's environment.
    pub fn command(&self) -> Command {
        let mut command = if self.check == Check::Valgrind { self.valgrind() } else { Command::new(&self.program) };
        without_settings(&mut command);
        if let Some(sanitizer) = self.sanitizer() {
            command.envs(sanitizer.environment());
        }
        command
    }

    /// What a program does on purpose stands in a file of suppressions beside its source.
    fn valgrind(&self) -> Command {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--quiet", "--leak-check=full", "--error-exitcode=99", "--fair-sched=try"]);
        let suppressions = self.source.with_extension("supp");
        if suppressions.exists() {
            valgrind.arg(format!("--suppressions={}", suppressions.display()));
        }
        valgrind.arg(&self.program);
        valgrind
    }
}

/// Takes away what the machine may have set up for a real account.
pub fn without_settings(command: &mut Command) {
    let of_the_library = |name: &str| {
        let name = name.to_ascii_uppercase();
        name.starts_with("ANCHOR") || name.ends_with("_PROXY") || name == "LD_LIBRARY_PATH"
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_the_library)) {
        command.env_remove(name);
    }
}

/// What a program printed and how it ended.
#[derive(Debug)]
pub struct Outcome {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> Outcome {
    let child = spawn(command);
    finish(child, &format!("{command:?}"))
}

pub fn spawn(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"))
}

/// Waits for its end; a program that hangs is killed, and the test fails.
pub fn finish(child: Child, what: &str) -> Outcome {
    let pid = child.id();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(PATIENCE) else {
        tool::kill(pid, "-KILL");
        panic!("{what} does not end");
    };
    let output = output.expect("a child of ours");
    Outcome { status: output.status, stdout: tool::text(&output.stdout), stderr: tool::text(&output.stderr) }
}
