//! The RPM packages: rpmlint finds no error, and a program is linked with what they unpack into an empty root.

use super::{are_made_again, links_both_ways, packages};
use std::process::Command;
use testkit::{empty_scratch, process, root, tools};

#[test]
fn the_rpm_packages_are_clean_and_work() {
    if !["rpmbuild", "rpmlint", "rpm2cpio", "cpio"].iter().all(|tool| tools::has(tool)) {
        return;
    }
    let made = packages("packaging/rpm.sh", "rpm");
    are_made_again("packaging/rpm.sh", &made);
    let mut rpmlint = Command::new("rpmlint");
    let found = rpmlint.arg("--config").arg(root().join("packaging/rpm/rpmlint.toml")).args(&made).output();
    let found = found.expect("rpmlint runs");
    let said = process::text(&found.stdout);
    assert!(found.status.success() && said.contains("0 errors, 0 warnings"), "{said}{}", process::text(&found.stderr));

    let root = empty_scratch("packages/rpm-root");
    for package in &made {
        let line = r#"rpm2cpio "$0" | cpio --quiet --extract --make-directories"#;
        process::output(Command::new("sh").current_dir(&root).args(["-ec", line]).arg(package));
    }
    for name in ["libanchor", "anchor-events"] {
        assert!(root.join("usr/share/doc").join(name).join("compilers.txt").exists(), "{name}");
    }
    links_both_ways("rpm", &root.join("usr"), "lib64");
}
