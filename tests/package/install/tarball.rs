//! `make dist`: the tarball has what git tracks and every crate, and the library builds from it without a network.

use crate::installed::outside;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use testkit::{empty_scratch, process, root, tools};

/// The tarball, unpacked; none without the repository's history.
pub fn unpacked() -> Option<&'static Path> {
    static UNPACKED: OnceLock<Option<PathBuf>> = OnceLock::new();
    UNPACKED.get_or_init(unpack).as_deref()
}

fn unpack() -> Option<PathBuf> {
    if !(tools::has("git") && tools::has_when("the repository's history", root().join(".git").exists())) {
        return None;
    }
    let folder = empty_scratch("install/dist");
    let name = concat!("libanchor-", env!("CARGO_PKG_VERSION"));
    process::output(outside("make").current_dir(root()).arg("dist").env("DIST", &folder));
    process::output(Command::new("tar").current_dir(&folder).args(["-xf", &format!("{name}.tar.xz")]));
    Some(folder.join(name))
}

/// Cargo in there, with nothing but the toolchain: no registry, no crates of this machine, no build that was there before.
pub fn offline(unpacked: &Path, subcommand: &str) -> Command {
    let mut cargo = outside("cargo");
    cargo.current_dir(unpacked).args([subcommand, "--locked", "--offline", "--package", "anchor-events"]);
    cargo
        .env("CARGO_HOME", unpacked.with_file_name("cargo"))
        .env("CARGO_TARGET_DIR", unpacked.with_file_name("target"));
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo
}

/// What the tarball has beside the repository: where cargo finds the crates, and the crates.
fn is_added(file: &str) -> bool {
    file == ".cargo/config.toml" || file.starts_with("vendor/")
}

#[test]
fn it_is_complete() {
    let Some(unpacked) = unpacked() else { return };
    let (added, tracked): (Vec<String>, Vec<String>) =
        crate::installed::tree(unpacked).into_iter().partition(|file| is_added(file));
    assert_eq!(tracked, files_of_the_last_commit());
    for crate_of_it in ["ring", "rustls", "ureq", "axum"] {
        let start = format!("vendor/{crate_of_it}-");
        assert!(added.iter().any(|file| file.starts_with(&start)), "{crate_of_it} is not in it");
    }
}

/// Files of the checkout that `git ls-files` lists with these options, and that are there.
pub fn files(options: &[&str]) -> Vec<String> {
    let mut git = Command::new("git");
    let listed = process::output(git.current_dir(root()).args(["ls-files", "-z"]).args(options));
    listed.split_terminator('\0').filter(|file| root().join(file).is_file()).map(str::to_owned).collect()
}

fn files_of_the_last_commit() -> Vec<String> {
    let mut git = Command::new("git");
    let listed = process::output(git.current_dir(root()).args(["ls-tree", "-r", "--name-only", "-z", "HEAD"]));
    let mut files: Vec<String> = listed.split_terminator('\0').map(str::to_owned).collect();
    files.sort_unstable();
    files
}

/// Where there is cargo-c, cargo_c.rs builds from the tarball, and once is enough.
#[test]
fn it_builds_offline() {
    let has_cargo_c = Command::new("cargo-cinstall").arg("--version").stdout(Stdio::null()).status().is_ok();
    let Some(unpacked) = unpacked().filter(|_| !has_cargo_c) else { return };
    process::output(offline(unpacked, "build").arg("--quiet"));
    assert!(unpacked.with_file_name("target").join("debug/libanchor.so").exists());
}
