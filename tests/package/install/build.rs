//! `make install` installs what was built just now, wherever cargo put it, or what `make release` built before, or nothing.

use crate::installed::{make, outside, tree};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use testkit::{empty_scratch, process, target_dir};

/// Where cargo builds, and where that is installed.
struct Place {
    folder: PathBuf,
    target: PathBuf,
}

impl Place {
    /// Nothing is built yet.
    fn empty(name: &str) -> Place {
        let folder = empty_scratch(&format!("install/{name}"));
        Place { target: folder.join("target"), folder }
    }

    /// What the other tests have built is there.
    fn shared(name: &str) -> Place {
        Place { folder: empty_scratch(&format!("install/{name}")), target: target_dir() }
    }

    fn prefix(&self) -> PathBuf {
        self.folder.join("prefix")
    }

    fn make(&self, target: &str, variables: &[(&str, &str)]) -> Command {
        let mut make = make(target, variables);
        make.arg(format!("PREFIX={}", self.prefix().display()))
            .arg("PROFILE=dev")
            .env("CARGO_TARGET_DIR", &self.target);
        make
    }

    /// As with sudo, or in a checkout of another user: `id` says so. Cargo is not called to build.
    fn of_another_user(&self, mut make: Command) -> Command {
        let tools = self.folder.join("tools");
        let script = |name: &str, text: &str| {
            fs::create_dir_all(&tools).unwrap();
            fs::write(tools.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
            fs::set_permissions(tools.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        };
        script("id", "echo 54321");
        script("cargo", &format!("echo $* >>{}; exit 1", self.folder.join("cargo").display()));
        let path = std::env::var("PATH").unwrap();
        make.env("PATH", format!("{}:{path}", tools.display()));
        make
    }

    fn library(&self) -> Vec<u8> {
        fs::read(self.prefix().join("lib/libanchor.so")).unwrap()
    }
}

/// It must fail, and install nothing.
fn refuses(place: &Place, mut make: Command, why: &str) {
    let output = make.output().unwrap();
    let said = process::text(&output.stderr);
    assert!(!output.status.success() && said.contains(why) && said.contains("run make release first"), "{said}");
    assert!(!place.prefix().exists() || tree(&place.prefix()).is_empty(), "{:?}", tree(&place.prefix()));
}

/// The library that was built before, for the host, is not what is asked for.
#[test]
fn what_cargo_builds_elsewhere_is_what_is_installed() {
    let place = Place::empty("target");
    let old = place.target.join("debug");
    fs::create_dir_all(&old).unwrap();
    for name in ["libanchor.so", "libanchor.a"] {
        fs::write(old.join(name), "old").unwrap();
    }
    let version = process::output(outside("rustc").arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc says it");
    let mut install = place.make("install", &[("COMMAND", "no")]);
    process::output(install.env("CARGO_BUILD_TARGET", host).env("CARGO_PROFILE_DEV_DEBUG", "0"));
    assert!(place.library() == fs::read(place.target.join(host).join("debug/libanchor.so")).unwrap());
}

#[test]
fn another_user_installs_what_was_built_or_nothing() {
    let place = Place::shared("sudo");
    let library_only = [("COMMAND", "no")];
    let installable = place.target.join("installable/dev");
    let _ = fs::remove_dir_all(&installable);
    let install = |variables| place.of_another_user(place.make("install", variables));
    refuses(&place, install(&library_only), "nothing is built");

    process::output(&mut place.make("release", &library_only));
    refuses(&place, install(&[]), "anchor-events is missing");
    process::output(&mut install(&library_only));
    // Not cargo's own, which another test may build anew with the command's features.
    assert!(place.library() == fs::read(installable.join("libanchor.so")).unwrap());
    process::output(&mut place.make("uninstall", &library_only));

    let began = fs::File::open(installable.join("began")).unwrap();
    began.set_modified(std::time::UNIX_EPOCH).unwrap();
    refuses(&place, install(&library_only), "is older than");
    let calls = fs::read_to_string(place.folder.join("cargo")).unwrap();
    assert!(calls.lines().all(|call| call.starts_with("metadata ")), "{calls}");
}

/// Who packages builds and installs in steps of their own.
#[test]
fn a_build_that_is_not_wanted_is_not_made() {
    let place = Place::empty("no-build");
    refuses(&place, place.make("install", &[("BUILD", "no")]), "nothing is built");
    assert!(!place.target.exists());
}

#[test]
fn nothing_is_installed_if_a_folder_cannot_be_written() {
    let place = Place::shared("read-only");
    let manual = place.folder.join("manual");
    fs::write(&manual, "a file").unwrap();
    let mut install = place.make("install", &[("COMMAND", "no")]);
    assert!(!install.env("MANDIR", &manual).output().unwrap().status.success());
    assert_eq!(tree(&place.prefix()), [""; 0]);
}
