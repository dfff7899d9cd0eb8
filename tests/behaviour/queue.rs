//! Waits whose outcomes go to a queue: each gives exactly one completion, whoever takes it, and the queue reports when there is
//! something to take.

use anchor::{Client, Completion, Error, Queue, Status};
use std::time::Duration;
use testkit::PATIENCE;
use testkit::local_server::LocalServer;

const LONG: Option<Duration> = Some(PATIENCE);
const LOOK: Option<Duration> = Some(Duration::ZERO);

fn setup() -> (LocalServer, Client, Queue) {
    let server = LocalServer::start(&[]);
    let client = server.client();
    (server, client, Queue::new().unwrap())
}

fn next(queue: &Queue) -> Completion {
    queue.next(LONG, None).unwrap()
}

fn status(completion: &Completion) -> Status {
    completion.outcome().map_or_else(Error::status, |_| Status::Ok)
}

/// Why nothing was taken.
fn refusal(taken: Result<Completion, Error>) -> Status {
    taken.expect_err("nothing to take").status()
}

/// Until the queue can be taken from; nothing is.
fn until_ready(queue: &Queue) {
    assert!(is_readable(queue, PATIENCE), "nothing ended");
}

fn is_readable(queue: &Queue, patience: Duration) -> bool {
    use std::os::fd::{AsFd, AsRawFd};
    let fd = queue.as_fd().as_raw_fd();
    let mut watched = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: one live pollfd.
    unsafe { libc::poll(&raw mut watched, 1, i32::try_from(patience.as_millis()).unwrap()) == 1 }
}

#[test]
fn each_wait_gives_one_completion_with_its_tag() {
    let (_server, client, queue) = setup();
    for tag in [7, u64::MAX, 7, 0] {
        client.signal(&format!("event-{tag}"), Some(&format!(r#"{{"n":{tag}}}"#))).unwrap();
        client.start_on(&queue, &format!("event-{tag}"), LONG, tag).unwrap();
        assert_eq!(queue.running(), 1);
        until_ready(&queue);
        assert_eq!(queue.running(), 1, "it was not taken yet");
        let completion = next(&queue);
        let event = format!(r#"{{"data":{{"n":{tag}}}}}"#);
        assert_eq!((completion.tag(), completion.outcome().unwrap()), (tag, event.as_str()));
        assert!(!format!("{completion:?}").contains("data"), "the answer is not in debug output");
        assert_eq!(completion.into_outcome().unwrap(), event);
        assert_eq!((queue.running(), refusal(queue.next(LOOK, None))), (0, Status::Pending));
    }
}

#[test]
fn a_failure_of_the_wait_is_in_the_completion() {
    let (server, client, queue) = setup();
    client.start_on(&queue, "quiet", Some(Duration::from_millis(50)), 1).unwrap();
    assert_eq!(status(&next(&queue)), Status::Timeout);
    let cancelled = client.start_on(&queue, "quiet", None, 2).unwrap();
    server.until_waiting(1);
    cancelled.cancel();
    cancelled.cancel();
    let completion = next(&queue);
    assert_eq!((completion.tag(), status(&completion)), (2, Status::Cancelled));
    cancelled.cancel();
    assert_eq!(refusal(queue.next(LOOK, None)), Status::Pending, "one completion each");
}

#[test]
fn a_wait_that_cannot_start_gives_no_completion() {
    let (_server, client, queue) = setup();
    let error = client.start_on(&queue, "..", LONG, 1).unwrap_err();
    assert_eq!((error.status(), queue.running()), (Status::InvalidArgument, 0));
    assert_eq!(refusal(queue.next(LOOK, None)), Status::Pending);
}
