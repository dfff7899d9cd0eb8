//! Waits that are started now and collected later: no answer is lost, whichever thread collects it and whenever, and every
//! misuse is an error. What polls the descriptor is tested by tests/c/started.c.

use anchor::{Client, Error, StartedWait, Status, Timeout};
use std::path::PathBuf;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};
use testkit::PATIENCE;
use testkit::freeze::{Freezable, signal_handled_by};
use testkit::local_server::LocalServer;

const LONG: Option<Duration> = Some(PATIENCE);
const LOOK: Option<Duration> = Some(Duration::ZERO);

fn setup() -> (LocalServer, Client) {
    let server = LocalServer::start(&[]);
    let client = server.client();
    (server, client)
}

fn data(n: u32) -> String {
    format!(r#"{{"n":{n}}}"#)
}

fn event(n: u32) -> String {
    format!(r#"{{"data":{{"n":{n}}}}}"#)
}

fn status(result: Result<impl std::fmt::Debug, Error>) -> Status {
    result.expect_err("a failure").status()
}

/// Nothing is consumed.
fn until_ended(wait: &StartedWait) {
    assert_eq!(StartedWait::select(&[wait], LONG).unwrap(), 0);
}

#[test]
fn an_answer_is_kept_until_it_is_taken_once() {
    let (server, client) = setup();
    let wait = client.start("kept", LONG).unwrap();
    for _ in 0..3 {
        assert_eq!(status(wait.finish(LOOK)), Status::Pending);
    }
    server.until_waiting(1);
    assert!(format!("{wait:?}").contains("Running"));
    client.signal("kept", Some(&data(1)), Timeout::Request, None).unwrap();
    until_ended(&wait);
    until_ended(&wait);
    assert!(format!("{wait:?}").contains("Ended"));
    assert_eq!(wait.finish(LOOK).unwrap(), event(1));
    assert!(format!("{wait:?}").contains("Taken"));
    for timeout in [LOOK, LONG, None] {
        assert_eq!(status(wait.finish(timeout)), Status::InvalidArgument);
    }
}

#[test]
fn finish_waits_for_the_end() {
    let (server, client) = setup();
    let wait = client.start("later", LONG).unwrap();
    let began = Instant::now();
    assert_eq!(status(wait.finish(Some(Duration::from_millis(30)))), Status::Pending);
    assert!(began.elapsed() >= Duration::from_millis(30));
    thread::scope(|scope| {
        scope.spawn(|| {
            server.until_waiting(1);
            client.signal("later", Some(&data(2)), Timeout::Request, None).unwrap();
        });
        assert_eq!(wait.finish(None).unwrap(), event(2));
    });
}

#[test]
fn a_wait_makes_its_descriptor_when_it_is_asked_for() {
    use std::os::fd::AsRawFd;
    let (_server, client) = setup();
    for is_late in [false, true] {
        let wait = client.start("polled", LONG).unwrap();
        let early = (!is_late).then(|| wait.event_fd().unwrap().as_raw_fd());
        client.signal("polled", None, Timeout::Request, None).unwrap();
        until_ended(&wait);
        let fd = wait.event_fd().unwrap().as_raw_fd();
        assert!(early.is_none_or(|early| early == fd), "there is one");
        let readable = |patience| {
            let mut watched = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
            // SAFETY: one live pollfd.
            unsafe { libc::poll(&raw mut watched, 1, patience) == 1 }
        };
        assert!(readable(0) && readable(0));
        wait.finish(LOOK).unwrap();
        assert!(!readable(0));
    }
}

#[test]
fn a_timeout_counts_from_the_start() {
    let (_server, client) = setup();
    // From now on there is a connection: a busy machine may not make one in time.
    client.signal("noisy", None, Timeout::Request, None).unwrap();
    let began = Instant::now();
    let wait = client.start("quiet", Some(Duration::from_millis(80))).unwrap();
    let error = wait.finish(None).unwrap_err();
    assert_eq!(error.status(), Status::Timeout);
    assert!(began.elapsed() >= Duration::from_millis(80), "{:?}", began.elapsed());
    assert_eq!(status(client.start("quiet", LOOK).unwrap().finish(None)), Status::Timeout);
}

#[test]
fn a_cancelled_wait_must_still_be_finished() {
    let (server, client) = setup();
    let wait = client.start("unwanted", None).unwrap();
    server.until_waiting(1);
    wait.cancel();
    wait.cancel();
    assert_eq!(status(wait.finish(None)), Status::Cancelled);
    assert_eq!(status(wait.finish(None)), Status::InvalidArgument);
    wait.cancel();
    server.until_waiting(0);
}

#[test]
fn an_answer_wins_over_a_cancel_that_comes_later() {
    let (_server, client) = setup();
    client.signal("there", Some(&data(3)), Timeout::Request, None).unwrap();
    let wait = client.start("there", LONG).unwrap();
    until_ended(&wait);
    wait.cancel();
    client.cancel_all();
    assert_eq!(wait.finish(LOOK).unwrap(), event(3));
}

/// However early it comes.
#[test]
fn cancel_all_ends_every_wait_that_was_started() {
    let (server, client) = setup();
    for _ in 0..100 {
        let wait = client.start("never", None).unwrap();
        client.cancel_all();
        assert_eq!(status(wait.finish(LONG)), Status::Cancelled);
    }
    server.until_waiting(0);
    client.signal("later", None, Timeout::Request, None).unwrap();
    assert!(client.start("later", LONG).unwrap().finish(None).is_ok());
}

#[test]
fn dropping_a_wait_closes_its_connection() {
    let (server, client) = setup();
    let wait = client.start("dropped", None).unwrap();
    server.until_waiting(1);
    drop(wait);
    server.until_waiting(0);
    client.signal("dropped", None, Timeout::Request, None).unwrap();
    assert_eq!(server.queued(), 1);
    for _ in 0..50 {
        drop(client.start("never", None).unwrap());
    }
    server.until_waiting(0);
}

#[test]
fn a_wait_outlives_its_client() {
    let (server, client) = setup();
    let wait = client.start("orphan", LONG).unwrap();
    server.until_waiting(1);
    drop(client);
    server.client().signal("orphan", Some(&data(4)), Timeout::Request, None).unwrap();
    assert_eq!(wait.finish(None).unwrap(), event(4));
}

#[test]
fn a_wait_that_cannot_start_reports_why() {
    let (_server, client) = setup();
    for name in ["", ".", "..", &"x".repeat(4097)] {
        assert_eq!(status(client.start(name, LONG)), Status::InvalidArgument);
    }
}

#[test]
fn select_consumes_nothing_and_leaves_other_waits_alone() {
    let (server, client) = setup();
    let waits = ["a", "b", "c"].map(|name| client.start(name, LONG).unwrap());
    let waits = waits.each_ref();
    assert_eq!(status(StartedWait::select(&waits, LOOK)), Status::Pending);
    assert_eq!(status(StartedWait::select(&waits, Some(Duration::from_millis(20)))), Status::Pending);
    server.until_waiting(3);
    client.signal("c", Some(&data(3)), Timeout::Request, None).unwrap();
    assert_eq!(StartedWait::select(&waits, None).unwrap(), 2);
    assert_eq!(StartedWait::select(&waits, None).unwrap(), 2);
    client.signal("a", Some(&data(1)), Timeout::Request, None).unwrap();
    until_ended(waits[0]);
    assert_eq!(StartedWait::select(&waits, LOOK).unwrap(), 0, "the first of the slice");
    assert_eq!(waits[2].finish(LOOK).unwrap(), event(3));
    assert_eq!(waits[0].finish(LOOK).unwrap(), event(1));
    assert_eq!(status(StartedWait::select(&waits, LOOK)), Status::Pending, "those that are taken are passed over");
    client.signal("b", Some(&data(2)), Timeout::Request, None).unwrap();
    assert_eq!(StartedWait::select(&waits, None).unwrap(), 1);
    assert_eq!(waits[1].finish(LOOK).unwrap(), event(2));
    for timeout in [LOOK, None] {
        assert_eq!(status(StartedWait::select(&waits, timeout)), Status::InvalidArgument);
        assert_eq!(status(StartedWait::select(&[], timeout)), Status::InvalidArgument);
    }
}

#[test]
fn select_may_be_given_a_wait_twice() {
    let (_server, client) = setup();
    let (other, wait) = (client.start("quiet", LONG).unwrap(), client.start("twice", LONG).unwrap());
    let many: Vec<_> = [&other].into_iter().chain([&wait; 300]).collect();
    assert_eq!(status(StartedWait::select(&many, LOOK)), Status::Pending);
    client.signal("twice", None, Timeout::Request, None).unwrap();
    assert_eq!(StartedWait::select(&many, LONG).unwrap(), 1);
    assert!(wait.finish(LOOK).is_ok());
    assert_eq!(status(StartedWait::select(&many, LOOK)), Status::Pending);
}

/// The system looks at the descriptors one by one, and the wait may end while it is in the middle of them.
#[test]
fn select_reports_the_first_of_the_slice_whenever_a_wait_ends() {
    let (_server, client) = setup();
    for _ in 0..100 {
        let wait = client.start("raced", LONG).unwrap();
        let many = [&wait; 300];
        thread::scope(|scope| {
            let selecting = scope.spawn(|| StartedWait::select(&many, LONG));
            client.signal("raced", None, Timeout::Request, None).unwrap();
            assert_eq!(selecting.join().unwrap().unwrap(), 0);
        });
    }
}

#[test]
fn waits_of_several_clients_may_be_selected() {
    let (server, first) = setup();
    let second = Client::new(&server.config_with_key("another-key")).unwrap();
    let waits = [first.start("same", LONG).unwrap(), second.start("same", LONG).unwrap()];
    second.signal("same", None, Timeout::Request, None).unwrap();
    assert_eq!(StartedWait::select(&waits.each_ref(), LONG).unwrap(), 1);
}

/// This also ends a select that has nothing left to wait for.
#[test]
fn select_notices_a_wait_that_another_thread_finishes() {
    let (_server, client) = setup();
    for _ in 0..50 {
        let wait = client.start("taken", LONG).unwrap();
        thread::scope(|scope| {
            let selecting = scope.spawn(|| StartedWait::select(&[&wait, &wait], None));
            let finishing = scope.spawn(|| wait.finish(None));
            client.signal("taken", Some(&data(5)), Timeout::Request, None).unwrap();
            assert_eq!(finishing.join().unwrap().unwrap(), event(5));
            let selected = selecting.join().unwrap().map_err(|e| e.status());
            assert!(matches!(selected, Ok(0) | Err(Status::InvalidArgument)), "{selected:?}");
        });
    }
}

#[test]
fn of_several_finish_calls_one_gets_the_answer() {
    const THREADS: usize = 6;
    let (_server, client) = setup();
    for round in 0..50 {
        let wait = client.start("contended", LONG).unwrap();
        let barrier = Barrier::new(THREADS + 1);
        let results: Vec<_> = thread::scope(|scope| {
            let finish = || {
                barrier.wait();
                wait.finish(None)
            };
            let finishing: Vec<_> = (0..THREADS).map(|_| scope.spawn(finish)).collect();
            barrier.wait();
            client.signal("contended", Some(&data(round)), Timeout::Request, None).unwrap();
            finishing.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(
            results.iter().filter(|result| result.as_ref().is_ok_and(|got| *got == event(round))).count(),
            1,
            "{results:?}"
        );
        let late = results.into_iter().filter_map(Result::err).map(|e| e.status());
        assert_eq!(late.filter(|status| *status == Status::InvalidArgument).count(), THREADS - 1);
    }
}

extern "C" fn ignore(_: libc::c_int) {}

#[test]
fn a_signal_interrupts_the_collecting_call_and_not_the_wait() {
    let server = LocalServer::start(&[]);
    let mut config = server.config();
    config.set_interruptible(true);
    let client = Client::new(&config).unwrap();
    let signal = signal_handled_by(ignore);
    let wait: &'static StartedWait = Box::leak(Box::new(client.start("interrupted", LONG).unwrap()));
    server.until_waiting(1);
    let finishing = Freezable::spawn(|| status(wait.finish(None)));
    let selecting = Freezable::spawn(|| status(StartedWait::select(&[wait], None)));
    for thread in [finishing, selecting] {
        // One that comes just before the thread blocks does not end the call.
        while !thread.is_finished() {
            thread.signal(signal);
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(thread.join(), Status::Interrupted);
    }
    client.signal("interrupted", Some(&data(6)), Timeout::Request, None).unwrap();
    assert_eq!(wait.finish(LONG).unwrap(), event(6));
}

#[test]
fn its_thread_has_a_name_and_takes_no_signals() {
    let (server, client) = setup();
    let _wait = client.start("named", LONG).unwrap();
    server.until_waiting(1);
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let status_of = |task: PathBuf| {
        let status = std::fs::read_to_string(task.join("status")).ok()?;
        // Looked at last: the one of another test may be ending, and then shows no mask.
        let is_it = std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name == "anchor-reactor\n");
        is_it.then_some(status)
    };
    let masks: Vec<String> = tasks.filter_map(status_of).collect();
    assert!(!masks.is_empty());
    for status in masks {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:\t")).expect("a mask");
        let mask = u64::from_str_radix(mask, 16).unwrap();
        // SIGKILL and SIGSTOP cannot be blocked; 32 and 33 are the C library's own, and with musl 34 too.
        let own = if cfg!(target_env = "musl") { 0b111 << 31 } else { 0b11 << 31 };
        let blockable = !(1 << (libc::SIGKILL - 1) | 1 << (libc::SIGSTOP - 1) | own);
        assert_eq!(mask & blockable, blockable, "{mask:x}");
    }
}

#[test]
fn the_statistics_count_started_waits() {
    let (server, client) = setup();
    client.signal("counted", None, Timeout::Request, None).unwrap();
    assert!(client.start("counted", LONG).unwrap().finish(None).is_ok());
    assert_eq!(status(client.start("quiet", Some(Duration::from_millis(20))).unwrap().finish(None)), Status::Timeout);
    let cancelled = client.start("quiet", None).unwrap();
    server.until_waiting(1);
    cancelled.cancel();
    assert_eq!(status(cancelled.finish(None)), Status::Cancelled);
    drop(client.start("quiet", None).unwrap());

    let stats = client.stats();
    assert_eq!((stats.waits, stats.signals), (4, 1));
    assert_eq!((stats.answers, stats.timeouts, stats.cancels, stats.failures), (2, 1, 2, 0));
    assert_eq!(stats.retries, 0);
    assert!(stats.connections_made >= 1 && stats.connections_reused >= 1, "{stats:?}");
    assert!(stats.bytes_sent > 200 && stats.bytes_received > 100, "{stats:?}");
}

#[test]
fn rearms_and_retries_are_counted() {
    let server = LocalServer::start(&["--fault", "busy=status:503,times=2"]);
    let mut config = server.config();
    config.set_slice(Duration::from_millis(40)).unwrap();
    let client = Client::new(&config).unwrap();
    let began = Instant::now();
    let wait = client.start("quiet", LONG).unwrap();
    testkit::until("two rearms", || client.stats().rearms >= 2);
    client.signal("quiet", None, Timeout::Request, None).unwrap();
    assert!(wait.finish(None).is_ok());
    // A started wait shortens its slices by up to a tenth.
    let (rearms, at_most) = (client.stats().rearms, began.elapsed().as_millis() / 36);
    assert!(u128::from(rearms) <= at_most, "{rearms} rearms in the time of {at_most} slices");
    client.signal("busy", None, Timeout::Request, None).unwrap();
    assert!(client.start("busy", LONG).unwrap().finish(None).is_ok());
    assert_eq!(client.stats().retries, 2);
}

#[test]
fn a_thousand_waits_each_get_their_own_event() {
    const COUNT: u32 = 1_000;
    testkit::raise_file_limit(4_000);
    let (server, client) = setup();
    let began = Instant::now();
    let waits: Vec<_> = (0..COUNT).map(|n| client.start(&format!("many-{n}"), LONG).expect("a wait")).collect();
    println!("{COUNT} waits started in {:?}", began.elapsed());
    server.until_waiting(u64::from(COUNT));
    for n in 0..COUNT {
        client.signal(&format!("many-{n}"), Some(&data(n)), Timeout::Request, None).unwrap();
    }
    let (mut open, mut numbers): (Vec<_>, Vec<_>) = (waits.iter().collect(), (0..COUNT).collect());
    while !open.is_empty() {
        let at = StartedWait::select(&open, LONG).unwrap();
        assert_eq!(open.remove(at).finish(LOOK).unwrap(), event(numbers.remove(at)));
    }
    assert_eq!((client.stats().answers, server.queued()), (u64::from(2 * COUNT), 0));
}
