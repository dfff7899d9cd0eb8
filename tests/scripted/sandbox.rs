//! Runs a test once more in a process of its own, in namespaces of its own: with a network that has only loopback, and
//! with files of /etc that the test chooses. Nothing outside is touched, and it takes no root.

use std::process::Command;

/// False on the outside, once the test has run inside; true inside, where `etc` stands in for the files of those names.
pub fn is_inside(test: &str, etc: &[(&str, &str)]) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    if !Command::new("unshare").args(NAMESPACES).args(["ip", "link"]).output().is_ok_and(|run| run.status.success()) {
        super::skip("unshare and ip, with leave to make namespaces");
        return false;
    }
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let mut script = "set -e; ip link set lo up".to_owned();
    for (name, contents) in etc {
        std::fs::write(directory.join(name), contents).unwrap();
        script += &format!("; mount --bind '{}' /etc/{name}", directory.join(name).display());
    }
    script += "; exec \"$0\" \"$@\"";
    let run = Command::new("unshare")
        .args(NAMESPACES)
        .args(["sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--show-output", "--test-threads", "1"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    print!("{said}");
    false
}

const INSIDE: &str = "ANCHOR_TEST_INSIDE";
const NAMESPACES: [&str; 4] = ["--map-root-user", "--mount", "--net", "--"];
