//! Pins of public keys: a valid certificate is not enough then, and a pinned key does not make an invalid one good.

use super::openssl::{OpensslServer, made};
use anchor::{Client, Config, Phase, Status, Timeout, Trust};
use std::process::Command;
use std::time::Duration;
use testkit::certificates::{Certificate, tls};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, event};
use testkit::settings::config;
use testkit::way::{Way, each_way};
use testkit::{PATIENCE, process, tools};

const LONG: Option<Duration> = Some(PATIENCE);
const OTHER: &str = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn server(certificate: Certificate) -> ScriptedServer {
    ScriptedServer::always(vec![Step::Handshake(tls(certificate)), Step::AnswerAll(event())])
}

/// The pin that a refusal shows.
fn shown(message: &str) -> &str {
    message
        .split("it is ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .expect("a pin")
        .trim_end_matches([';', '.'])
}

#[each_way]
fn another_key_is_refused_and_gets_nothing(way: Way) {
    let server = server(Certificate::Good);
    let mut config = config(&server.https());
    let client = Client::new(config.set_pinned_public_keys(OTHER).unwrap().set_retries(3)).unwrap();
    let error = way.wait(&client, "e", LONG).unwrap_err();
    assert_eq!((error.status(), error.phase()), (Status::Tls, Some(Phase::Tls)), "{error:?}");
    assert_eq!((error.attempts(), error.maybe_consumed()), (1, false), "{error:?}");
    assert!(error.message().contains("public key is not one of pinned_public_keys"), "{error:?}");
    assert_eq!(server.requests().len(), 0);
    let pins = format!("{OTHER};{}", shown(error.message()));
    let client = Client::new(config.set_pinned_public_keys(&pins).unwrap()).unwrap();
    assert_eq!(way.wait(&client, "e", LONG).unwrap(), EVENT);
}

#[test]
fn a_pinned_key_does_not_make_a_certificate_valid() {
    let server = server(Certificate::WrongHost);
    let elsewhere = server.https().replace("127.0.0.1", "localhost");
    let mut config = config(&elsewhere);
    config.set_pinned_public_keys(OTHER).unwrap();
    let error = Client::new(&config).unwrap().wait("e", LONG, None).unwrap_err();
    assert!(error.message().contains("is not for localhost"), "{error:?}");
}

/// A proxy has another key than the service.
#[each_way]
fn a_proxy_may_have_any_key(way: Way) {
    let inner = Step::Handshake(tls(Certificate::Good));
    let established = Step::Send(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
    let outer = [Step::Handshake(tls(Certificate::Good)), Step::ReadRequest, established];
    let proxy = ScriptedServer::always(outer.into_iter().chain([inner, Step::AnswerAll(event())]).collect());
    let mut config = config("https://localhost:9");
    config.set_proxy(&proxy.https()).unwrap().set_pinned_public_keys(OTHER).unwrap();
    let error = way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap_err();
    assert!(error.message().contains("pinned_public_keys"), "{error:?}");
    assert_eq!(proxy.requests().len(), 1, "the proxy is asked for a tunnel");
    config.set_pinned_public_keys(shown(error.message())).unwrap();
    assert_eq!(way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap(), EVENT);
}

/// The command of docs/settings.md, which prints the digest of server.pem.
fn pin_command() -> String {
    let page = std::fs::read_to_string(testkit::root().join("docs/settings.md")).unwrap();
    page.lines().find(|line| line.starts_with("openssl x509 -in server.pem")).expect("the command").to_owned()
}

#[test]
fn the_pin_is_that_of_openssl() {
    if !tools::has("openssl") {
        return;
    }
    for kind in ["rsa:2048", "ec -pkeyopt ec_paramgen_curve:prime256v1", "ed25519"] {
        let request = "openssl req -x509 -nodes -days 2 -keyout server.key -out server.pem -subj /CN=localhost \
                       -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=IP:127.0.0.1";
        let folder = made("pins", &format!("{request} -newkey {kind}"));
        let pin = process::output(Command::new("sh").current_dir(&folder).args(["-ec", &pin_command()]));
        let server = OpensslServer::start(&folder, "server", "-tls1_3");
        let mut config = Config::bare();
        config.set_api_key("k").unwrap().set_base_url(&server.url).unwrap().set_trust(Trust::Bundled);
        config.set_ca_file(folder.join("server.pem")).unwrap().set_request_timeout(PATIENCE).unwrap();
        config.set_pinned_public_keys(OTHER).unwrap();
        let error = Client::new(&config).unwrap().signal("e", None, Timeout::Request, None).unwrap_err();
        assert_eq!(shown(error.message()), format!("sha256//{}", pin.trim()), "{kind}");
        config.set_pinned_public_keys(&format!("sha256//{}", pin.trim())).unwrap();
        server.gets_the_request_of(Client::new(&config).unwrap());
    }
}
