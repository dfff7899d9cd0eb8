//! Proxies that the environment names. Since it belongs to the whole process, each test runs once more in a process of
//! its own.

use super::proxies::{LONG, tls_service, tunnel};
use super::socks::socks;
use anchor::{Client, Config, Phase, Status, Timeout, Trust};
use testkit::addresses::ReservedPort;
use testkit::certificates::authority_file;
use testkit::sandbox::{is_alone, is_inside_with};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, event};
use testkit::settings::{KEY, config};
use testkit::way::{Way, each_way};

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

#[each_way]
fn the_scheme_decides_and_no_proxy_exempts(way: Way) {
    let reserved = ReservedPort::bind();
    let port = reserved.number().to_string();
    let proxy = format!("http://127.0.0.1:{port}");
    let variables = [("HTTPS_PROXY", proxy.as_str()), ("NO_PROXY", "127.0.0.1, other.test"), ("TEST_PORT", &port)];
    // Some networks answer for every name, and some take long to say that there is none.
    let files = ("nsswitch.conf", "hosts: files\n");
    if !is_inside_with(&way.of("environment::the_scheme_decides_and_no_proxy_exempts"), &variables, &[files]) {
        return;
    }
    let proxy = proxy_at(std::env::var("TEST_PORT").unwrap().parse().unwrap());
    let ask = |url: &str| way.wait(&Client::new(&from_environment(url)).unwrap(), "e", LONG).unwrap();
    assert_eq!(ask("https://service.test"), EVENT);
    assert_eq!(proxy.connections(), 1);
    let unreachable = |config: &mut Config| {
        let error = Client::new(config.set_retries(0)).unwrap().signal("e", None, Timeout::Request, None).unwrap_err();
        assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Dns)), "{error:?}");
    };
    unreachable(&mut from_environment("https://other.test"));
    unreachable(from_environment("http://service.test").set_allow_http(true));
    unreachable(from_environment("https://service.test").set_proxy("").unwrap());
    assert_eq!(proxy.connections(), 1, "an exempt host, plain http, and a proxy that is set to none");
}

/// The key of a plain request would be in clear on the way to a proxy, which is on another machine as a rule.
#[each_way]
fn loopback_goes_direct_whatever_the_environment_says(way: Way) {
    let reserved = ReservedPort::bind();
    let port = reserved.number().to_string();
    let proxy = format!("http://127.0.0.1:{port}");
    let named = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"];
    let mut variables: Vec<(&str, &str)> = named.iter().map(|name| (*name, proxy.as_str())).collect();
    variables.extend([("NO_PROXY", "elsewhere.test"), ("TEST_PORT", &port)]);
    if !is_alone(&way.of("environment::loopback_goes_direct_whatever_the_environment_says"), &variables) {
        return;
    }
    let proxy = proxy_at(std::env::var("TEST_PORT").unwrap().parse().unwrap());
    let (plain, secure) =
        (ScriptedServer::always(vec![Step::AnswerAll(event())]), ScriptedServer::always(tls_service().to_vec()));
    for host in ["127.0.0.1", "localhost", "LocalHost", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{}", plain.address.port());
        assert_eq!(way.wait(&Client::new(&from_environment(&url)).unwrap(), "e", LONG).unwrap(), EVENT, "{url}");
    }
    for host in ["127.0.0.1", "localhost", "LOCALHOST"] {
        let url = format!("https://{host}:{}", secure.address.port());
        assert_eq!(way.wait(&Client::new(&from_environment(&url)).unwrap(), "e", LONG).unwrap(), EVENT, "{url}");
    }
    assert_eq!((plain.connections(), secure.connections(), proxy.connections()), (4, 3, 0));
}

/// Whoever sets a proxy and a plain base URL is asked whether the proxy may read the key.
#[each_way]
fn a_proxy_for_a_plain_service_is_refused_unless_http_is_allowed(way: Way) {
    for url in ["http://localhost:9", "http://127.0.0.1:9", "http://[::1]:9"] {
        let proxy = ScriptedServer::always(vec![Step::AnswerAll(event())]);
        let mut config = config(url);
        let error = Client::new(config.set_proxy(&proxy.http()).unwrap()).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument);
        for setting in ["proxy", "base_url", "allow_http"] {
            assert!(error.message().contains(setting), "{error}");
        }
        assert_eq!(proxy.connections(), 0);
        let client = Client::new(config.set_allow_http(true)).unwrap();
        assert_eq!((way.wait(&client, "e", LONG).unwrap().as_str(), proxy.connections()), (EVENT, 1));
    }
}

