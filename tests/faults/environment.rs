//! Proxies that the environment names. Since it belongs to the whole process, each test runs once more in a process of
//! its own.

use super::proxies::{LONG, tls_service, tunnel};
use anchor::{Client, Config, Status, Trust};
use testkit::addresses::free_port;
use testkit::certificates::authority_file;
use testkit::sandbox::is_alone;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, event};
use testkit::settings::KEY;

fn from_environment(url: &str) -> Config {
    let mut config = Config::from_env();
    config.set_api_key(KEY).unwrap().set_base_url(url).unwrap();
    config.set_trust(Trust::Bundled).set_ca_file(authority_file()).unwrap();
    config
}

/// The port of a test's proxy is known only when it runs, so the child starts the proxy first.
fn proxy_at(port: u16) -> ScriptedServer {
    ScriptedServer::start_at(([127, 0, 0, 1], port).into(), vec![tunnel(tls_service())])
}

#[test]
fn the_scheme_decides_and_no_proxy_exempts() {
    let port = free_port().to_string();
    let proxy = format!("http://127.0.0.1:{port}");
    let variables = [("HTTPS_PROXY", proxy.as_str()), ("NO_PROXY", "127.0.0.1, other.test"), ("TEST_PORT", &port)];
    if !is_alone("environment::the_scheme_decides_and_no_proxy_exempts", &variables) {
        return;
    }
    let proxy = proxy_at(std::env::var("TEST_PORT").unwrap().parse().unwrap());
    let ask = |url: &str| Client::new(&from_environment(url)).unwrap().wait("e", LONG, None).unwrap();
    assert_eq!(ask("https://localhost:9"), EVENT);
    assert_eq!(proxy.connections(), 1);
    let exempt = ScriptedServer::always(tls_service().to_vec());
    assert_eq!(ask(&exempt.https()), EVENT);
    let plain = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    assert_eq!(ask(&format!("http://localhost:{}", plain.address.port())), EVENT);
    assert_eq!((proxy.connections(), exempt.connections(), plain.connections()), (1, 1, 1));
    let mut config = from_environment(&format!("https://localhost:{}", exempt.address.port()));
    assert_eq!(Client::new(config.set_proxy("").unwrap()).unwrap().wait("e", LONG, None).unwrap(), EVENT);
    assert_eq!((proxy.connections(), exempt.connections()), (1, 2), "an empty proxy means none");
}

#[test]
fn a_socks_proxy_is_refused_and_not_ignored() {
    if !is_alone("environment::a_socks_proxy_is_refused_and_not_ignored", &[("ALL_PROXY", "socks5h://127.0.0.1:1080")])
    {
        return;
    }
    let error = Client::new(&from_environment("https://localhost:9")).unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    assert!(error.message().contains("ALL_PROXY") && error.message().contains("SOCKS"), "{error}");
    let mut config = Config::bare();
    let error = config.set_proxy("socks4://127.0.0.1").unwrap_err();
    assert!(error.message().contains("SOCKS"), "{error}");
}

#[test]
fn the_variables_count_as_they_were_when_they_were_read() {
    if !is_alone("environment::the_variables_count_as_they_were_when_they_were_read", &[]) {
        return;
    }
    let server = ScriptedServer::always(tls_service().to_vec());
    let config = from_environment(&server.https());
    // SAFETY: the test has the process for itself, and no other thread of it touches the environment.
    unsafe { std::env::set_var("HTTPS_PROXY", "http://127.0.0.1:9") };
    assert_eq!(Client::new(&config).unwrap().wait("e", LONG, None).unwrap(), EVENT);
}
