//! The library and the command as cargo builds them.

use crate::process::output;
use crate::sandbox::is_rerun;
use crate::target::Target;
use crate::{profile, profile_dir, root, target_dir, target_of_cargo};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The library of one profile, static and shared.
pub struct Library {
    pub folder: PathBuf,
}

/// With debug assertions, for the programs that a test builds.
pub fn debug() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| given().or_else(foreign).unwrap_or_else(|| Library { folder: own().to_owned() }))
}

/// As it is shipped: what `make release` does. Cargo does not optimize across crates while there is an rlib among them.
pub fn release() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| given().unwrap_or_else(shipped))
}

/// The command for the system that the tests run on.
pub fn command() -> Command {
    let target = Target::of_tests();
    target.command(target.program(&own().join("anchor-events")))
}

impl Library {
    pub fn archive(&self) -> PathBuf {
        Target::of_programs().archive(&self.folder)
    }

    pub fn shared_object(&self) -> PathBuf {
        Target::of_programs().shared_object(&self.folder)
    }
}

/// In the folder that ANCHOR_TEST_LIBRARY names.
fn given() -> Option<Library> {
    let folder = PathBuf::from(std::env::var_os("ANCHOR_TEST_LIBRARY")?);
    let folder = folder.canonicalize().unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    link_soname(&folder);
    Some(Library { folder })
}

/// For programs that run elsewhere than the tests.
fn foreign() -> Option<Library> {
    let target = Target::of_programs();
    if target == Target::of_tests() {
        return None;
    }
    output(cargo("build").args(["--package", "anchor-events", "--lib", "--target", &target.triple]));
    let folder = target_dir().join(&target.triple).join("debug");
    link_soname(&folder);
    Some(Library { folder })
}

/// The folder of what the tests themselves are built with. It is the whole workspace, so that it is what the other tests use, and
/// already built.
fn own() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // Tests of the command find it built, and must not have it replaced while they run it. In a sandbox cargo may lack what
        // it needs; it has built for the run outside.
        if !std::env::var("CARGO_PKG_NAME").is_ok_and(|package| package == "anchor-events-cli") && !is_rerun() {
            output(cargo("build").args(["--workspace", "--profile", &profile()]).args(target_of_cargo()));
            link_soname(&profile_dir());
        }
        profile_dir()
    })
}

fn shipped() -> Library {
    let target = Target::of_programs();
    let mut cargo = cargo("rustc");
    let without_paths = output(Command::new("sh").current_dir(root()).args(["packaging/paths.sh", "--config"]));
    cargo.args(["--config", without_paths.trim_end()]);
    cargo.args(["--release", "--package", "anchor-events", "--lib", "--crate-type", "cdylib,staticlib"]);
    let mut folder = target_dir();
    // The library that tests of the release profile use has an rlib beside it, and stays.
    if profile() == "release" {
        folder.push("shipped");
        cargo.arg("--target-dir").arg(&folder);
    }
    if !target_of_cargo().is_empty() || target != Target::of_tests() {
        cargo.args(["--target", &target.triple]);
        folder.push(&target.triple);
    }
    output(&mut cargo);
    folder.push("release");
    link_soname(&folder);
    Library { folder }
}

pub fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new(env!("CARGO"));
    as_a_user_calls_it(&mut command);
    command.current_dir(root()).args([subcommand, "--quiet"]);
    command
}

/// For cargo, or a script that calls it: without what cargo set for this test, which would make it build some crates again.
pub fn as_a_user_calls_it(command: &mut Command) {
    let of_this_test = |name: &str| {
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|prefix| name.starts_with(prefix))
            || ["CARGO", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR", "LD_LIBRARY_PATH"].contains(&name)
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_this_test)) {
        command.env_remove(name);
    }
    command.env("CARGO_TARGET_DIR", target_dir());
}

/// The name that a program asks for at run time. Installing makes it; cargo does not.
#[cfg(unix)]
fn link_soname(folder: &Path) {
    if !folder.join("libanchor.so").exists() {
        return;
    }
    let link = folder.join("libanchor.so.0");
    if let Err(error) = std::os::unix::fs::symlink("libanchor.so", &link) {
        assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists, "{}: {error}", link.display());
    }
}

/// Windows has no such names.
#[cfg(windows)]
fn link_soname(_: &Path) {}
