//! `serve --unix`: the same server at a Unix socket.
#![cfg(unix)]

mod server;

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use server::{Server, program};
use testkit::process::run;

fn socket(test: &str) -> PathBuf {
    std::env::temp_dir().join(format!("anchor-{test}-{}.sock", std::process::id()))
}

#[test]
fn the_url_names_the_socket_and_commands_take_it() {
    let path = socket("serve");
    let mut server = Server::at_unix(&path);
    assert_eq!(server.url, format!("unix:{}", path.display()));
    let command = |arguments: &[&str]| run(server.configure(Command::new(program()).args(arguments)));
    assert_eq!(command(&["signal", "e", "n=1"]).code(), Some(0));
    assert_eq!(command(&["wait", "e"]).stdout, "{\"n\":\"1\"}\n");
    assert_eq!(server.queued(), 0, "the admin endpoint is there too");
    assert_eq!(server.stop("-TERM").code(), Some(0));
    assert!(!path.exists(), "it removes its socket");
}

#[test]
fn the_socket_of_a_server_that_was_killed_is_replaced() {
    let path = socket("killed");
    let mut killed = Server::at_unix(&path);
    killed.stop("-KILL");
    assert!(path.exists());
    let server = Server::at_unix(&path);
    server.signal("e", "{}");
    assert_eq!(server.take("e", 1000).as_deref(), Some("{}"));
}

#[test]
fn a_socket_that_is_served_and_another_file_are_left_alone() {
    let path = socket("served");
    let _server = Server::at_unix(&path);
    let file = socket("file");
    std::fs::write(&file, "mine").unwrap();
    for taken in [&path, &file] {
        let outcome = run(Command::new(program()).args(["serve", "--unix"]).arg(taken));
        assert_ne!(outcome.code(), Some(0));
        assert!(outcome.stderr.contains("cannot listen on"), "{}", outcome.stderr);
    }
    assert!(UnixStream::connect(&path).is_ok());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    std::fs::remove_file(file).unwrap();
}

/// As over TCP: the event of an answer that nobody read goes to the next wait.
#[test]
fn an_event_that_was_not_read_is_given_back() {
    let server = Server::at_unix(&socket("unread"));
    let mut gone = server.connect();
    gone.start_wait("e");
    server.until_holding("e");
    drop(gone);
    server.until_waiting(0);
    server.signal("e", "{\"n\":1}");
    assert_eq!(server.take("e", 1000).as_deref(), Some("{\"n\":1}"));
}

#[test]
fn other_places_to_listen_at_are_refused_beside_it() {
    for other in [&["--port", "0"][..], &["--host", "localhost"], &["--tls"], &["--page-host", "x"]] {
        let outcome = run(Command::new(program()).args(["serve", "--unix", "/nowhere"]).args(other));
        assert_eq!(outcome.code(), Some(1), "{other:?}: {}", outcome.stderr);
    }
}
