//! The server against the API's OpenAPI file: schemathesis generates requests and checks the answers.

mod server;
mod tools;

use std::process::Command;

use server::Server;
use testkit::process::without_settings;

const DESCRIPTION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/events-openapi.yaml");
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis.toml");

#[test]
fn every_answer_conforms_to_the_openapi_file() {
    schemathesis("positive", &[]);
}

/// The OpenAPI file has no status for an invalid wait, such as one with the timeout `"soon"`. The server
/// refuses it with 400, which the file has for a signal.
#[test]
fn what_the_openapi_file_forbids_is_refused() {
    schemathesis("negative", &["--exclude-checks", "status_code_conformance"]);
}

fn schemathesis(mode: &str, options: &[&str]) {
    if !tools::has("schemathesis") {
        return;
    }
    // A generated wait may ask for a minute.
    let server = Server::start(&["--api-key", "the-key", "--max-wait", "5ms"]);
    let folder = tempfile::tempdir().unwrap();
    let mut schemathesis = Command::new("schemathesis");
    without_settings(&mut schemathesis);
    let output = schemathesis
        .args(["--config-file", CONFIG, "--no-color", "run", DESCRIPTION, "--url", &server.url, "--mode", mode])
        .args(options)
        .current_dir(folder.path())
        .env("EVENTS_API_KEY", "the-key")
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.contains("2 selected / 2 total"), "{report}");
    let summary = report.lines().find(|line| line.contains("generated")).unwrap_or_default();
    println!("schemathesis, {mode}: {}", summary.trim());
}
