//! A client in a child after fork: the child gets connections of its own, and those of the parent go on undisturbed, TLS
//! sessions above all. A process with one thread must fork, so this program is without cargo's harness: it starts itself again
//! for each case, and is the server that parent and child call.

use anchor::{Client, Config, Trust, json_get};
use std::process::Command;
use std::time::Duration;
use testkit::certificates::{Certificate, authority_file, tls};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Gate, Step, answer, event};
use testkit::settings::config;

const LONG: Option<Duration> = Some(Duration::from_secs(20));

fn main() {
    match std::env::var("FORK_PROGRAM").as_deref() {
        Ok("one client") => child_and_parent_use_one_client(),
        Ok("cancel_all") => cancel_all_in_a_child(),
        Ok("authorities") => child_after_the_files_are_gone(),
        Ok(other) => panic!("no program {other}"),
        // A test runner asks which tests there are.
        Err(_) if std::env::args().any(|argument| argument == "--list") => {}
        Err(_) => {
            a_child_and_its_parent_use_one_client();
            cancel_all_in_a_child_leaves_the_parents_wait_alone();
            a_child_trusts_whom_its_parent_read();
            println!("test fork ... ok");
        }
    }
}

fn run(program: &str, url: &str) {
    let mut run = Command::new(std::env::current_exe().unwrap());
    run.env("FORK_PROGRAM", program).env("TEST_URL", url).env("TEST_CA", authority_file());
    assert!(run.status().unwrap().success(), "{program} with {url}");
}

/// Runs `work` in a child, whose exit status says whether it succeeded.
fn fork(work: impl FnOnce() -> bool) -> libc::pid_t {
    assert_eq!(std::fs::read_dir("/proc/self/task").unwrap().count(), 1, "a fork of many threads is another matter");
    // SAFETY: the process has one thread.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let went_well = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or(false);
        // SAFETY: ends the child and nothing of its parent's.
        unsafe { libc::_exit(i32::from(!went_well)) };
    }
    child
}

fn expect_well(child: libc::pid_t) {
    let mut status = -1;
    // SAFETY: the pointer is to a local int.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child's call failed");
}

/// A client that trusts the authority of the process outside.
fn client() -> Client {
    let mut config = config(&std::env::var("TEST_URL").unwrap());
    config.set_ca_file(std::env::var("TEST_CA").unwrap()).unwrap();
    Client::new(&config).unwrap()
}

fn takes_the_event(client: &Client) -> bool {
    client.wait("e", LONG, None).is_ok_and(|answer| answer == EVENT)
}

fn child_and_parent_use_one_client() {
    let client = client();
    assert!(takes_the_event(&client));
    let child = fork(|| {
        let grandchild = fork(|| takes_the_event(&client));
        expect_well(grandchild);
        takes_the_event(&client) && takes_the_event(&client)
    });
    expect_well(child);
    assert!(takes_the_event(&client), "the parent's session did not survive");
    // This child drops its client, and with it what it inherited of the parent's connections.
    let mut dropped = Some(client.clone());
    drop(client);
    let child = fork(|| {
        let client = dropped.take().expect("the only handle");
        takes_the_event(&client)
    });
    expect_well(child);
    let client = dropped.expect("the parent's handle");
    assert!(takes_the_event(&client), "the parent's session did not survive");
    let stats = client.stats();
    assert_eq!((stats.connections_made, stats.connections_reused), (1, 2), "of the parent");
}

/// The grandchild, the child and the second child have a connection each; the parent keeps its first.
fn a_child_and_its_parent_use_one_client() {
    for handshake in [None, Some(Step::Handshake(tls(Certificate::Good)))] {
        let is_tls = handshake.is_some();
        let server = ScriptedServer::always(handshake.into_iter().chain([Step::AnswerAll(event())]).collect());
        run("one client", &if is_tls { server.https() } else { server.http() });
        let connections: Vec<usize> = server.requests().iter().map(|request| request.connection).collect();
        assert_eq!(connections, [0, 1, 2, 2, 0, 3, 0]);
    }
}

/// `cancel_all` in a child ends the child's calls, of which there are none, and not the parent's.
fn cancel_all_in_a_child_leaves_the_parents_wait_alone() {
    let (parent_waits, child_is_done) = (Gate::default(), Gate::default());
    let parents = vec![
        Step::ReadRequest,
        Step::Send(event()),
        Step::ReadRequest,
        Step::Open(parent_waits.clone()),
        Step::Await(child_is_done.clone()),
        Step::Send(answer(200, "", r#"{"data":{"for":"parent"}}"#)),
        Step::Hang,
    ];
    let childs = vec![
        Step::ReadRequest,
        Step::Await(parent_waits),
        Step::Send(event()),
        Step::ReadRequest,
        Step::Open(child_is_done),
        Step::Send(event()),
        Step::Hang,
    ];
    let server = ScriptedServer::start(vec![parents, childs]);
    run("cancel_all", &server.http());
    assert_eq!(server.connections(), 2);
}

fn cancel_all_in_a_child() {
    let client = client();
    assert!(takes_the_event(&client));
    let child = fork(|| {
        let before = takes_the_event(&client);
        client.cancel_all();
        before && takes_the_event(&client)
    });
    let answer = client.wait("parents", LONG, None).expect("no cancel");
    assert_eq!(json_get(&answer, "/data/for").as_deref(), Some("parent"));
    expect_well(child);
}

/// What `Client::new` read is what counts: the child neither misses the files nor reads what stands there now.
fn a_child_trusts_whom_its_parent_read() {
    let server = ScriptedServer::always(vec![Step::Handshake(tls(Certificate::Good)), Step::AnswerAll(event())]);
    run("authorities", &server.https());
    assert_eq!(server.connections(), 4);
}

fn child_after_the_files_are_gone() {
    let pem = std::fs::read(std::env::var("TEST_CA").unwrap()).unwrap();
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fork-ca-{}.pem", std::process::id()));
    let by_setting = |config: &mut Config| {
        config.set_ca_file(&file).unwrap();
    };
    let by_variable = |config: &mut Config| {
        // SAFETY: the process has one thread.
        unsafe { std::env::set_var("SSL_CERT_FILE", &file) };
        config.set_trust(Trust::System);
    };
    for name in [&by_setting as &dyn Fn(&mut Config), &by_variable] {
        std::fs::write(&file, &pem).unwrap();
        let mut config = Config::bare();
        config.set_api_key("key").unwrap().set_base_url(&std::env::var("TEST_URL").unwrap()).unwrap();
        config.set_trust(Trust::Bundled);
        name(&mut config);
        let client = Client::new(&config).unwrap();
        std::fs::write(&file, "another file by now").unwrap();
        expect_well(fork(|| takes_the_event(&client)));
        std::fs::remove_file(&file).unwrap();
        expect_well(fork(|| takes_the_event(&client)));
    }
}
