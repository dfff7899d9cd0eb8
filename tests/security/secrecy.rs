//! The key, the headers that a program adds, a proxy's password and the data of events are in no output of the library: errors, log lines, Debug output,
//! counts, the command's messages. The server provokes it: it quotes everything that it was sent.

use anchor::{Client, Config, Error, LogLevel, Options, Timeout};
use std::cell::Cell;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use testkit::PATIENCE;
use testkit::addresses::ReservedPort;
use testkit::certificates::{Certificate, authority_file, tls};
use testkit::library;
use testkit::process::{Outcome, run, without_settings};
use testkit::scripted::script::{Script, Step, answer, event};
use testkit::scripted::{Request, ScriptedServer};
use testkit::settings::config;

const KEY: &str = "k3y+/=&%\"\\se cret-7f1c";
const HEADER: &str = "gateway=token+/;\"4e2b\"";
const HEADER_OF_ONE_CALL: &str = "tenant=token+/;\"c80d\"";
const PASSWORD: &str = "pass-word-93ab+/";
const PASSWORD_IN_URL: &str = "pass-word-93ab%2B%2F";
/// `user:` and the password, in base64.
const CREDENTIALS: &str = "dXNlcjpwYXNzLXdvcmQtOTNhYisv";
const SENT: &str = "payload-51c7-of-a-signal";
const TAKEN: &str = "payload-8ae2-of-a-wait";
const TIMEOUT: Option<Duration> = Some(PATIENCE);

/// Everything that must not appear, in the forms in which it could appear.
fn forbidden() -> Vec<String> {
    let base64_of_key = "azN5Ky89JiUiXHNlIGNyZXQtN2YxYw";
    let in_url = "k3y%2B%2F%3D%26%25%22%5Cse%20cret-7f1c";
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let in_forms = |text: &str| [text.to_owned(), escaped(text), escaped(&escaped(text))];
    let of_requests = [KEY, HEADER, HEADER_OF_ONE_CALL].iter().flat_map(|text| in_forms(text));
    let others = [base64_of_key, in_url, PASSWORD, PASSWORD_IN_URL, CREDENTIALS, SENT, TAKEN].map(str::to_owned);
    of_requests.chain(others).collect()
}

/// What was said, by whom.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<(String, String)>>>);

impl Said {
    fn note(&self, source: &str, text: impl Into<String>) {
        self.0.lock().unwrap().push((source.to_owned(), text.into()));
    }

    fn note_debug(&self, source: &str, value: &impl Debug) {
        self.note(source, format!("{value:?}{value:#?}"));
    }

    fn note_error(&self, source: &str, error: &Error) {
        self.note_debug(source, error);
        self.note(source, format!("{error} {} {}", error.to_json(), error.message()));
        self.note(source, format!("{:?} {:?}", error.last_error(), error.request_id()));
    }

    /// A failure names the output and does not show it.
    fn check(&self, at_least: usize) {
        let said = self.0.lock().unwrap();
        let leaks = said.iter().filter(|(_, text)| forbidden().iter().any(|secret| text.contains(secret.as_str())));
        let sources: Vec<&str> = leaks.map(|(source, _)| source.as_str()).collect();
        assert!(sources.is_empty(), "secrets are in {sources:?}");
        assert!(said.len() >= at_least, "{} texts were looked at", said.len());
    }
}

/// Repeats the key, the headers and the body in a part of the answer; the event's name says in which.
fn quoting() -> Step {
    Step::AnswerWith(Arc::new(|request: &Request| {
        let body = String::from_utf8_lossy(&request.body);
        let key = request.header("anchor-api-key").unwrap_or_default();
        assert_eq!(key, KEY, "the service gets the key");
        let headers = ["x-gate", "x-tenant"].map(|name| request.header(name).unwrap_or_default()).join(" ");
        let all = format!("{key} {headers} {body}");
        let page = format!("<p>{all}</p>");
        let error = |code| {
            let json = serde_json::json!({"error": {"code": code, "message": all, "status": all}});
            answer(code, &format!("x-request-id: {all}\r\n"), &json.to_string())
        };
        match request.path().split('/').nth(3).unwrap_or_default() {
            "page" => answer(200, "", &page),
            "page-502" => answer(502, "", &page),
            "list" => answer(200, "", &format!("[{all:?}]")),
            "no-http" => format!("{all}\r\n\r\n").into_bytes(),
            "bad-header" => format!("HTTP/1.1 200 OK\r\n{all}\r\ncontent-length: 0\r\n\r\n").into_bytes(),
            "reason" => format!("HTTP/1.1 403 {all}\r\ncontent-length: 0\r\n\r\n").into_bytes(),
            "redirect" => answer(307, &format!("location: https://elsewhere.example/?{all}\r\n"), ""),
            "large" => answer(200, "", &format!("{:?}", all.repeat(5_000))),
            name => match name.strip_prefix("error-") {
                Some(code) => error(code.parse().unwrap()),
                None => answer(200, "", &format!("{{\"data\":{{\"text\":{TAKEN:?}}}}}")),
            },
        }
    }))
}

