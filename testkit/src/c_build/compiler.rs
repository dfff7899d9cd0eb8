//! Compiling and linking, with all warnings on.

use super::sanitizer::Sanitizer;
use crate::library::{self, Library};
use crate::process::output;
use crate::target::Target;
use crate::{root, scratch};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

pub const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// The library that a program is linked with: the debug build, the one that is shipped, or one with the program's sanitizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    Static,
    Shared,
    Shipped,
    Sanitized(Sanitizer),
}

/// Compiles a source of the repository, and returns the program.
pub fn compile(compiler: &str, source: &str, linkage: Linkage) -> PathBuf {
    compile_with(compiler, source, linkage, &[])
}

/// The same with other flags too, which win over the usual ones. Each program is made once: several tests run it.
pub fn compile_with(compiler: &str, source: &str, linkage: Linkage, flags: &[&str]) -> PathBuf {
    static MADE: Mutex<BTreeMap<String, Arc<OnceLock<PathBuf>>>> = Mutex::new(BTreeMap::new());
    let name = format!("{}-{compiler}-{linkage:?}{}", source.replace(['/', '.'], "-"), flags.concat());
    let program = MADE.lock().expect("nothing panics with it").entry(name.clone()).or_default().clone();
    program.get_or_init(|| make(compiler, source, linkage, flags, &name)).clone()
}

/// In two steps, so that the linker does not get a sanitizer's flags.
fn make(compiler: &str, source: &str, linkage: Linkage, flags: &[&str], name: &str) -> PathBuf {
    let target = Target::of_programs();
    let program = target.program(&folder(&target).join(name));
    let object = folder(&target).join(format!("{name}.o"));
    let compiler = target.compiler(compiler);
    let mut compile = command(&compiler, target.flags("CFLAGS"));
    compile.current_dir(root()).arg(standard(source)).args(WARNINGS).args(["-g", "-I", "include", "-pthread"]);
    if target.is_windows() && linkage == Linkage::Static {
        compile.arg("-DANCHOR_STATIC");
    }
    let package = package(source);
    compile.args(package.iter().flat_map(|name| pkg_config("--cflags", name)));
    output(compile.args(flags).arg("-c").arg(source).arg("-o").arg(&object));
    let mut linking = command(&compiler, target.flags("LDFLAGS"));
    linking.arg(&object).arg("-pthread").arg("-o").arg(&program);
    link(&mut linking, linkage);
    linking.args(package.iter().flat_map(|name| pkg_config("--libs", name)));
    output(&mut linking);
    program
}

fn folder(target: &Target) -> PathBuf {
    let programs = scratch("programs");
    if target.is_host() { programs } else { scratch(&format!("programs/{}", target.triple)) }
}

fn command(words: &[String], flags: Vec<String>) -> Command {
    let (program, arguments) = words.split_first().expect("a compiler has a name");
    let mut command = Command::new(program);
    command.args(arguments).args(flags);
    command
}

/// What an example is linked with beside libanchor, as pkg-config calls it.
fn package(source: &str) -> Option<&'static str> {
    let packages = [("libuv.c", "libuv"), ("glib.c", "glib-2.0")];
    packages.into_iter().find(|(file, _)| source.ends_with(file)).map(|(_, package)| package)
}

fn pkg_config(what: &str, package: &str) -> Vec<String> {
    let flags = output(Command::new("pkg-config").args([what, package]));
    flags.split_whitespace().map(str::to_owned).collect()
}

fn link(command: &mut Command, linkage: Linkage) {
    match linkage {
        Linkage::Static => link_archive(command, &library::debug().archive()),
        Linkage::Shared => link_shared(command, library::debug()),
        Linkage::Shipped => link_shared(command, library::release()),
        Linkage::Sanitized(sanitizer) => {
            sanitizer.link(command);
            link_archive(command, &sanitizer.archive());
        }
    }
}

fn link_archive(command: &mut Command, archive: &Path) {
    command.arg(archive).args(Target::of_programs().native_libraries());
}

fn link_shared(command: &mut Command, library: &Library) {
    let target = Target::of_programs();
    if target.is_windows() {
        beside_the_programs(&library.shared_object(), &target);
    }
    command.args(target.shared_library(&library.folder));
}

/// Once, since a program that runs keeps the file.
fn beside_the_programs(dll: &Path, target: &Target) {
    static COPIED: OnceLock<()> = OnceLock::new();
    COPIED.get_or_init(|| {
        let copy = folder(target).join(dll.file_name().expect("a file"));
        std::fs::copy(dll, &copy).unwrap_or_else(|e| panic!("{}: {e}", dll.display()));
    });
}

fn standard(source: &str) -> &'static str {
    match source {
        "examples-c/coroutine.cpp" => "-std=c++20",
        _ if is_cpp(source) => "-std=c++17",
        _ => "-std=c11",
    }
}

pub fn is_cpp(source: &str) -> bool {
    Path::new(source).extension().is_some_and(|extension| extension == "cpp")
}
