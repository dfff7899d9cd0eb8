//! The options for a service behind a gateway that wants a certificate of the client, and for pins and revocation lists.

mod command;
mod server;

use std::process::{Command, Output};

use command::stderr;
use testkit::certificates::{Certificate, authority_file, mutual_tls, pem};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{Step, event};
use tokio_rustls::rustls::version::TLS13;

/// Exit codes of the command.
const OK: Option<i32> = Some(0);
const USAGE: Option<i32> = Some(1);
const TLS: Option<i32> = Some(4);
/// In TLS 1.3 the server refuses after the request was sent.
const TLS_AFTER_THE_REQUEST: Option<i32> = Some(5);

const OTHER_PIN: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn wait(server: &ScriptedServer, options: &[&str]) -> Output {
    let mut command = Command::new(server::program());
    command.args(["wait", "a", "--ca-file"]).arg(authority_file()).args(options);
    command.env("ANCHORBROWSER_BASE_URL", server.https()).env("ANCHORBROWSER_API_KEY", "any");
    command.output().unwrap()
}

#[test]
fn a_client_certificate_and_its_key_are_options() {
    let server = ScriptedServer::always(vec![Step::Handshake(mutual_tls(&TLS13)), Step::AnswerAll(event())]);
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = pem(Certificate::ForClients);
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (both, chain, key) = (file("both", &format!("{chain}{key}")), file("chain", &chain), file("key", &key));
    let code = |options: &[&str]| wait(&server, options).status.code();
    assert_eq!(code(&[]), TLS_AFTER_THE_REQUEST);
    assert_eq!(code(&["--client-certificate", &chain, "--client-key", &key]), OK);
    assert_eq!(code(&["--client-certificate", &both]), OK);
    assert_eq!(code(&["--client-key", &key]), USAGE);
    assert!(stderr(&wait(&server, &["--client-certificate", &chain])).contains("holds no private key"));
    let pinned = wait(&server, &["--client-certificate", &both, "--pinned-public-keys", OTHER_PIN]);
    assert_eq!(pinned.status.code(), TLS);
    assert!(stderr(&pinned).contains("not one of pinned_public_keys"));
    let no_lists = wait(&server, &["--client-certificate", &both, "--crl-file", &chain]);
    assert!(stderr(&no_lists).contains("holds no revocation list"));
}