#[each_way]
fn a_socks_proxy_for_all(way: Way) {
    let reserved = ReservedPort::bind();
    let port = reserved.number().to_string();
    let proxy = format!("socks5h://127.0.0.1:{port}");
    let variables = [("ALL_PROXY", proxy.as_str()), ("TEST_PORT", &port)];
    if !is_alone(&way.of("environment::a_socks_proxy_for_all"), &variables) {
        return;
    }
    let port: u16 = std::env::var("TEST_PORT").unwrap().parse().unwrap();
    let proxy = ScriptedServer::start_at(([127, 0, 0, 1], port).into(), vec![socks(tls_service())]);
    let client = Client::new(&from_environment("https://service.test")).unwrap();
    assert_eq!((way.wait(&client, "e", LONG).unwrap().as_str(), proxy.connections()), (EVENT, 1));
}

#[test]
fn a_socks_proxy_of_another_version_is_refused_and_not_ignored() {
    let test = "environment::a_socks_proxy_of_another_version_is_refused_and_not_ignored";
    if !is_alone(test, &[("ALL_PROXY", "socks4a://127.0.0.1:1080")]) {
        return;
    }
    assert!(Client::new(&from_environment("https://localhost:9")).is_ok(), "it is not for loopback");
    assert!(Client::new(&from_environment("unix:/run/anchor.sock")).is_ok(), "nor for a Unix socket");
    let error = Client::new(&from_environment("https://service.test")).unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    assert!(error.message().contains("ALL_PROXY") && error.message().contains("SOCKS"), "{error}");
    let mut config = from_environment("https://service.test");
    config.set_connect_to("service.test:443", "127.0.0.1:9").unwrap();
    assert!(Client::new(&config).is_ok(), "what is connected to is loopback");
}

#[each_way]
fn the_variables_count_as_they_were_when_they_were_read(way: Way) {
    let reserved = ReservedPort::bind();
    let port = reserved.number().to_string();
    let variables = [("HTTPS_PROXY", &*format!("http://127.0.0.1:{port}")), ("TEST_PORT", &port)];
    if !is_alone(&way.of("environment::the_variables_count_as_they_were_when_they_were_read"), &variables) {
        return;
    }
    let proxy = proxy_at(std::env::var("TEST_PORT").unwrap().parse().unwrap());
    let config = from_environment("https://service.test");
    // SAFETY: the test has the process for itself, and no other thread of it touches the environment.
    unsafe { std::env::set_var("HTTPS_PROXY", "http://127.0.0.1:9") };
    assert_eq!(way.wait(&Client::new(&config).unwrap(), "e", LONG).unwrap(), EVENT);
    assert_eq!(proxy.connections(), 1);
}

/// As curl and Go have it: who empties a variable wants it to be as if it were not there.
#[each_way]
fn an_empty_variable_is_as_if_unset(way: Way) {
    let named =
        ["ANCHORBROWSER_API_KEY", "ANCHORBROWSER_BASE_URL", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"];
    let reserved = ReservedPort::bind();
    let port = reserved.number().to_string();
    let proxy = format!("http://127.0.0.1:{port}");
    let mut variables: Vec<(&str, &str)> = named.into_iter().map(|name| (name, "")).collect();
    variables.extend([("SSL_CERT_FILE", ""), ("SSL_CERT_DIR", ""), ("REQUEST_METHOD", "")]);
    variables.extend([
        ("ANCHOR_API_KEY", KEY),
        ("https_proxy", &proxy),
        ("no_proxy", "other.test"),
        ("TEST_PORT", &port),
    ]);
    if !is_alone(&way.of("environment::an_empty_variable_is_as_if_unset"), &variables) {
        return;
    }
    let proxy = proxy_at(std::env::var("TEST_PORT").unwrap().parse().unwrap());
    let mut config = Config::from_env();
    assert!(Client::new(&config).is_ok(), "its base URL is the service's, over TLS");
    config.set_base_url("https://service.test").unwrap().set_ca_file(authority_file()).unwrap();
    for trust in [Trust::Auto, Trust::Bundled] {
        assert_eq!(way.wait(&Client::new(config.set_trust(trust)).unwrap(), "e", LONG).unwrap(), EVENT, "{trust:?}");
    }
    assert_eq!(proxy.connections(), 2, "the second name of each variable counts");
    assert!(proxy.requests().iter().any(|request| request.header("anchor-api-key") == Some(KEY)));
}
