//! What `make packages` makes, used as a user would: in a folder where nothing else is. It is the debug build, which is there
//! already and is packaged in the same way.

mod deb;
mod recipes;
mod rpm;
mod tarball;
mod windows;

use crate::install::consumers::{folder_with, runs, shell};
use crate::installed::{beside, outside, tree};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use testkit::{empty_scratch, process, root, tools};

/// A script of packaging/ that takes what was built, for a packager who has built before.
fn packager(script: &str) -> Command {
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    let target = TARGET.get_or_init(|| {
        let target = empty_scratch("packages/target");
        let mut build = outside("sh");
        build.current_dir(root()).args(["packaging/build.sh"]).arg(target.join("installable/dev"));
        process::output(build.env("PROFILE", "dev"));
        target
    });
    let mut packager = outside("sh");
    packager.current_dir(root()).arg(script).env("PROFILE", "dev").env("CARGO_TARGET_DIR", target);
    packager
}

/// The three packages that a script makes, and nothing else, in a folder of this name.
fn packages(script: &str, name: &str) -> Vec<PathBuf> {
    let folder = empty_scratch(&format!("packages/{name}"));
    let made = process::output(packager(script).arg(&folder));
    let made: Vec<PathBuf> = made.lines().map(PathBuf::from).collect();
    assert_eq!(made.len(), 3, "{made:?}");
    let mut names: Vec<String> = made.iter().map(|package| file_name(package)).collect();
    names.sort_unstable();
    assert_eq!(names, tree(&folder));
    made
}

fn file_name(package: &Path) -> String {
    package.file_name().expect("a file").to_str().expect("UTF-8").to_owned()
}

/// Made again, later and in another folder, they are the same to the byte.
fn are_made_again(script: &str, made: &[PathBuf]) {
    let again = packages(script, &format!("{}-made-again", file_name(script.as_ref())));
    for (first, second) in made.iter().zip(&again) {
        assert_eq!(file_name(first), file_name(second));
        let same = fs::read(first).expect("it is there") == fs::read(second).expect("it is there");
        assert!(same, "{} and {} differ", first.display(), second.display());
    }
}

#[test]
fn the_page_has_every_target_that_is_published() {
    let text = |file: &str| fs::read_to_string(root().join(file)).expect("a file of the repository");
    let (script, page) = (text("packaging/cross/target.sh"), text("packaging/README.md"));
    let targets = script.split("targets=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a list");
    let published = |name: &&str| name.contains("-linux-") || name.contains("-windows-");
    let published: Vec<&str> = targets.split_whitespace().filter(published).collect();
    assert!(published.len() > 8, "{targets}");
    for name in published {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

/// A program in C is linked with each library of a prefix by what pkg-config says, and runs.
fn links_both_ways(name: &str, prefix: &Path, libdir: &str) {
    if !tools::has("pkg-config") {
        return;
    }
    let folder = folder_with(name, &["round.c"]);
    let line = format!(
        "export PKG_CONFIG_PATH={0}/{libdir}/pkgconfig
        cc round.c $(pkg-config --cflags --libs anchor) -o shared
        cc round.c $(pkg-config --static --cflags --libs anchor | sed s/-lanchor/-l:libanchor.a/) -o static",
        prefix.display()
    );
    shell(prefix, &folder, &line);
    for program in ["shared", "static"] {
        let mut program = beside(prefix, folder.join(program).to_str().expect("UTF-8"));
        program.env("LD_LIBRARY_PATH", prefix.join(libdir));
        runs(program);
    }
}
