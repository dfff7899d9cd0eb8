//! A signal handler that runs on a waiting thread: the wait goes on, unless the settings make it interruptible. The signals
//! are real ones, sent to the thread itself. With a started wait that is the thread which collects it: a handler interrupts the
//! collecting call, and never the wait.

use anchor::{Client, Status};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use testkit::freeze::{Freezable, signal_handled_by};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Gate, Step, after_request, answer, event};
use testkit::settings::config;
use testkit::timing::{LATE, in_time};
use testkit::way::{Way, each_way};

/// Much longer than the pause that a server asks for here.
const LONG: Option<Duration> = Some(Duration::from_secs(60));

static RUNS: AtomicU32 = AtomicU32::new(0);

extern "C" fn count_run(_: libc::c_int) {
    RUNS.fetch_add(1, Ordering::SeqCst);
}

/// A handler that runs just before the poll begins goes unnoticed, as with any poll. So the signal is repeated until the
/// call has ended.
fn interrupt_until_ended<T: Send + 'static>(waiting: Freezable<T>) -> T {
    static SIGNAL: OnceLock<libc::c_int> = OnceLock::new();
    let signal = *SIGNAL.get_or_init(|| signal_handled_by(count_run));
    while !waiting.is_finished() {
        waiting.signal(signal);
        thread::sleep(Duration::from_millis(10));
    }
    waiting.join()
}

#[each_way]
fn an_interruptible_wait_ends_with_a_signal(way: Way) {
    let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    let client = Client::new(config(&server.http()).set_interruptible(true)).unwrap();
    let waiting = Freezable::spawn(move || way.wait(&client, "e", None));
    server.until_requests(1);
    let error = interrupt_until_ended(waiting).unwrap_err();
    assert_eq!(error.status(), Status::Interrupted, "{error:?}");
    assert_eq!((error.maybe_consumed(), error.attempts()), of_the_wait(way, (true, 1)), "{error:?}");
    server.until_left(1);
}

/// The error of a collecting call says nothing of the wait, which has not ended.
fn of_the_wait(way: Way, reported: (bool, u32)) -> (bool, u32) {
    if way == Way::Blocking { reported } else { (false, 0) }
}

#[each_way]
fn an_interruptible_wait_that_backs_off_ends_with_a_signal(way: Way) {
    let refusal = answer(503, "retry-after: 20\r\n", r#"{"error":{"code":503,"message":"busy"}}"#);
    let server = ScriptedServer::always(after_request([Step::Send(refusal), Step::Delivered, Step::Hang]));
    let client = Client::new(config(&server.http()).set_interruptible(true)).unwrap();
    let waiting = Freezable::spawn(move || way.wait(&client, "e", LONG));
    server.until("the refusal", |record| record.delivered > 0);
    waiting.until_asleep();
    let error = interrupt_until_ended(waiting).unwrap_err();
    assert_eq!(error.status(), Status::Interrupted, "{error:?}");
    assert_eq!((error.maybe_consumed(), error.attempts()), of_the_wait(way, (false, 1)), "{error:?}");
}

/// Such a wait goes on for the remaining time, however often it is interrupted, and ends at its deadline.
#[each_way]
fn a_wait_that_is_not_interruptible_ends_at_its_deadline(way: Way) {
    let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    let mut config = config(&server.http());
    let client = Client::new(config.set_grace(Duration::ZERO).unwrap()).unwrap();
    let timeout = Duration::from_millis(700);
    in_time("a wait that is interrupted", LATE, || {
        let (before, client) = (RUNS.load(Ordering::SeqCst), client.clone());
        let waiting = Freezable::spawn(move || {
            let began = Instant::now();
            (way.wait(&client, "e", Some(timeout)), began.elapsed())
        });
        let (result, took) = interrupt_until_ended(waiting);
        let (runs, error) = (RUNS.load(Ordering::SeqCst) - before, result.unwrap_err());
        assert!(took >= timeout, "took only {took:?}");
        // A busy machine may not have let it send the request, or this thread send the signals.
        if error.status() == Status::NotSent || runs <= 5 {
            return Duration::MAX;
        }
        assert_eq!(error.status(), Status::Timeout, "{error:?}");
        took - timeout
    });
    assert!(!server.requests().is_empty());
}

/// If the answer comes at the moment of the interruption, the call returns the answer.
#[test]
fn an_answer_that_is_in_the_socket_wins_over_an_interruption() {
    let (ask, delivered) = (Gate::default(), Gate::default());
    let steps =
        [Step::Await(ask.clone()), Step::Send(event()), Step::Delivered, Step::Open(delivered.clone()), Step::Hang];
    let server = ScriptedServer::always(after_request(steps));
    let client = Client::new(config(&server.http()).set_interruptible(true)).unwrap();
    let waiting = Freezable::spawn(move || client.wait("e", LONG, None));
    server.until_requests(1);
    waiting.while_frozen(|| {
        ask.open();
        delivered.pass();
    });
    assert_eq!(waiting.join().unwrap(), EVENT);
}
