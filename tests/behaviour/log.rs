//! What the log callback gets: lines of text, or of JSON with the fields of what they report.

use anchor::{Client, Config, LogLevel, Timeout, json_get};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::PATIENCE;
use testkit::addresses::ReservedPort;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, after_request, event, refusal};
use testkit::settings::config;
use testkit::way::{Way, each_way};

const LONG: Option<Duration> = Some(PATIENCE);

type Lines = Arc<Mutex<Vec<(LogLevel, String)>>>;

fn logged(config: &mut Config) -> Lines {
    let lines = Lines::default();
    let sink = Arc::clone(&lines);
    config.set_log(move |level: LogLevel, line: &str| sink.lock().unwrap().push((level, line.to_owned())));
    lines
}

/// The members of a line, in words; `-` for one that is absent.
fn members(line: &str, names: &[&str]) -> String {
    let values = names.iter().map(|name| json_get(line, &format!("/{name}")).unwrap_or_else(|| "-".to_owned()));
    values.collect::<Vec<String>>().join(" ")
}

/// The log reports what happens, and never the key or the data of an event.
#[each_way]
fn the_log_holds_neither_key_nor_payload(way: Way) {
    for is_json in [false, true] {
        let server = ScriptedServer::always(after_request([Step::Reset]));
        let mut config = config(&server.http());
        let lines = logged(config.set_retries(1).set_log_json(is_json));
        let client = Client::new(&config).unwrap();
        way.wait(&client, "named", LONG).unwrap_err();
        client.signal("named", Some(r#"{"code":"payload-51c7"}"#), Timeout::Request, None).unwrap_err();
        let lines = lines.lock().unwrap();
        assert!(lines.iter().any(|(level, line)| *level == LogLevel::Warning && line.contains("named")));
        assert!(lines.iter().all(|(_, line)| !line.contains(testkit::settings::KEY) && !line.contains("payload-51c7")));
    }
}

/// A failure, the service's 408, and the event.
#[each_way]
fn a_line_has_its_fields_as_json(way: Way) {
    let answers = [Step::Send(refusal(503)), Step::ReadRequest, Step::Send(refusal(408)), Step::ReadRequest];
    let script = after_request(answers.into_iter().chain([Step::Send(event()), Step::Hang]));
    let server = ScriptedServer::always(script);
    let mut config = config(&server.http());
    let lines = logged(config.set_log_json(true));
    let client = Client::new(&config).unwrap();
    let name = "a \"name\"\nof two lines";
    assert_eq!(way.wait(&client, name, LONG).unwrap(), EVENT);
    let lines = lines.lock().unwrap();
    let fields: Vec<String> = lines
        .iter()
        .map(|(_, line)| {
            assert!(!line.contains('\n') && json_get(line, "/eventName").as_deref() == Some(name), "{line}");
            members(line, &["level", "operation", "attempt", "phase", "status", "code"])
        })
        .collect();
    assert_eq!(
        fields,
        [
            "debug wait 1 receive ANCHOR_SERVER_ERROR 503",
            "warning wait 1 receive ANCHOR_SERVER_ERROR -",
            "debug wait 2 receive ANCHOR_TIMEOUT 408",
            "info wait 3 - - -",
            "debug wait 3 receive ANCHOR_OK -",
        ]
    );
    let pauses: Vec<bool> = lines.iter().map(|(_, line)| json_get(line, "/pauseMs").is_some()).collect();
    assert_eq!(pauses, [false, true, false, false, false]);
    assert_eq!(json_get(&lines[2].1, "/message").as_deref(), Some("request 2: not signaled yet"));
}

#[test]
fn a_line_about_a_signal_that_was_not_sent() {
    let nobody = ReservedPort::bind();
    let mut config = config(&format!("http://{}", nobody.address()));
    let lines = logged(config.set_retries(0).set_log_json(true));
    Client::new(&config).unwrap().signal("e", None, Timeout::Request, None).unwrap_err();
    let lines = lines.lock().unwrap();
    let [(LogLevel::Debug, line)] = &lines[..] else { panic!("{lines:?}") };
    let fields = members(line, &["level", "operation", "eventName", "attempt", "phase", "status", "code"]);
    assert_eq!(fields, "debug signal e 1 connect ANCHOR_NOT_SENT -");
}
