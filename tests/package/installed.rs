//! The library as `make install` leaves it, and programs that are run against it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use testkit::{empty_scratch, process, root, target_dir};

/// The prefix that the tests of one file share.
pub fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let prefix = empty_scratch("prefix");
        install(&[("PREFIX", prefix.to_str().expect("UTF-8")), ("COMMAND", command())]);
        prefix
    })
}

/// The command is installed too with the debug profile, where it is built already.
fn command() -> &'static str {
    if profile() == "dev" { "yes" } else { "no" }
}

fn profile() -> String {
    std::env::var("ANCHOR_TEST_PROFILE").unwrap_or_else(|_| "release".to_owned())
}

/// `make install` with these variables. As it is shipped, unless `ANCHOR_TEST_PROFILE` names another profile.
pub fn install(variables: &[(&str, &str)]) {
    process::output(make("install", variables).arg(format!("PROFILE={}", profile())));
}

pub fn make(target: &str, variables: &[(&str, &str)]) -> Command {
    let mut make = outside("make");
    make.current_dir(root()).arg(target).args(variables.iter().map(|(name, value)| format!("{name}={value}")));
    make
}

/// A command as a user types it, without the variables that cargo and make have set for this test, or the machine for an
/// account.
pub fn outside(program: &str) -> Command {
    let mut command = Command::new(program);
    process::without_settings(&mut command);
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
    command.env("CARGO_TARGET_DIR", target_dir());
    command
}

/// The same, with the installed library where pkg-config, CMake and the loader look.
pub fn beside(prefix: &Path, program: &str) -> Command {
    let mut command = outside(program);
    command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).env("CMAKE_PREFIX_PATH", prefix);
    command.env("LD_LIBRARY_PATH", prefix.join("lib"));
    command
}

/// The flags with which a compiler finds the installed library without pkg-config.
pub fn flags() -> String {
    format!("-I{0}/include -L{0}/lib -lanchor", prefix().display())
}

/// The files below a folder, in order.
pub fn tree(folder: &Path) -> Vec<String> {
    let found = process::output(Command::new("find").arg(folder).args(["!", "-type", "d", "-printf", "%P\n"]));
    let mut files: Vec<String> = found.lines().map(str::to_owned).collect();
    files.sort_unstable();
    files
}
