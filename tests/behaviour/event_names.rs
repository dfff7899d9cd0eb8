//! Event names on the wire, as another implementation of URLs, that of Node.js, reads them.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{Step, event};
use testkit::settings::client;
use testkit::{process, tools};

/// Reads `[[name, path], ...]` and prints which names cannot be read back from their paths.
const READ_BACK: &str = r#"
const pairs = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const [name, path] of pairs) {
    const { pathname, search, hash } = new URL(path, "http://h");
    const segments = pathname.split("/");
    const isKept = pathname === path && search === "" && hash === "" && segments.length === 5;
    if (!isKept || decodeURIComponent(segments[3]) !== name) console.log(JSON.stringify(name), "became", path);
}
console.log(pairs.length, "names");
"#;

#[test]
fn names_come_out_of_a_url_as_they_went_in() {
    if !tools::has("node") {
        return;
    }
    let mut runner = TestRunner::deterministic();
    let any_name = prop_oneof!["(?s).{1,40}", "[./%\\\\?#;:@&=+$, ~a-z]{1,12}", "(%[0-9a-f]{2}|\\.){1,4}"];
    let made = (0..500).map(|_| any_name.new_tree(&mut runner).unwrap().current());
    let names: Vec<String> = made.filter(|name| name != "." && name != "..").collect();
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let client = client(&server.http());
    for name in &names {
        client.wait(name, Some(Duration::ZERO), None).unwrap();
    }
    let paths = server.requests().into_iter().map(|request| request.path().to_owned());
    let pairs: Vec<_> = names.iter().cloned().zip(paths).collect();
    let mut node = Command::new("node");
    let mut node = node.args(["-e", READ_BACK]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    node.stdin.take().unwrap().write_all(&serde_json::to_vec(&pairs).unwrap()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(process::text(&output.stdout), format!("{} names\n", names.len()));
}
