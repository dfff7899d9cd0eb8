//! `make dist`: the tarball has what git tracks and every crate, and the library builds from it without a network.

use crate::c_build::{root, tool};
use crate::installed::{empty, outside};
use std::path::Path;
use std::process::Command;

/// What the tarball has beside the repository: where cargo finds the crates, and the crates.
fn is_added(file: &str) -> bool {
    file == ".cargo/config.toml" || file.starts_with("vendor/")
}

#[test]
fn it_is_complete_and_builds_offline() {
    if !(tool::is_there("git") && tool::is_found("the repository's history", root().join(".git").exists())) {
        return;
    }
    let folder = empty("install/dist");
    let name = concat!("libanchor-", env!("CARGO_PKG_VERSION"));
    tool::output(outside("make").current_dir(root()).arg("dist").env("DIST", &folder));
    tool::output(Command::new("tar").current_dir(&folder).args(["-xf", &format!("{name}.tar.xz")]));
    let unpacked = folder.join(name);

    let (added, tracked): (Vec<String>, Vec<String>) =
        crate::installed::tree(&unpacked).into_iter().partition(|file| is_added(file));
    assert_eq!(tracked, files_of_the_last_commit());
    for crate_of_it in ["ring", "rustls", "ureq", "axum"] {
        let start = format!("vendor/{crate_of_it}-");
        assert!(added.iter().any(|file| file.starts_with(&start)), "{crate_of_it} is not in it");
    }
    builds_offline(&unpacked, &folder);
}

fn files_of_the_last_commit() -> Vec<String> {
    let mut git = Command::new("git");
    let listed = tool::output(git.current_dir(root()).args(["ls-tree", "-r", "--name-only", "-z", "HEAD"]));
    let mut files: Vec<String> = listed.split_terminator('\0').map(str::to_owned).collect();
    files.sort_unstable();
    files
}

/// With nothing but the toolchain: no registry, no crates of this machine, no build that was there before.
fn builds_offline(source: &Path, folder: &Path) {
    let mut cargo = outside("cargo");
    cargo.current_dir(source).args(["build", "--quiet", "--locked", "--offline", "--package", "anchor-events"]);
    cargo.env("CARGO_HOME", folder.join("cargo")).env("CARGO_TARGET_DIR", folder.join("target"));
    tool::output(cargo.env("CARGO_PROFILE_DEV_DEBUG", "0"));
    assert!(folder.join("target/debug/libanchor.so").exists());
    let _ = std::fs::remove_dir_all(folder);
}
