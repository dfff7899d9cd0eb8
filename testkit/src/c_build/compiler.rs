//! Compiling and linking, with all warnings on.

use super::sanitizer::Sanitizer;
use crate::library::{self, Library};
use crate::process::output;
use crate::{root, scratch};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

/// What must be linked with libanchor.a. A test compares it with what rustc prints.
pub const NATIVE_LIBRARIES: &str = "-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc";

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
    let program = scratch("programs").join(name);
    let object = scratch("programs").join(format!("{name}.o"));
    let mut compile = Command::new(compiler);
    compile.current_dir(root()).arg(standard(source)).args(WARNINGS).args(["-g", "-I", "include", "-pthread"]);
    let package = package(source);
    compile.args(package.iter().flat_map(|name| pkg_config("--cflags", name)));
    output(compile.args(flags).arg("-c").arg(source).arg("-o").arg(&object));
    let mut command = Command::new(compiler);
    command.arg(&object).arg("-pthread").arg("-o").arg(&program);
    link(&mut command, linkage);
    command.args(package.iter().flat_map(|name| pkg_config("--libs", name)));
    output(&mut command);
    program
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
    command.arg(archive).args(NATIVE_LIBRARIES.split(' '));
}

fn link_shared(command: &mut Command, library: &Library) {
    let rpath = format!("-Wl,-rpath,{}", library.folder.display());
    command.arg("-L").arg(&library.folder).args(["-lanchor", &rpath]);
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
