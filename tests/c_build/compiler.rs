//! Compiling and linking, as a user who likes warnings.

use super::library::{self, Library};
use super::{root, scratch, tool};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What libanchor.a needs besides itself. A test compares it with what rustc says.
pub const NATIVE_LIBRARIES: &str = "-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc";

const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    Static,
    Shared,
}

/// Compiles a source of the repository against the debug library; gives the program.
pub fn compile(compiler: &str, source: &str, linkage: Linkage) -> PathBuf {
    compile_with(compiler, source, linkage, &[])
}

/// The same with other flags too, which win over the usual ones.
pub fn compile_with(compiler: &str, source: &str, linkage: Linkage, flags: &[&str]) -> PathBuf {
    let library = library::debug();
    let name = format!("{}-{compiler}-{linkage:?}{}", source.replace(['/', '.'], "-"), flags.concat());
    let program = scratch("programs").join(name);
    let mut command = Command::new(compiler);
    command.current_dir(root()).arg(standard(source)).args(WARNINGS).args(["-g", "-I", "include", "-pthread"]);
    command.args(flags).arg(source).arg("-o").arg(&program);
    link(&mut command, library, linkage);
    if source.ends_with("libuv.c") {
        command.arg("-luv");
    }
    tool::output(&mut command);
    program
}

fn link(command: &mut Command, library: &Library, linkage: Linkage) {
    match linkage {
        Linkage::Static => command.arg(library.archive()).args(NATIVE_LIBRARIES.split(' ')),
        Linkage::Shared => {
            let rpath = format!("-Wl,-rpath,{}", library.folder.display());
            command.arg("-L").arg(&library.folder).args(["-lanchor", &rpath])
        }
    };
}

fn standard(source: &str) -> &'static str {
    if is_cpp(source) { "-std=c++17" } else { "-std=c11" }
}

pub fn is_cpp(source: &str) -> bool {
    Path::new(source).extension().is_some_and(|extension| extension == "cpp")
}
