//! docs/platforms.md, which is generated from the results of `make cross-all` in docs/platforms. That the page says what they say is
//! tested, not that they are today's: they name the commit that they are about.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs::read_to_string;
use std::process::Command;
use testkit::process::run;
use testkit::root;

#[test]
fn the_page_is_what_the_runs_found() {
    let file = root().join("docs/platforms.md");
    let text = page();
    if std::env::var("ANCHOR_ACCEPT_PLATFORMS").is_ok_and(|value| value == "1") {
        std::fs::write(&file, &text).expect("it can be written");
    }
    let found = read_to_string(&file).unwrap_or_default();
    assert!(found == text, "docs/platforms.md is not what docs/platforms/*.json say; `make cross-all` writes it");
}

/// Where nothing runs the target's programs, it is built and inspected. What is skipped has its reason on the page.
#[test]
fn each_recorded_target_passed_every_step() {
    for result in targets().iter().filter_map(|target| result(target)) {
        for step in STEPS.iter().filter(|step| runs(&result) || !step.is_run) {
            let (target, outcome) = (word(&result, "target"), outcome(&result, step.name));
            assert!(["passed", "skipped"].contains(&outcome), "{target}: {}: {outcome:?}", step.name);
        }
        assert!(result["exactness"].is_object() || !runs(&result), "{result}");
    }
}

/// The first of the page's commands. `.ci/run` installs what this names, and then runs the others by `make cross`.
#[test]
fn every_target_names_its_packages() {
    for target in targets() {
        let mut prepare = Command::new("sh");
        let outcome = run(prepare.current_dir(root()).args(["packaging/cross/prepare.sh", "--packages", &target]));
        assert!(outcome.status.success() && outcome.stderr.is_empty(), "{target}: {outcome:#?}");
        let is_package = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        assert!(outcome.stdout.split_whitespace().all(is_package), "{target}: {outcome:#?}");
    }
}

struct Step {
    name: &'static str,
    title: &'static str,
    is_run: bool,
}

/// Those of packaging/cross/run.sh.
const STEPS: [Step; 8] = [
    Step { name: "build", title: "built", is_run: false },
    Step { name: "inspect", title: "inspected", is_run: false },
    Step { name: "programs", title: "programs in C and C++", is_run: true },
    Step { name: "exactness", title: "[exact](#how-exact-it-is)", is_run: true },
    Step { name: "unit", title: "unit tests", is_run: true },
    Step { name: "command", title: "anchor-events", is_run: true },
    Step { name: "behaviour", title: "tests/behaviour", is_run: true },
    Step { name: "faults", title: "tests/faults", is_run: true },
];

const HEAD: &str = "# Platforms

All tests run on x86-64 Linux with glibc, for every change. `.ci/run` names the other targets on which the programs in C run for
every change.

The table has complete runs only. It is written by `make cross-all`, which builds the library for each of these targets and runs
on it what can run. A number is how many tests passed. What is built and not run may work, and nobody has seen it.

";

const STEPS_TEXT: &str = "
- *Inspected*: the shared library exports the functions of `anchor.h` and nothing else, has the name that programs ask for, and
  needs no library that a machine may lack ([inspect.sh](../packaging/cross/inspect.sh)). On riscv64 and s390x it exports one more,
  `ring_core_..._bn_mul_mont`: where ring has no assembly, it names that function for C, and Rust exports it.
- *Programs*: [tests/c](../tests/c), [tests/cpp](../tests/cpp) and [examples-c](../examples-c) with `mfa.c` among them, each linked
  statically and dynamically.
- *Unit tests*, [tests/behaviour](../tests/behaviour) and [tests/faults](../tests/faults) are Rust programs that run on the target
  themselves. Those of the command are in [cli/src](../cli/src); for Windows, tests of [cli/tests](../cli/tests) drive it too.

## How exact it is

How late a wait ends after its deadline, and after a cancel from another thread, in milliseconds: the median and the worst of 31
([exactness.c](../tests/c/measured/exactness.c)). A wait that ends early fails it. A sleep of the same length shows what the
machine and the emulator add, which other work on the machine can make large.

";

const LACKS: &str = "
## What a system lacks

| | Linux | Windows | macOS | FreeBSD |
| --- | --- | --- | --- | --- |
| `fork`: a child may use what it inherits | yes | there is none | as its process id tells it | as its process id tells it |
| a signal ends an interruptible wait | yes | there are none | yes | yes |
| `SIGPIPE` is kept from the program | `MSG_NOSIGNAL` | there is none | `SO_NOSIGPIPE` | `MSG_NOSIGNAL` |
| a deadline is rounded | to nothing | to nothing, or up to a tick | up to a millisecond | to nothing |
| a dead peer is noticed by | `TCP_USER_TIMEOUT` | `TCP_MAXRT` | `TCP_RXT_CONNDROPTIME` | `TCP_MAXUNACKTIME` |

";

const LEAST: &str = "
## What it needs

