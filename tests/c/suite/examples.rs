//! What each example does. Users read these programs first.

use crate::builds;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use testkit::c_build::program::Build;
use testkit::certificates::{Certificate, authority_file, mutual_tls, pem};
use testkit::local_server::LocalServer;
use testkit::process::{Outcome, finish, run, spawn};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Script, Step, event};
use testkit::target::Target;
use testkit::{files, process, scratch, tools};

/// An example and the server that it finds in its environment.
struct Example {
    build: Build,
    server: LocalServer,
}

impl Example {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.build.command();
        self.server.configure(&mut command).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.command(arguments))
    }

    #[track_caller]
    fn check(&self, arguments: &[&str], code: i32, stdout: &str, stderr: &str) {
        let outcome = self.run(arguments);
        let as_expected = outcome.code() == Some(code) && outcome.stdout == stdout && outcome.stderr.contains(stderr);
        let silent = stderr.is_empty() && !outcome.stderr.is_empty();
        assert!(as_expected && !silent, "{}, {arguments:?}: {outcome:#?}", self.build.how);
    }

    fn signal(&self, name: &str, data: &str) {
        let mut config = anchor::Config::bare();
        config.set_base_url(&self.server.url).unwrap().set_api_key("test-key").unwrap();
        anchor::Client::new(&config)
            .unwrap()
            .signal(name, Some(data), anchor::Timeout::Request, None)
            .expect("the server takes it");
    }
}

/// An example must work in each way in which it is built.
fn example(file: &str, check: impl Fn(&Example)) {
    for build in builds(&format!("examples-c/{file}")) {
        check(&Example { build, server: LocalServer::with_faults() });
    }
}

