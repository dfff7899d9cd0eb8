//! The Debian packages: lintian finds nothing, what they depend on is in Debian, and a program is linked with what they
//! unpack into an empty root.

use super::{are_made_again, links_both_ways, packages};
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
    are_made_again("packaging/deb.sh", &made);
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
        let bill = if name == "anchor-events" { "anchor-events.cdx.json" } else { "libanchor.cdx.json" };
        for file in ["THIRD-PARTY.txt", "compilers.txt", bill] {
            let file = root.join(format!("usr/share/doc/{name}/{file}"));
            assert!(file.exists(), "{}", file.display());
        }
    }
    let libdir = libdir(&root);
    let library = root.join("usr").join(&libdir).join("libanchor.so.0");
    let versions = process::output(Command::new("readelf").arg("--version-info").arg(library));
    let libc = format!("libc6 (>= {})", least_glibc(&versions));
    let depends = made.iter().map(|package| field(package, "Depends")).collect::<Vec<_>>();
    assert!(depends.iter().any(|depends| depends.split(", ").any(|one| one == libc)), "{libc}: {depends:?}");
    links_both_ways("deb", &root.join("usr"), &libdir);
}

/// The glibc that can load a library, by the versions that it asks for. Packed relocations are one without a number.
fn least_glibc(versions: &str) -> String {
    let named = versions.split("Name: GLIBC_").skip(1).filter_map(|rest| rest.split_whitespace().next());
    let number = |name: &str| if name == "ABI_DT_RELR" { Some(36) } else { name.split('.').nth(1)?.parse().ok() };
    let newest: Option<u32> = named.filter_map(number).max();
    format!("2.{}", newest.expect("it needs glibc"))
}

/// lib/x86_64-linux-gnu, or that of another processor.
fn libdir(root: &Path) -> String {
    let files = tree(&root.join("usr"));
    let pc = files.iter().find_map(|file| file.strip_suffix("/pkgconfig/anchor.pc"));
    pc.expect("it is in libanchor-dev").to_owned()
}
