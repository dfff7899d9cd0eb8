//! Waits whose outcomes go to a queue: each gives exactly one completion, whoever takes it, and the queue reports when there is
//! something to take.
//! In C, with signal handlers and child processes: tests/c/queue.c.

use anchor::{CancelToken, Client, Completion, Error, Queue, Status, Timeout};
use std::thread;
use std::time::{Duration, Instant};
use testkit::PATIENCE;
use testkit::freeze::{Freezable, signal_handled_by};
use testkit::local_server::LocalServer;

pub const LONG: Option<Duration> = Some(PATIENCE);
const LOOK: Option<Duration> = Some(Duration::ZERO);

pub fn setup() -> (LocalServer, Client, Queue) {
    let server = LocalServer::start(&[]);
    let client = server.client();
    (server, client, Queue::new().unwrap())
}

pub fn next(queue: &Queue) -> Completion {
    queue.next(LONG, None).unwrap()
}

pub fn status(completion: &Completion) -> Status {
    completion.outcome().map_or_else(Error::status, |_| Status::Ok)
}

/// Why nothing was taken.
fn refusal(taken: Result<Completion, Error>) -> Status {
    taken.expect_err("nothing to take").status()
}

/// Until the queue can be taken from; nothing is.
pub fn until_ready(queue: &Queue) {
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
        client.signal(&format!("event-{tag}"), Some(&format!(r#"{{"n":{tag}}}"#)), Timeout::Request, None).unwrap();
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
    client.start_on(&queue, "quiet", LOOK, 1).unwrap();
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

#[test]
fn next_blocks_until_a_wait_ends() {
    let (server, client, queue) = setup();
    client.start_on(&queue, "later", LONG, 1).unwrap();
    let began = Instant::now();
    assert_eq!(refusal(queue.next(Some(Duration::from_millis(30)), None)), Status::Pending);
    assert!(began.elapsed() >= Duration::from_millis(30));
    thread::scope(|scope| {
        scope.spawn(|| {
            server.until_waiting(1);
            client.signal("later", None, Timeout::Request, None).unwrap();
        });
        assert_eq!(queue.next(None, None).unwrap().tag(), 1);
    });
}

/// A program may block on a queue before it starts the first wait.
#[test]
fn a_token_ends_the_taking_and_not_the_waits() {
    let (server, client, queue) = setup();
    let token = CancelToken::new().unwrap();
    thread::scope(|scope| {
        let taking = scope.spawn(|| refusal(queue.next(None, Some(&token))));
        client.start_on(&queue, "kept", LONG, 1).unwrap();
        server.until_waiting(1);
        token.cancel();
        assert_eq!(taking.join().unwrap(), Status::Cancelled);
    });
    assert_eq!((refusal(queue.next(LOOK, Some(&token))), queue.running()), (Status::Cancelled, 1));
    client.signal("kept", None, Timeout::Request, None).unwrap();
    until_ready(&queue);
    assert_eq!(queue.next(LOOK, Some(&token)).unwrap().tag(), 1, "what is there wins");
}

extern "C" fn ignore(_: libc::c_int) {}

/// The clients that have waits on the queue when a signal comes decide whether it ends the call.
#[test]
fn a_signal_ends_the_taking_if_a_client_asks_for_it() {
    let (server, patient, queue) = setup();
    let mut config = server.config();
    config.set_interruptible(true);
    let hasty = Client::new(&config).unwrap();
    let signal = signal_handled_by(ignore);
    let queue: &'static Queue = Box::leak(Box::new(queue));
    let take = || Freezable::spawn(|| queue.next(None, None).map(|completion| completion.tag()));

    patient.start_on(queue, "patient", LONG, 1).unwrap();
    let taking = take();
    for _ in 0..3 {
        taking.until_asleep();
        taking.signal(signal);
    }
    let wait = hasty.start_on(queue, "hasty", LONG, 2).unwrap();
    // One that comes just before the thread blocks does not end the call.
    while !taking.is_finished() {
        taking.signal(signal);
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(taking.join().unwrap_err().status(), Status::Interrupted);
    assert_eq!(queue.running(), 2, "no wait was ended");

    wait.cancel();
    assert_eq!(next(queue).tag(), 2);
    let taking = take();
    for _ in 0..3 {
        taking.until_asleep();
        taking.signal(signal);
    }
    patient.signal("patient", None, Timeout::Request, None).unwrap();
    assert_eq!(taking.join().unwrap(), 1, "the hasty client's wait is over");
}

#[test]
fn the_descriptor_is_readable_while_the_queue_is_not_empty() {
    let (_server, client, queue) = setup();
    assert!(!is_readable(&queue, Duration::ZERO));
    for tag in 0..2 {
        client.signal("there", None, Timeout::Request, None).unwrap();
        client.start_on(&queue, "there", LONG, tag).unwrap();
    }
    for _ in 0..2 {
        until_ready(&queue);
        until_ready(&queue);
        next(&queue);
    }
    assert!(!is_readable(&queue, Duration::ZERO));
}

#[test]
fn dropping_the_handle_of_a_wait_does_not_cancel_it() {
    let (server, client, queue) = setup();
    drop(client.start_on(&queue, "orphan", LONG, 1).unwrap());
    drop(client);
    server.client().signal("orphan", None, Timeout::Request, None).unwrap();
    assert_eq!(status(&next(&queue)), Status::Ok);
}

#[test]
fn cancel_all_of_a_queue_ends_its_waits_and_no_others() {
    let (server, client, queue) = setup();
    let other = Queue::new().unwrap();
    let second = Client::new(&server.config_with_key("another-key")).unwrap();
    for tag in 0..10 {
        client.start_on(&queue, "never", None, tag).unwrap();
        second.start_on(&queue, "never", None, 10 + tag).unwrap();
    }
    client.start_on(&other, "spared", LONG, 1).unwrap();
    let started = client.start("spared", LONG).unwrap();
    queue.cancel_all();
    client.start_on(&queue, "later", LONG, 20).unwrap();
    let mut tags = [(); 20].map(|()| {
        let completion = next(&queue);
        assert_eq!(status(&completion), Status::Cancelled);
        completion.tag()
    });
    tags.sort_unstable();
    assert!(tags.into_iter().eq(0..20));
    for event in ["later", "spared", "spared"] {
        client.signal(event, None, Timeout::Request, None).unwrap();
    }
    assert_eq!((status(&next(&queue)), status(&next(&other))), (Status::Ok, Status::Ok));
    assert!(started.finish(LONG).is_ok());
}

#[test]
fn cancel_all_of_a_client_ends_its_queued_waits() {
    let (server, client, queue) = setup();
    server.client().start_on(&queue, "spared", LONG, 0).unwrap();
    for tag in 1..50 {
        client.start_on(&queue, "never", None, tag).unwrap();
        client.cancel_all();
        let completion = next(&queue);
        assert_eq!((completion.tag(), status(&completion)), (tag, Status::Cancelled));
    }
    assert_eq!(queue.running(), 1);
}

#[test]
fn an_answer_wins_over_a_cancel_that_comes_later() {
    let (_server, client, queue) = setup();
    client.signal("there", None, Timeout::Request, None).unwrap();
    let wait = client.start_on(&queue, "there", LONG, 1).unwrap();
    until_ready(&queue);
    wait.cancel();
    queue.cancel_all();
    client.cancel_all();
    assert_eq!(status(&next(&queue)), Status::Ok);
}

/// More than one wait may end before a thread takes.
#[test]
fn any_number_of_threads_start_and_take() {
    const THREADS: u64 = 4;
    const EACH: u64 = 50;
    let (_server, client, queue) = setup();
    let mut tags: Vec<u64> = thread::scope(|scope| {
        for thread in 0..THREADS {
            let (client, queue) = (&client, &queue);
            scope.spawn(move || {
                for tag in thread * EACH..(thread + 1) * EACH {
                    let event = format!("event-{tag}");
                    client.start_on(queue, &event, LONG, tag).unwrap();
                    client.signal(&event, Some(&format!(r#"{{"n":{tag}}}"#)), Timeout::Request, None).unwrap();
                }
            });
        }
        let take = || {
            [(); EACH as usize].map(|()| {
                let completion = next(&queue);
                let event = format!(r#"{{"data":{{"n":{}}}}}"#, completion.tag());
                assert!(completion.outcome().unwrap() == event, "the answer of another wait");
                completion.tag()
            })
        };
        let taking: Vec<_> = (0..THREADS).map(|_| scope.spawn(take)).collect();
        taking.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    tags.sort_unstable();
    assert!(tags.into_iter().eq(0..THREADS * EACH), "each once");
    assert_eq!((queue.running(), client.stats().dropped), (0, 0));
}

#[test]
fn dropping_a_queue_cancels_what_runs_and_counts_what_is_lost() {
    let (server, client, queue) = setup();
    client.signal("lost", None, Timeout::Request, None).unwrap();
    client.start_on(&queue, "lost", LONG, 1).unwrap();
    until_ready(&queue);
    let wait = client.start_on(&queue, "never", None, 2).unwrap();
    server.until_waiting(1);
    drop(queue);
    server.until_waiting(0);
    wait.cancel();
    assert_eq!(client.stats().dropped, 1);
    let began = Instant::now();
    while client.stats().cancels < 1 {
        assert!(began.elapsed() < PATIENCE);
        thread::yield_now();
    }
}

/// A started wait that is dropped loses its answer too.
#[test]
fn an_answer_of_a_started_wait_that_nobody_takes_is_counted() {
    let (_server, client, _queue) = setup();
    for (taken, dropped) in [(true, 0), (false, 1)] {
        client.signal("answered", None, Timeout::Request, None).unwrap();
        let wait = client.start("answered", LONG).unwrap();
        assert_eq!(anchor::StartedWait::select(&[&wait], LONG).unwrap(), 0);
        if taken {
            wait.finish(LOOK).unwrap();
        }
        drop(wait);
        assert_eq!(client.stats().dropped, dropped);
    }
    drop(client.start("never", LONG).unwrap());
    assert_eq!(client.stats().dropped, 1, "a cancelled wait had no answer");
}
