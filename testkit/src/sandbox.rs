//! Runs a test once more in a process of its own: with an environment of its own, or in namespaces of its own, with a
//! network that has only loopback and files of /etc that the test chooses. It takes no root, and touches nothing outside.

use crate::target::Target;
use crate::{scratch, tools};
use std::process::Command;
use std::thread;

/// False on the outside, once the test has run inside with these variables; true inside.
pub fn is_alone(test: &str, variables: &[(&str, &str)]) -> bool {
    if is_rerun() {
        return true;
    }
    let mut run = this_program();
    expect_success(with_variables(run.args(arguments(test)), variables).env(INSIDE, "1"));
    false
}

/// False on the outside, once the test has run inside; true inside, where `etc` stands in for the files of those names.
pub fn is_inside(test: &str, etc: &[(&str, &str)]) -> bool {
    is_inside_with(test, &[], etc)
}

/// The same with these variables too.
pub fn is_inside_with(test: &str, variables: &[(&str, &str)], etc: &[(&str, &str)]) -> bool {
    if is_rerun() {
        return true;
    }
    if has_namespaces() {
        run_inside(test, variables, etc, "the only one");
    }
    false
}

/// None on the outside, once the test has run inside as often as that, each time on its own and all at once; inside, which time
/// it is.
pub fn among_variants_inside(test: &str, variants: usize) -> Option<usize> {
    if let Ok(variant) = std::env::var(INSIDE) {
        return Some(variant.parse().expect("a number"));
    }
    if has_namespaces() {
        let run = |variant: usize| run_inside(test, &[], &[], &variant.to_string());
        thread::scope(|scope| {
            let running: Vec<_> = (0..variants).map(|variant| scope.spawn(move || run(variant))).collect();
            let failed = running.into_iter().filter_map(|run| run.join().err()).count();
            assert_eq!(failed, 0, "of {variants} variants of the test failed");
        });
    }
    None
}

fn has_namespaces() -> bool {
    let tried = Command::new("unshare").args(NAMESPACES).args(["ip", "link"]).output();
    tools::has_when("unshare and ip, with the right to make namespaces", tried.is_ok_and(|run| run.status.success()))
}

fn run_inside(test: &str, variables: &[(&str, &str)], etc: &[(&str, &str)], variant: &str) {
    let name = format!("{}-{variant}-{}", test.replace("::", "-"), std::process::id());
    let directory = scratch("sandbox").join(name);
    std::fs::create_dir_all(&directory).unwrap();
    let mut script = "set -e; ip link set lo up".to_owned();
    for (name, contents) in etc {
        std::fs::write(directory.join(name), contents).unwrap();
        script += &format!("; mount --bind '{}' /etc/{name}", directory.join(name).display());
    }
    script += "; exec \"$0\" \"$@\"";
    let mut run = Command::new("unshare");
    let this = this_program();
    run.args(NAMESPACES)
        .args(["sh", "-c", &script])
        .arg(this.get_program())
        .args(this.get_args())
        .args(arguments(test));
    expect_success(with_variables(&mut run, variables).env(INSIDE, variant));
    std::fs::remove_dir_all(&directory).unwrap();
}

/// With these, and without the proxies that the machine may have set up.
fn with_variables<'c>(run: &'c mut Command, variables: &[(&str, &str)]) -> &'c mut Command {
    for proxy in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
        run.env_remove(proxy).env_remove(proxy.to_lowercase());
    }
    run.envs(variables.iter().copied())
}

/// The command that runs this program once more.
pub fn this_program() -> Command {
    Target::of_tests().command(std::env::current_exe().expect("a running program has a path"))
}

/// Whether this process is such a run.
pub fn is_rerun() -> bool {
    std::env::var_os(INSIDE).is_some()
}

fn arguments(test: &str) -> [&str; 5] {
    ["--exact", test, "--show-output", "--test-threads", "1"]
}

fn expect_success(run: &mut Command) {
    let run = run.output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    print!("{said}");
}

const INSIDE: &str = "ANCHOR_TEST_INSIDE";
const NAMESPACES: [&str; 4] = ["--map-root-user", "--mount", "--net", "--"];