- Linux: glibc 2.36 or later is needed by a library that was built on such a machine; [install.md](install.md#package) says how to
  build one for an older glibc. What that makes for glibc 2.17 was run with glibc 2.36. That 2.17 has all that it needs is read from
  its symbols' versions; it was not run there.
- Rust 1.85 or later builds it. A C compiler for C89 with `<stdint.h>`, or C++11, can use `anchor.h`; `anchor.hpp` needs C++17.
- Out of scope: Android, iOS, static libraries for MSVC.

## How to build it for another machine

On Debian 12, in a clone:

```sh
sudo apt-get install $(sh packaging/cross/prepare.sh --packages aarch64-unknown-linux-gnu)
sh packaging/cross/prepare.sh aarch64-unknown-linux-gnu
sh packaging/cross/cargo.sh aarch64-unknown-linux-gnu build --release --package anchor-events
```

The second command fetches Rust with the target's standard library, or builds that, and keeps it in `target/cross` or the folder
that `ANCHOR_CROSS` names. `make cross TARGET=aarch64-unknown-linux-gnu` then runs what this page lists.
";

fn page() -> String {
    let mut text = HEAD.to_owned();
    let titles: Vec<&str> = STEPS.iter().map(|step| step.title).collect();
    writeln!(text, "| target | Rust | run by | {} | commit |", titles.join(" | ")).unwrap();
    writeln!(text, "|{}", " --- |".repeat(titles.len() + 4)).unwrap();
    let results: Vec<Value> = targets().iter().filter_map(|target| result(target)).collect();
    for target in targets() {
        let Some(result) = results.iter().find(|result| result["target"] == target.as_str()) else {
            writeln!(text, "| {target} | | no run is recorded yet |{}", " |".repeat(titles.len() + 1)).unwrap();
            continue;
        };
        let cells: Vec<String> = STEPS.iter().map(|step| cell(result, step)).collect();
        let by = if runs(result) { word(result, "run_by") } else { "nothing: built, not yet run" };
        let (rust, commit) = (word(result, "rust"), commits(result));
        writeln!(text, "| {target} | {rust} | {by} | {} | {commit} |", cells.join(" | ")).unwrap();
    }
    text += STEPS_TEXT;
    exactness(&mut text, &results);
    skipped(&mut text, &results);
    text + LACKS + LEAST.trim_start()
}

fn exactness(text: &mut String, results: &[Value]) {
    *text += "| target | deadline | cancel | a sleep |\n| --- | --- | --- | --- |\n";
    for result in results.iter().filter(|result| !result["exactness"].is_null()) {
        let late = |what: &str| {
            let ms = |key: &str| result["exactness"][what][key].as_f64().expect("a number") / 1000.0;
            format!("{:.1}, {:.1}", ms("median_us"), ms("most_us"))
        };
        let target = word(result, "target");
        writeln!(text, "| {target} | {} | {} | {} |", late("deadline"), late("cancel"), late("sleep")).unwrap();
    }
}

/// What was not run there, by its reason.
fn skipped(text: &mut String, results: &[Value]) {
    *text += "\n## What is not run on a target that runs\n\n| target | not run | why |\n| --- | --- | --- |\n";
    for result in results {
        let lines: Vec<&str> = result["skipped"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for (what, why) in lines.iter().filter_map(|line| line.rsplit_once(": ")) {
            match reasons.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, same)) => same.push(what),
                None => reasons.push((why, vec![what])),
            }
        }
        for (why, what) in reasons {
            writeln!(text, "| {} | {} | {why} |", word(result, "target"), what.join(", ")).unwrap();
        }
    }
}

fn cell(result: &Value, step: &Step) -> String {
    match outcome(result, step.name) {
        "passed" if step.is_run && step.name != "exactness" => tests(result, step.name).to_string(),
        "passed" => "yes".to_owned(),
        "skipped" => "[no](#what-is-not-run-on-a-target-that-runs)".to_owned(),
        outcome => outcome.to_owned(),
    }
}

/// A step that failed may have been run again later.
fn commits(result: &Value) -> String {
    let commits: BTreeSet<&str> = steps(result).map(|step| word(step, "commit")).collect();
    commits.into_iter().collect::<Vec<_>>().join(", ")
}

fn runs(result: &Value) -> bool {
    result["run_by"] != "nothing"
}

fn steps(result: &Value) -> impl Iterator<Item = &Value> {
    result["steps"].as_array().expect("a list").iter()
}

fn outcome<'a>(result: &'a Value, step: &str) -> &'a str {
    steps(result).find(|found| found["step"] == step).map_or("", |found| word(found, "outcome"))
}

fn tests(result: &Value, step: &str) -> u64 {
    steps(result).find(|found| found["step"] == step).and_then(|found| found["tests"].as_u64()).unwrap_or_default()
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is no text in {value}"))
}

fn result(target: &str) -> Option<Value> {
    let file = root().join(format!("docs/platforms/{target}.json"));
    let text = read_to_string(&file).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display())))
}

/// Those of packaging/cross/target.sh, in its order.
fn targets() -> Vec<String> {
    let text = read_to_string(root().join("packaging/cross/target.sh")).expect("a file of the repository");
    let list =
        text.split_once("\ntargets=\"").and_then(|(_, rest)| rest.split_once('"')).expect("the list of targets").0;
    list.split_whitespace().map(str::to_owned).collect()
}
