//! What is shipped depends on the sources alone: not on the folder where it is built, on who builds it, or on where cargo keeps
//! the crates. So anybody can check what was published. `make reproducible` builds the command too.

use super::tarball;
use crate::installed::{outside, tree};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use testkit::{empty_scratch, process, root, target_dir};

/// Builds as `make release` does, in a checkout, and returns the folder of what was built.
fn built(checkout: &Path, folder: &Path, settings: &[(&str, &Path)]) -> PathBuf {
    let mut build = outside("sh");
    let command = if std::env::var_os("ANCHOR_TEST_REPRODUCE_ALL").is_some() { "yes" } else { "no" };
    build.current_dir(checkout).arg("packaging/build.sh").arg(folder).env("COMMAND", command);
    process::output(build.envs(settings.iter().copied()));
    folder.to_owned()
}

/// A checkout of another user: the source tarball, with the files as they are now, and a home of its own.
fn elsewhere(folder: &Path) -> Option<PathBuf> {
    let tarball = tarball::unpacked()?;
    let checkout = folder.join("another checkout");
    process::output(Command::new("cp").args(["-a", "--"]).arg(tarball).arg(&checkout));
    for file in tarball::files(&["--cached", "--others", "--exclude-standard"]) {
        let to = checkout.join(&file);
        fs::create_dir_all(to.parent().expect("a folder")).expect("it can be made");
        fs::copy(root().join(&file), to).unwrap_or_else(|e| panic!("{file}: {e}"));
    }
    Some(checkout)
}

/// The first build is in this checkout, with the crates from cargo's home. The second, which begins when the first has ended,
/// finds nothing that was built before.
#[test]
fn another_user_builds_the_same_elsewhere() {
    let folder = empty_scratch("install/reproducible");
    let Some(checkout) = elsewhere(&folder) else { return };
    let here = built(root(), &folder.join("here"), &[]);
    let home = folder.join("home");
    let rustup = std::env::var_os("RUSTUP_HOME")
        .map_or_else(|| Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".rustup"), PathBuf::from);
    let (cargo, target) = (home.join("cargo"), home.join("target"));
    let settings: [(&str, &Path); 4] =
        [("HOME", &home), ("CARGO_HOME", &cargo), ("CARGO_TARGET_DIR", &target), ("RUSTUP_HOME", &rustup)];
    let there = built(&checkout, &folder.join("there"), &settings);
    let names = tree(&here);
    assert_eq!(names, tree(&there));
    assert!(["libanchor.so", "libanchor.a"].iter().all(|name| names.contains(&(*name).to_owned())), "{names:?}");
    for name in names.iter().filter(|name| *name != "began") {
        let [here, there] = [&here, &there].map(|folder| fs::read(folder.join(name)).expect("it was built"));
        assert!(here == there, "{name} differs, in {}", folder.display());
        for path in paths_here() {
            let at = here.windows(path.len()).position(|part| part == path.as_bytes());
            assert_eq!(at, None, "{path} is in {name}");
        }
    }
    fs::remove_dir_all(&folder).expect("it can be removed");
}

/// Those that could get into what is built.
fn paths_here() -> [String; 3] {
    let home = std::env::var("HOME").unwrap_or_default();
    let cargo = std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
    [root(), &target_dir(), Path::new(&cargo)].map(|path| format!("{}/", path.display()))
}
