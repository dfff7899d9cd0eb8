//! Certificates as people make them with openssl, which are their own authority. One that is refused is refused with the
//! command that makes a right one.

use super::openssl::made;
use anchor::{Client, Config, Error, Status, Trust};
use std::path::Path;
use testkit::certificates::tls_of_files;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, event};
use testkit::settings::KEY;
use testkit::{PATIENCE, tools};

/// A call to a server with the certificate, which the client trusts.
fn call(folder: &Path) -> Result<String, Error> {
    let handshake = Step::Handshake(tls_of_files(&folder.join("cert.pem"), &folder.join("key.pem")));
    let server = ScriptedServer::always(vec![handshake, Step::AnswerAll(event())]);
    let mut config = Config::bare();
    config.set_api_key(KEY).unwrap().set_base_url(&server.https()).unwrap().set_trust(Trust::Bundled);
    config.set_ca_file(folder.join("cert.pem")).unwrap();
    Client::new(&config).unwrap().wait("e", Some(PATIENCE), None)
}

#[test]
fn a_refusal_of_a_self_made_certificate_has_the_command_that_makes_a_right_one() {
    if !tools::has("openssl") {
        return;
    }
    let request = "openssl req -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=localhost";
    let authority = format!("{request} -x509 -out cert.pem -addext subjectAltName=DNS:localhost,IP:127.0.0.1");
    let version_1 = format!("{request} -out csr.pem && openssl x509 -req -in csr.pem -signkey key.pem -out cert.pem");
    for (name, command, said) in
        [("authority", authority, "basicConstraints CA:TRUE"), ("version_1", version_1, "version 3")]
    {
        let error = call(&made(name, &command)).unwrap_err();
        assert_eq!(error.status(), Status::Tls, "{name}: {error:?}");
        assert!(error.message().contains(said), "{name}: {error:?}");
        let command = error.message().find("openssl req").map(|at| &error.message()[at..]).expect("a command");
        assert_eq!(call(&made(&format!("{name}_mended"), command)).unwrap(), EVENT, "{command}");
    }
}
