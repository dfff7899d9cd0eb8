//! The library and the command as cargo builds them.

use crate::process::output;
use crate::sandbox::is_rerun;
use crate::{profile_dir, root, target_dir};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// libanchor.a and libanchor.so of one profile, and with the debug profile the anchor-events command.
pub struct Library {
    pub folder: PathBuf,
}

/// With debug assertions. The whole workspace, so that it is what the other tests use, and already built. Tests of the command
/// find it built, and must not have it replaced while they run it.
pub fn debug() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        if std::env::var("CARGO_PKG_NAME").is_ok_and(|package| package == "anchor-events-cli") {
            return Library { folder: profile_dir() };
        }
        // In a sandbox cargo may lack what it needs. It has built for the run outside.
        if is_rerun() {
            return Library { folder: target_dir().join("debug") };
        }
        build("build", &["--workspace"], "debug")
    })
}

/// As it is shipped: what `make release` does. Cargo does not optimize across crates while there is an rlib among them.
pub fn release() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    let only_for_c = ["--release", "--package", "anchor-events", "--lib", "--crate-type", "cdylib,staticlib"];
    LIBRARY.get_or_init(|| build("rustc", &only_for_c, "release"))
}

impl Library {
    pub fn archive(&self) -> PathBuf {
        self.folder.join("libanchor.a")
    }

    pub fn shared_object(&self) -> PathBuf {
        self.folder.join("libanchor.so")
    }

    pub fn command(&self) -> PathBuf {
        self.folder.join("anchor-events")
    }
}

fn build(subcommand: &str, what: &[&str], profile: &str) -> Library {
    output(cargo(subcommand).args(what));
    let folder = target_dir().join(profile);
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
fn link_soname(folder: &Path) {
    let link = folder.join("libanchor.so.0");
    if let Err(error) = std::os::unix::fs::symlink("libanchor.so", &link) {
        assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists, "{}: {error}", link.display());
    }
}
