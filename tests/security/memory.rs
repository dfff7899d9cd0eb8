//! Once a client and its settings are freed, the process's memory holds no key, no added header and no proxy password. memory.c looks;
//! here are the servers that it calls.

use std::path::PathBuf;
use std::sync::Arc;
use testkit::addresses::ReservedPort;
use testkit::c_build::compiler::{self, Linkage};
use testkit::certificates::{Certificate, authority_file, mutual_tls, pem, tls, tls_versions};
use testkit::process::{run, without_settings};
use testkit::scripted::script::{Script, Step, answer, event, refusal};
use testkit::scripted::{Request, ScriptedServer};
use testkit::target::Target;
use testkit::{library, scratch, tools};

/// The answer goes by the event's name. The key is quoted in clear only: what rustls decrypts passes through buffers of its own,
/// which nobody can wipe.
fn answers(is_tls: bool) -> Step {
    Step::AnswerWith(Arc::new(move |request: &Request| {
        let name =
            request.path().split_once("/v1/events/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
        match (name, name.strip_prefix("status_")) {
            ("quiet", _) => Vec::new(),
            ("quoted", _) if is_tls => refusal(401),
            ("quoted", _) => {
                quoting(&["anchor-api-key", "x-gate", "x-tenant"].map(|name| request.header(name).unwrap_or_default()))
            }
            ("html", _) => answer(200, "", "<html>"),
            (_, Some("301")) => answer(301, "location: https://elsewhere.example/\r\n", ""),
            (_, Some(code)) => refusal(code.parse().expect("a status")),
            _ => event(),
        }
    }))
}

/// A refusal that quotes them, in its words and in a header that nobody reads.
fn quoting(secrets: &[&str]) -> Vec<u8> {
    let secrets = secrets.join(" ");
    let body = format!(r#"{{"error":{{"code":401,"message":"the key {secrets} is not known"}}}}"#);
    answer(401, &format!("x-note: {secrets}\r\n"), &body)
}

fn over_tls(version: &'static rustls::SupportedProtocolVersion) -> Script {
    vec![Step::Handshake(tls_versions(Certificate::Good, &[version])), answers(true)]
}

fn tunnel() -> Script {
    let established = Step::Send(b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec());
    [Step::ReadRequest, established].into_iter().chain(over_tls(&rustls::version::TLS13)).collect()
}

/// With a login.
fn socks() -> Script {
    let answers = [vec![5, 2], vec![1, 0], vec![5, 0, 0, 1, 0, 0, 0, 0, 0, 0]];
    let dialogue = answers.into_iter().flat_map(|answer| [Step::ReadSome, Step::Send(answer)]);
    dialogue.chain(over_tls(&rustls::version::TLS13)).collect()
}

/// Files of a certificate and its key.
fn client_certificate() -> (PathBuf, PathBuf) {
    let folder = scratch("memory");
    let files = (folder.join("client.pem"), folder.join("client.key"));
    let (certificate, key) = pem(Certificate::ForClients);
    std::fs::write(&files.0, certificate).unwrap();
    std::fs::write(&files.1, key).unwrap();
    files
}

#[test]
fn freed_clients_and_settings_leave_no_secret_in_memory() {
    if !tools::has("cc") {
        return;
    }
    let plain = ScriptedServer::always(vec![answers(false)]);
    let tls12 = ScriptedServer::always(over_tls(&rustls::version::TLS12));
    let tls13 = ScriptedServer::always(over_tls(&rustls::version::TLS13));
    let bad_certificate = ScriptedServer::always(vec![Step::Handshake(tls(Certificate::WrongHost)), answers(true)]);
    let hangs_up = ScriptedServer::always(vec![Step::ReadRequest, Step::Reset]);
    let tunnel = ScriptedServer::always(tunnel());
    let no_tunnel = ScriptedServer::always(vec![Step::ReadRequest, Step::Send(answer(407, "", "")), Step::Hang]);
    let socks = ScriptedServer::always(socks());
    let mutual = ScriptedServer::always(vec![Step::Handshake(mutual_tls(&rustls::version::TLS13)), answers(true)]);
    let nobody = ReservedPort::bind();
    let (certificate, key) = client_certificate();
    let program = compiler::compile_with("cc", "tests/security/memory.c", Linkage::Shared, &["-O2"]);
    for library in [library::debug(), library::release()] {
        let mut command = Target::of_programs().command(&program);
        without_settings(&mut command);
        command.env("LD_LIBRARY_PATH", &library.folder).env("CA_FILE", authority_file());
        command.env("PLAIN", plain.http()).env("TLS12", tls12.https()).env("TLS13", tls13.https());
        command.env("BAD_CERTIFICATE", bad_certificate.https()).env("HANGS_UP", hangs_up.http());
        command.env("MUTUAL", mutual.https()).env("CLIENT_CERTIFICATE", &certificate).env("CLIENT_KEY", &key);
        command.env("NOBODY", format!("http://{}", nobody.address()));
        command.env("TUNNEL", tunnel.address.to_string()).env("NO_TUNNEL", no_tunnel.address.to_string());
        command.env("SOCKS", socks.address.to_string()).env("FORWARD", plain.address.to_string());
        let outcome = run(&mut command);
        assert!(outcome.status.success(), "{}: {outcome:#?}", library.folder.display());
    }
}
