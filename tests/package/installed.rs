//! The library as `make install` leaves it, and programs that are run against it.
#![allow(dead_code, reason = "every test file uses its own part")]

use crate::c_build::{self, program, tool};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The prefix that the tests of one file share.
pub fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let prefix = empty(&format!("{}/prefix", env!("CARGO_CRATE_NAME")));
        install(&[("PREFIX", prefix.to_str().expect("UTF-8")), ("COMMAND", command())]);
        prefix
    })
}

/// Without the command; with the debug profile it is there already, and the library's crates are those that it has.
fn command() -> &'static str {
    if profile() == "dev" { "yes" } else { "no" }
}

fn profile() -> String {
    std::env::var("ANCHOR_TEST_PROFILE").unwrap_or_else(|_| "release".to_owned())
}

/// `make install` with these variables. As it is shipped, unless `ANCHOR_TEST_PROFILE` names another profile.
pub fn install(variables: &[(&str, &str)]) {
    tool::output(make("install", variables).arg(format!("PROFILE={}", profile())));
}

pub fn make(target: &str, variables: &[(&str, &str)]) -> Command {
    let mut make = outside("make");
    make.current_dir(c_build::root()).arg(target).args(variables.iter().map(|(name, value)| format!("{name}={value}")));
    make
}

/// A command as a user types it: without what cargo and make have set for this test, or the machine for an account.
pub fn outside(program: &str) -> Command {
    let mut command = Command::new(program);
    program::without_settings(&mut command);
    let of_this_test = |name: &str| {
        // With OUT_DIR, which is one of cargo's too, some crates would be built again.
        let of_cargo = name.starts_with("CARGO") && name != "CARGO_HOME" || name == "OUT_DIR";
        of_cargo
            || name.starts_with("MAKE")
            || ["MFLAGS", "PREFIX", "LIBDIR", "DESTDIR", "PROFILE", "COMMAND"].contains(&name)
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_this_test)) {
        command.env_remove(name);
    }
    let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in the target directory");
    command.env("CARGO_TARGET_DIR", target_dir);
    command
}

/// The same, with the installed library where pkg-config, CMake and the loader look.
pub fn beside(prefix: &Path, program: &str) -> Command {
    let mut command = outside(program);
    command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).env("CMAKE_PREFIX_PATH", prefix);
    command.env("LD_LIBRARY_PATH", prefix.join("lib"));
    command
}

/// What a compiler is told to find the installed library, where there may be no pkg-config.
pub fn flags() -> String {
    format!("-I{0}/include -L{0}/lib -lanchor", prefix().display())
}

/// A folder of this name with nothing in it.
pub fn empty(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the target directory can be written");
    folder
}

/// The files below a folder, in order.
pub fn tree(folder: &Path) -> Vec<String> {
    let found = tool::output(Command::new("find").arg(folder).args(["!", "-type", "d", "-printf", "%P\n"]));
    let mut files: Vec<String> = found.lines().map(str::to_owned).collect();
    files.sort_unstable();
    files
}
