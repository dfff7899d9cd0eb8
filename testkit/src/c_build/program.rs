//! Programs as they are run: linked statically and dynamically, compiled by another compiler, and under valgrind.

use super::compiler::{Linkage, compile, compile_with, is_cpp};
use super::sanitizer::Sanitizer;
use crate::library;
use crate::process::without_settings;
use crate::skipped::{is_skipped, note, remaining_cases};
use crate::target::Target;
use crate::{root, tools};
use std::path::PathBuf;
use std::process::Command;

/// One way to build and run a program.
pub struct Build {
    pub how: &'static str,
    source: PathBuf,
    program: PathBuf,
    check: Check,
    /// The names of the cases to run, or none for all.
    cases: Vec<String>,
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
    let target = Target::of_programs();
    if !target.is_host() {
        return builds_elsewhere(source, &target);
    }
    let (cc, clang) = if is_cpp(source) { ("c++", "clang++") } else { ("cc", "clang") };
    let mut builds = Vec::new();
    if !tools::has(cc) {
        return builds;
    }
    let mut add = |how, program, check| builds.push(Build::new(how, source, program, check));
    add("linked statically", compile(cc, source, Linkage::Static), Check::Nothing);
    add("linked dynamically", compile(cc, source, Linkage::Shared), Check::Nothing);
    if tools::has(clang) {
        add("compiled by clang", compile(clang, source, Linkage::Shared), Check::Nothing);
    }
    if tools::has("valgrind") {
        add("under valgrind", compile(cc, source, Linkage::Shipped), Check::Valgrind);
    }
    builds
}

/// Static and dynamic by the one compiler, as far as the system has both libraries.
fn builds_elsewhere(source: &str, target: &Target) -> Vec<Build> {
    if is_skipped(source, target) {
        return Vec::new();
    }
    let cc = if is_cpp(source) { "c++" } else { "cc" };
    if !tools::has(&target.compiler(cc)[0]) {
        return Vec::new();
    }
    let cases = remaining_cases(source, target);
    let library = library::debug();
    let ways = [
        ("linked statically", Linkage::Static, library.archive()),
        ("linked dynamically", Linkage::Shared, library.shared_object()),
    ];
    let is_there = |(how, _, file): &(&str, Linkage, PathBuf)| {
        file.exists() || note(&format!("{source}, {how}"), &format!("there is no {}", file.display()))
    };
    let there = ways.into_iter().filter(is_there);
    let build = |(how, linkage, _)| Build::new(how, source, compile(cc, source, linkage), Check::Nothing);
    let builds: Vec<Build> = there.map(build).map(|build| Build { cases: cases.clone(), ..build }).collect();
    assert!(!builds.is_empty(), "no library for {} in {}", target.triple, library.folder.display());
    builds
}

impl Build {
    fn new(how: &'static str, source: &str, program: PathBuf, check: Check) -> Build {
        Build { how, source: root().join(source), program, check, cases: Vec::new() }
    }

    /// The program and the library with a sanitizer.
    pub fn sanitized(source: &str, sanitizer: Sanitizer) -> Build {
        let compiler = if is_cpp(source) { "clang++" } else { "clang" };
        let linkage = Linkage::Sanitized(sanitizer);
        let program = compile_with(compiler, source, linkage, sanitizer.c_flags());
        Build::new(sanitizer.how(), source, program, Check::Sanitizer(sanitizer))
    }

    pub fn sanitizer(&self) -> Option<Sanitizer> {
        if let Check::Sanitizer(sanitizer) = self.check { Some(sanitizer) } else { None }
    }

    /// The command that runs it. It gets nothing of the library's own variables from this test's environment.
    pub fn command(&self) -> Command {
        let mut command = match self.check {
            Check::Valgrind => self.valgrind(),
            _ => Target::of_programs().command(&self.program),
        };
        without_settings(command.args(&self.cases));
        if let Some(sanitizer) = self.sanitizer() {
            command.envs(sanitizer.environment());
        }
        command
    }

    /// What a program does on purpose is in a file of suppressions beside its source, or in tests/c for an example.
    fn valgrind(&self) -> Command {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--quiet", "--leak-check=full", "--error-exitcode=99", "--fair-sched=try"]);
        let beside = self.source.with_extension("supp");
        let in_tests = root().join("tests/c").join(beside.file_name().expect("a source is a file"));
        if let Some(suppressions) = [beside, in_tests].into_iter().find(|file| file.exists()) {
            valgrind.arg(format!("--suppressions={}", suppressions.display()));
        }
        valgrind.arg(&self.program);
        valgrind
    }
}