const NAMES: [&str; 18] = [
    "ok",
    "page",
    "page-502",
    "list",
    "no-http",
    "bad-header",
    "reason",
    "redirect",
    "large",
    "error-400",
    "error-401",
    "error-403",
    "error-404",
    "error-409",
    "error-422",
    "error-429",
    "error-500",
    "error-503",
];

/// Every way to call, and all output that results.
fn call(said: &Said, what: &str, mut config: Config) {
    let sink = (said.clone(), format!("the log, {what}"));
    config.set_log(move |level: LogLevel, line| sink.0.note(&sink.1, format!("{level:?} {line}")));
    // The others are in words.
    config.set_log_json(what == "TLS" || what == "a proxy that refuses");
    config.set_retries(1).set_max_response_bytes(100_000).unwrap();
    let client = Client::new(&config).unwrap();
    let mut options = Options::new();
    options.add_header("x-tenant", HEADER_OF_ONE_CALL).unwrap();
    said.note_debug("a configuration", &config);
    said.note_debug("options", &options);
    let data = format!("{{\"text\":{SENT:?}}}");
    for name in NAMES {
        let outcomes = [
            client.wait(name, TIMEOUT, None),
            client.wait_with(name, TIMEOUT, &options, None),
            client.signal(name, Some(&data), Timeout::Request, None),
            client.signal_with(name, Some(&data), Timeout::Request, &options, None),
        ];
        for error in outcomes.into_iter().filter_map(Result::err) {
            said.note_error(&format!("{what}, {name}"), &error);
        }
    }
    let started = client.start("ok", TIMEOUT).unwrap();
    said.note_debug("a started wait", &started);
    let _ = started.finish(None);
    let unfinished = client.start_with("error-403", TIMEOUT, &options).unwrap();
    if let Err(error) = unfinished.finish(None) {
        said.note_error(&format!("{what}, a started wait"), &error);
    }
    said.note_debug("a finished wait", &unfinished);
    if let Err(error) = client.drain("error-403", Timeout::Request, None) {
        said.note_debug("a drain", &error);
        said.note("a drain", error.to_string());
    }
    said.note_debug("a client", &client);
    said.note_debug("counts", &client.stats());
    said.note("counts", client.stats().to_json());
}

fn with_key(mut config: Config) -> Config {
    config.set_api_key(KEY).unwrap().add_header("x-gate", HEADER).unwrap();
    config
}

fn through(proxy: &ScriptedServer) -> Config {
    let mut config = config("https://localhost:9");
    config.set_proxy(&format!("http://user:{PASSWORD_IN_URL}@{}", proxy.address)).unwrap();
    with_key(config)
}

/// The requests themselves go to the proxy.
fn forwarded(proxy: &ScriptedServer) -> Config {
    let mut config = through(proxy);
    config.set_base_url("http://localhost:9").unwrap().set_allow_http(true);
    config
}

fn by_socks(proxy: &ScriptedServer) -> Config {
    let mut config = through(proxy);
    config.set_proxy(&format!("socks5h://user:{PASSWORD_IN_URL}@{}", proxy.address)).unwrap();
    config
}

/// Refuses the login by sending the password back.
fn socks_that_quotes() -> Script {
    let quoted = PASSWORD.as_bytes().to_vec();
    vec![Step::ReadSome, Step::Send(vec![5, 2]), Step::ReadSome, Step::Send(quoted), Step::Hang]
}

