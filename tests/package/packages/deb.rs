//! The Debian packages: lintian finds nothing, what they depend on is in Debian, and a program is linked with what they
//! unpack into an empty root.

use super::{links_both_ways, packages};
use crate::installed::tree;
use std::path::Path;
use std::process::Command;
use testkit::{empty_scratch, process, tools};

/// Of lintian's tags, those that are about Debian's own archive.
const NOT_FOR_US: &str = "initial-upload-closes-no-bugs";

fn field(package: &Path, name: &str) -> String {
    process::output(Command::new("dpkg-deb").arg("--field").arg(package).arg(name)).trim_end().to_owned()
}

#[test]
fn the_debian_packages_are_clean_and_work() {
    if !["dpkg-buildpackage", "dh", "lintian"].iter().all(|tool| tools::has(tool)) {
        return;
    }
    let made = packages("packaging/deb.sh", "deb");
    let mut lintian = Command::new("lintian");
    lintian.args(["--allow-root", "--fail-on", "error,warning", "--suppress-tags", NOT_FOR_US]).args(&made);
    let found = lintian.output().expect("lintian runs");
    let found = (process::text(&found.stdout), process::text(&found.stderr));
    assert_eq!(found, (String::new(), String::new()));

    let root = empty_scratch("packages/deb-root");
    for package in &made {
        process::output(Command::new("dpkg-deb").arg("--extract").arg(package).arg(&root));
        let name = field(package, "Package");
        let depends = field(package, "Depends");
        match &*name {
            "libanchor-dev" => assert_eq!(depends, format!("libanchor0 (= {})", field(package, "Version"))),
            _ => assert!(depends.contains("libc6 (>= 2."), "{name}: {depends}"),
        }
        let third_party = root.join(format!("usr/share/doc/{name}/THIRD-PARTY.txt"));
        assert!(third_party.exists() || name == "libanchor-dev", "{name}");
    }
    links_both_ways("deb", &root.join("usr"), &libdir(&root));
}

/// lib/x86_64-linux-gnu, or that of another processor.
fn libdir(root: &Path) -> String {
    let files = tree(&root.join("usr"));
    let pc = files.iter().find_map(|file| file.strip_suffix("/pkgconfig/anchor.pc"));
    pc.expect("it is in libanchor-dev").to_owned()
}