fn wait_in_any_language(example: &Example, name: &str) {
    example.signal("there", r#"{"code":"1"}"#);
    example.check(&["there"], 0, "{\"data\":{\"code\":\"1\"}}\n", "");
    example.check(&["quiet", "3000"], 2, "", "not signaled");
    example.check(&["status_403"], 1, "", "key");
    example.check(&["."], 1, "", "event_name");
    example.check(&[], 1, "", "usage: wait EVENT [TIMEOUT_MS]");
    let outcome = run(example.command(&["any"]).env_remove("ANCHORBROWSER_API_KEY"));
    assert!(outcome.code() == Some(1) && outcome.stderr.contains("ANCHORBROWSER_API_KEY"), "{name}: {outcome:#?}");
    let outcome = run(example.command(&["any", "50"]).env("ANCHORBROWSER_BASE_URL", "https://127.0.0.1:1"));
    assert!(matches!(outcome.code(), Some(1 | 2)), "{name}: {outcome:#?}");
}

#[test]
fn example_wait() {
    example("wait.c", |example| wait_in_any_language(example, "wait.c"));
}

#[test]
fn example_wait_cpp() {
    example("wait.cpp", |example| wait_in_any_language(example, "wait.cpp"));
}

#[test]
fn example_signal() {
    example("signal.c", |example| {
        example.check(&["greeting"], 0, "signaled greeting\n", "");
        example.check(&["greeting", r#"{"text":"hello"}"#], 0, "signaled greeting\n", "");
        example.check(&["greeting", "[1]"], 1, "", "data_json is not a JSON object");
        example.check(&["drop"], 3, "", "ANCHOR_CONNECTION_LOST");
        example.check(&["status_401"], 1, "", "does not accept the API key");
        example.check(&["status_429"], 1, "", "Try again later");
        example.check(&["status_504"], 3, "", "may have been delivered");
        example.check(&[], 1, "", "usage: signal EVENT [DATA]");
    });
}

#[test]
fn example_mfa() {
    const STORY: &str = "agent:   waiting for the event \"mfa_code\"\n\
                         program: signaling it with {\"code\":\"271828\"}\n\
                         agent:   received {\"data\":{\"code\":\"271828\"}}\n\
                         agent:   signs in with the code 271828\n";
    example("mfa.c", |example| {
        example.signal("mfa_code", r#"{"code":"old"}"#);
        example.check(&["271828"], 0, STORY, "");
        example.check(&["not a code"], 1, "", "usage: mfa [CODE]");
    });
}

#[test]
fn example_cancel() {
    example("cancel.c", |example| {
        let mut child = spawn(&mut example.command(&["never"]));
        let pid = child.id();
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = || {
            let mut line = String::new();
            stdout.read_line(&mut line).expect("UTF-8");
            line
        };
        // The token is sticky, so whether the wait has begun does not matter; the handler is there.
        assert_eq!(line(), "Waiting for \"never\". Ctrl-C gives up.\n");
        process::kill(pid, "-INT");
        assert_eq!(line(), "Cancelled.\n");
        let outcome = finish(child, "cancel.c");
        assert!(outcome.code() == Some(130) && outcome.stderr.is_empty(), "{}: {outcome:#?}", example.build.how);

        example.signal("there", "{}");
        example.check(&["there"], 0, "Waiting for \"there\". Ctrl-C gives up.\n{\"data\":{}}\n", "");
        example.check(&["status_401"], 1, "Waiting for \"status_401\". Ctrl-C gives up.\n", "ANCHOR_UNAUTHORIZED");
    });
}

/// A SOCKS5 proxy that wants a login, and then acts as a gateway that wants a client certificate.
#[test]
fn example_mtls_socks5() {
    let folder = scratch("mtls-socks5");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name).to_str().unwrap().to_owned()
    };
    let (certificate, key) = pem(Certificate::ForClients);
    let (certificate, key) = (write("client.pem", &certificate), write("client.key", &key));
    let logged_in = [vec![5, 2], vec![1, 0], vec![5, 0, 0, 1, 0, 0, 0, 0, 0, 0]];
    let dialogue = logged_in.into_iter().flat_map(|answer| [Step::ReadSome, Step::Send(answer)]);
    let mutual = Step::Handshake(mutual_tls(&rustls::version::TLS13));
    let script: Script = dialogue.chain([mutual, Step::AnswerAll(event())]).collect();
    for build in builds("examples-c/mtls_socks5.c") {
        let proxy = ScriptedServer::always(script.clone());
        let url = format!("socks5h://user:password@{}", proxy.address);
        let run = |arguments: &[&str]| {
            let mut command = build.command();
            command.env("ANCHORBROWSER_BASE_URL", "https://localhost:9").env("ANCHORBROWSER_API_KEY", "test-key");
            run(command.env("SSL_CERT_FILE", authority_file()).args(arguments))
        };
        let outcome = run(&["e", &url, &certificate, &key]);
        assert!(outcome.code() == Some(0) && outcome.stdout.trim_end() == EVENT, "{}: {outcome:#?}", build.how);
        assert_eq!((proxy.connections(), proxy.requests().len()), (1, 1));
        let outcome = run(&["e", &url, &certificate, &certificate]);
        assert!(outcome.code() == Some(1) && outcome.stderr.contains("key"), "{}: {outcome:#?}", build.how);
        let outcome = run(&[]);
        assert!(outcome.code() == Some(1) && outcome.stderr.starts_with("usage: "), "{}: {outcome:#?}", build.how);
    }
}

#[test]
fn example_log() {
    example("log.c", |example| {
        let mut child = spawn(&mut example.command(&["late", "60000"]));
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut told = read_until(&mut stdout, "info     wait \"late\"");
        example.signal("late", "{}");
        told += &read_until(&mut stdout, "{\"waits\":1,");
        let outcome = finish(child, "log.c");
        assert!(outcome.code() == Some(0) && outcome.stderr.is_empty(), "{}: {outcome:#?}", example.build.how);
        for part in ["debug    wait \"late\"", "ANCHOR_OK: "] {
            assert!(told.contains(part), "no {part:?} in {told}");
        }
        assert_eq!(example.run(&["quiet", "3000"]).code(), Some(2));
        example.check(&[], 1, "", "usage: log EVENT [TIMEOUT_MS]");
    });
}

/// Everything up to the line that begins like this, which must come.
fn read_until(stdout: &mut impl BufRead, beginning: &str) -> String {
    let mut told = String::new();
    loop {
        let begin = told.len();
        let length = stdout.read_line(&mut told).expect("UTF-8");
        assert!(length > 0, "no {beginning:?} in {told}");
        if told[begin..].starts_with(beginning) {
            // As Windows ends a line.
            return told.replace("\r\n", "\n");
        }
    }
}

const THREE: &str =
    "login_done: {\"data\":{\"n\":1}}\nmfa_code: {\"data\":{\"n\":2}}\nreport_ready: {\"data\":{\"n\":3}}\n";

fn signal_three(example: &Example) {
    for (number, name) in ["login_done", "mfa_code", "report_ready"].into_iter().enumerate() {
        example.signal(name, &format!("{{\"n\":{}}}", number + 1));
    }
}

/// The lines in any order, without those of the clock.
fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').filter(|line| !line.starts_with("tick")).collect();
    lines.sort_unstable();
    lines.concat()
}

#[test]
fn example_epoll() {
    example("epoll.c", |example| {
        signal_three(example);
        let outcome = example.run(&[]);
        assert!(outcome.code() == Some(0) && sorted(&outcome.stdout) == THREE, "{}: {outcome:#?}", example.build.how);
        let mut child = spawn(&mut example.command(&["1200"]));
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        example.signal("mfa_code", "{}");
        let told = read_until(&mut stdout, "tick, 2 to come\n");
        assert!(told.contains("mfa_code: {\"data\":{}}\n"), "{}: {told}", example.build.how);
        example.signal("login_done", "{}");
        example.signal("report_ready", "{}");
        assert_eq!(finish(child, "epoll.c").code(), Some(0), "{}", example.build.how);
        assert_eq!(example.run(&["1"]).code(), Some(2), "{}", example.build.how);
    });
}

#[test]
fn example_any() {
    example("any.c", |example| {
        example.signal("there", "{}");
        example.check(&["never", "there"], 0, "there: {\"data\":{}}\n", "");
        example.check(&["never", "status_401"], 1, "", "any: status_401: ");
        example.check(&["never", "."], 1, "", "cannot wait for \".\"");
        example.check(&[], 1, "", "usage: any EVENT...");
    });
}

#[test]
fn example_all() {
    example("all.c", |example| {
        signal_three(example);
        let outcome = example.run(&["report_ready", "login_done", "mfa_code"]);
        assert!(outcome.code() == Some(0) && sorted(&outcome.stdout) == THREE, "{}: {outcome:#?}", example.build.how);
        example.signal("there", "{}");
        example.check(&["-t", "3000", "there", "quiet"], 2, "there: {\"data\":{}}\n", "all: quiet: the event was not");
        example.check(&["-t", "60000", "status_403"], 1, "", "all: status_403: ");
        example.check(&["there", "."], 1, "", "cannot wait for \".\"");
        example.check(&["-t", "5"], 1, "", "usage: all");
    });
}

#[test]
fn example_queue() {
    example("queue.c", |example| {
        example.signal("job_1", r#"{"n":1}"#);
        example.signal("job_3", r#"{"n":3}"#);
        let outcome = example.run(&["5", "3000"]);
        let lines = "2 of 5 were signaled\njob_1: {\"data\":{\"n\":1}}\njob_3: {\"data\":{\"n\":3}}\n";
        assert!(outcome.code() == Some(2) && sorted(&outcome.stdout) == lines, "{}: {outcome:#?}", example.build.how);
        example.signal("job_0", "{}");
        example.check(&["1"], 0, "job_0: {\"data\":{}}\n1 of 1 were signaled\n", "");
        example.check(&[], 1, "", "usage: queue COUNT [TIMEOUT_MS]");
        let outcome = run(example.command(&["1"]).env("ANCHORBROWSER_API_KEY", "wrong"));
        assert!(outcome.code() == Some(1) && outcome.stderr.starts_with("queue: job_0: "), "{outcome:#?}");
    });
}

/// Ctrl-C after the first of the events: it is reported, and the waits for the others end.
#[test]
fn example_queue_and_ctrl_c() {
    example("queue.c", |example| {
        let mut child = spawn(&mut example.command(&["40", "600000"]));
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        example.signal("job_7", "{}");
        assert_eq!(read_until(&mut stdout, "job_7"), "job_7: {\"data\":{}}\n");
        process::kill(child.id(), "-INT");
        assert_eq!(read_until(&mut stdout, "1 of"), "1 of 40 were signaled\n");
        let outcome = finish(child, "queue.c");
        assert!(outcome.code() == Some(130) && outcome.stderr.is_empty(), "{}: {outcome:#?}", example.build.how);
    });
}

/// What each event loop does with the queue of several waits.
fn in_a_loop(file: &str) {
    let name = file.split('.').next().expect("a name");
    example(file, |example| {
        signal_three(example);
        let outcome = example.run(&["60000", "login_done", "mfa_code", "report_ready"]);
        assert!(outcome.code() == Some(0) && sorted(&outcome.stdout) == THREE, "{}: {outcome:#?}", example.build.how);

        // What comes is printed, and the loop goes on until the last wait has ended.
        example.signal("there", "{}");
        let outcome = example.run(&["3000", "quiet", "there"]);
        let ticked = outcome.stdout.contains("tick\n") && sorted(&outcome.stdout) == "there: {\"data\":{}}\n";
        let late = outcome.stderr.starts_with(&format!("{name}: quiet: the event was not signaled"));
        assert!(outcome.code() == Some(2) && ticked && late, "{}: {outcome:#?}", example.build.how);

        let outcome = example.run(&["60000", "status_401"]);
        let refused = outcome.stderr == format!("{name}: status_401: A fault rule asked for this\n");
        assert!(outcome.code() == Some(1) && refused, "{}: {outcome:#?}", example.build.how);
        example.check(&["60000", "."], 1, "", "event_name");
        example.check(&["60000"], 1, "", &format!("usage: {name} TIMEOUT_MS EVENT..."));
    });
}

#[test]
fn example_libuv() {
    if tools::has("pkg-config") && tools::has_when("libuv1-dev", Path::new("/usr/include/uv.h").exists()) {
        in_a_loop("libuv.c");
    }
}

#[test]
fn example_glib() {
    if tools::has("pkg-config") && tools::has_when("libglib2.0-dev", Path::new("/usr/include/glib-2.0").exists()) {
        in_a_loop("glib.c");
    }
}

#[test]
fn example_asio() {
    let there = ["asio.hpp", "boost/asio.hpp"].iter().any(|it| Path::new("/usr/include").join(it).exists());
    if tools::has_when("libasio-dev", there) {
        in_a_loop("asio.cpp");
    }
}

/// A message loop, which is only there on Windows.
#[test]
fn example_windows() {
    if Target::of_programs().is_windows() {
        in_a_loop("windows.c");
    }
}

#[test]
fn example_coroutine() {
    example("coroutine.cpp", |example| {
        signal_three(example);
        let outcome = example.run(&["login_done", "mfa_code", "report_ready"]);
        assert!(outcome.code() == Some(0) && sorted(&outcome.stdout) == THREE, "{}: {outcome:#?}", example.build.how);

        // The second event of the sequence comes first, and is taken when its turn has come.
        let mut child = spawn(&mut example.command(&["first", "then", "other"]));
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        example.signal("then", "{}");
        for name in ["other", "first"] {
            example.signal(name, "{}");
            assert_eq!(read_until(&mut stdout, name), format!("{name}: {{\"data\":{{}}}}\n"));
        }
        assert_eq!(read_until(&mut stdout, "then"), "then: {\"data\":{}}\n");
        assert_eq!(finish(child, "coroutine.cpp").code(), Some(0));

        // A coroutine that fails leaves the other one alone.
        example.signal("there", "{}");
        example.check(&["status_401", "never", "there"], 1, "there: {\"data\":{}}\n", "ANCHOR_UNAUTHORIZED: ");
        example.check(&[".", "never", "status_403"], 1, "", "coroutine: ANCHOR_INVALID_ARGUMENT: event_name");
        example.check(&[], 1, "", "usage: coroutine FIRST THEN OTHER");
    });
}

#[test]
fn example_started_cpp() {
    example("started.cpp", |example| {
        signal_three(example);
        let outcome = example.run(&["login_done", "mfa_code", "report_ready"]);
        assert!(outcome.code() == Some(0) && sorted(&outcome.stdout) == THREE, "{}: {outcome:#?}", example.build.how);
        example.check(&["status_401"], 1, "", "started: ANCHOR_UNAUTHORIZED: ");
        example.check(&[], 1, "", "usage: started EVENT...");
    });
}

#[test]
fn every_example_has_a_test() {
    let tested = [
        "all.c",
        "any.c",
        "asio.cpp",
        "cancel.c",
        "coroutine.cpp",
        "epoll.c",
        "glib.c",
        "libuv.c",
        "log.c",
        "mfa.c",
        "mtls_socks5.c",
        "queue.c",
        "started.cpp",
        "signal.c",
        "test_with_server.c",
        "wait.c",
        "wait.cpp",
        "windows.c",
    ];
    for file in files("examples-c", ".c").into_iter().chain(files("examples-c", ".cpp")) {
        assert!(tested.contains(&file.as_str()), "examples-c/{file} is run by no test");
    }
}