fn tunnel(then: Script) -> Script {
    let established = Step::Send(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
    [Step::ReadRequest, established].into_iter().chain(then).collect()
}

/// Refuses, and quotes what it was sent.
fn quoting_proxy() -> Step {
    Step::AnswerWith(Arc::new(|request: &Request| {
        let credentials = request.header("proxy-authorization").unwrap_or_default().to_owned();
        assert_eq!(credentials, format!("Basic {CREDENTIALS}"));
        let all = format!("{credentials} user:{PASSWORD}");
        format!("HTTP/1.1 407 {all}\r\nx: {all}\r\ncontent-length: 0\r\n\r\n{all}").into_bytes()
    }))
}

#[test]
fn no_output_holds_a_secret() {
    let said = Said::default();
    let plain = ScriptedServer::always(vec![quoting()]);
    let secure = ScriptedServer::always(vec![Step::Handshake(tls(Certificate::Good)), quoting()]);
    let untrusted = ScriptedServer::always(vec![Step::Handshake(tls(Certificate::UnknownAuthority))]);
    let lost = ScriptedServer::always(vec![Step::ReadRequest, Step::Reset]);
    let proxy = ScriptedServer::always(tunnel(vec![Step::Handshake(tls(Certificate::Good)), quoting()]));
    let refusing_proxy = ScriptedServer::always(vec![quoting_proxy()]);
    let socks_proxy = ScriptedServer::always(socks_that_quotes());
    let nobody = ReservedPort::bind();
    let cases = [
        ("plain", with_key(config(&plain.http()))),
        ("TLS", with_key(config(&secure.https()))),
        ("an untrusted server", with_key(config(&untrusted.https()))),
        ("a server that hangs up", with_key(config(&lost.http()))),
        ("nobody", with_key(config(&format!("http://{}", nobody.address())))),
        ("a proxy", through(&proxy)),
        ("a proxy that refuses", through(&refusing_proxy)),
        ("a proxy that forwards nothing", forwarded(&refusing_proxy)),
        ("a SOCKS proxy that refuses", by_socks(&socks_proxy)),
    ];
    thread::scope(|scope| {
        for (what, config) in cases {
            scope.spawn(|| call(&said, what, config));
        }
    });
    assert!(plain.requests().len() > NAMES.len() && refusing_proxy.requests().len() > NAMES.len());
    for log in ["the log, plain", "the log, TLS"] {
        let is_log = |(source, _): &&(String, String)| source == log;
        assert!(said.0.lock().unwrap().iter().filter(is_log).count() > NAMES.len());
    }
    said.check(500);
}

/// A program that logs all that ureq says sees requests without the key, which does not pass through ureq.
#[test]
fn a_log_of_ureqs_words_holds_no_key() {
    static RECORDS: Records = Records(Mutex::new(String::new()));
    log::set_logger(&RECORDS).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let client = Client::new(&with_key(config(&server.http()))).unwrap();
    IS_RECORDING.set(true);
    client.wait("e", Some(PATIENCE), None).unwrap();
    let mut options = Options::new();
    options.add_header("x-tenant", HEADER_OF_ONE_CALL).unwrap();
    client.signal_with("e", Some(r#"{"a":1}"#), Timeout::Request, &options, None).unwrap();
    IS_RECORDING.set(false);
    let records = RECORDS.0.lock().unwrap();
    println!("{records}");
    // What is sent is logged in lines of 16 bytes, and beside them in ASCII.
    let lines = records.lines().filter(|line| line.starts_with("ureq_proto::util "));
    let heads: String = lines.filter_map(|line| line.rsplit_once("  ").map(|(_, text)| text)).collect();
    assert!(heads.contains("POST./.HTTP/1.1."), "what is sent is logged: {heads}");
    for secret in [KEY, HEADER, HEADER_OF_ONE_CALL, "anchor-api-key", "/v1/events"] {
        assert!(!records.contains(secret) && !heads.contains(&secret.replace(' ', ".")));
    }
    let sent =
        ["anchor-api-key", "x-gate", "x-tenant"].map(|name| server.requests()[1].header(name).map(str::to_owned));
    assert_eq!(sent, [KEY, HEADER, HEADER_OF_ONE_CALL].map(|secret| Some(secret.to_owned())));
}

thread_local! {
    static IS_RECORDING: Cell<bool> = const { Cell::new(false) };
}

struct Records(Mutex<String>);

impl log::Log for Records {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if IS_RECORDING.get() {
            writeln!(self.0.lock().unwrap(), "{} {}", record.target(), record.args()).unwrap();
        }
    }

    fn flush(&self) {}
}

#[test]
fn settings_that_are_refused_are_not_repeated() {
    let said = Said::default();
    let mut config = Config::bare();
    for error in [
        config.set_api_key(&format!("{KEY}\n")).unwrap_err(),
        config.set_api_key(&KEY.repeat(1000)).unwrap_err(),
        config.add_header("x-gate", &format!("{HEADER}\n")).unwrap_err(),
        config.add_header("x-gate", &HEADER.repeat(1000)).unwrap_err(),
        config.add_header("host", HEADER).unwrap_err(),
        Options::new().add_header("x-tenant", &format!("{HEADER_OF_ONE_CALL}\n")).unwrap_err(),
        config.set_base_url(&format!("https://user:{PASSWORD}@localhost")).unwrap_err(),
        config.set_base_url(&format!("https://localhost/?{KEY}")).unwrap_err(),
        config.set_proxy(&format!("http://user:{PASSWORD}\n@localhost")).unwrap_err(),
        config.set_proxy(&format!("socks4://user:{PASSWORD_IN_URL}@localhost")).unwrap_err(),
        config.set_proxy(&format!("socks5://user:{PASSWORD}\n@localhost")).unwrap_err(),
        config.set_connect_to(KEY, KEY).unwrap_err(),
        config.set_proxy(&format!("http://user:{PASSWORD_IN_URL}@local host")).unwrap_err(),
    ] {
        said.note_error("a setter", &error);
    }
    let client = Client::new(config.set_api_key(KEY).unwrap()).unwrap();
    said.note_error(
        "a signal",
        &client.signal("e", Some(&format!("{{\"a\":{SENT:?}")), Timeout::Request, None).unwrap_err(),
    );
    said.note_error("a signal", &client.signal("e", Some(&format!("[{SENT:?}]")), Timeout::Request, None).unwrap_err());
    said.check(20);
}

/// A request to any other host would have the key in it.
#[test]
fn a_redirect_takes_the_key_nowhere() {
    let elsewhere = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    for code in [300, 301, 302, 303, 305, 307, 308] {
        let location = format!("location: {}/v1/events/e/wait\r\n", elsewhere.http());
        let server = ScriptedServer::always(vec![Step::AnswerAll(answer(code, &location, ""))]);
        let client = Client::new(&with_key(config(&server.http()))).unwrap();
        for error in [
            client.wait("e", TIMEOUT, None).unwrap_err(),
            client.signal("e", None, Timeout::Request, None).unwrap_err(),
        ] {
            assert_eq!(error.http_status(), Some(code), "{error:?}");
            assert!(error.message().contains(&elsewhere.http()), "{error:?}");
        }
        assert_eq!(server.requests().len(), 2, "{code}");
    }
    assert_eq!(elsewhere.connections(), 0);
}

/// Only the awaited event is printed, on stdout.
#[test]
fn the_command_prints_no_secret() {
    let said = Said::default();
    let plain = ScriptedServer::always(vec![quoting()]);
    let proxy = ScriptedServer::always(tunnel(vec![Step::Handshake(tls(Certificate::Good)), quoting()]));
    let refusing_proxy = ScriptedServer::always(vec![quoting_proxy()]);
    let data = format!("{{\"text\":{SENT:?}}}");
    for (url, through) in [(plain.http(), None), (secure_url(), Some(&proxy)), (secure_url(), Some(&refusing_proxy))] {
        for name in ["ok", "error-401", "redirect"] {
            for arguments in [vec!["wait", name, "--timeout", "20s"], vec!["signal", name, &data]] {
                let mut command = library::command();
                without_settings(&mut command);
                command.args(&arguments).arg("--verbose").args(["--base-url", &url, "--ca-file"]).arg(authority_file());
                command.env("ANCHORBROWSER_API_KEY", KEY);
                if let Some(proxy) = through {
                    let proxy = format!("http://user:{PASSWORD_IN_URL}@{}", proxy.address);
                    command.env("HTTPS_PROXY", proxy);
                }
                let Outcome { stdout, stderr, .. } = run(&mut command);
                said.note(&format!("anchor {} {name}, stderr", arguments[0]), stderr);
                said.note(&format!("anchor {} {name}, stdout", arguments[0]), stdout.replace(TAKEN, ""));
            }
        }
    }
    assert!(plain.requests().len() >= 6 && refusing_proxy.requests().len() >= 6);
    said.check(36);
}

/// Every user of the machine can see the arguments of a process.
#[test]
fn no_argument_of_the_command_is_a_key() {
    for arguments in [["wait", "e"], ["signal", "e"], ["drain", "e"]] {
        let mut command = library::command();
        without_settings(&mut command);
        let Outcome { status, stderr, .. } = run(command.args(arguments).args(["--api-key", KEY]));
        assert!(!status.success() && stderr.contains("unexpected argument '--api-key'"), "{arguments:?}");
        assert!(!stderr.contains(KEY), "{arguments:?}");
    }
}

/// A service that only a proxy can reach.
fn secure_url() -> String {
    "https://service.test".to_owned()
}
