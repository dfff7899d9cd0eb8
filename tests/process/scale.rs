//! Five thousand threads, blocked in waits on one client, against a server in its own process.

use anchor::{Client, Error, Status, json_get};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use testkit::local_server::LocalServer;
use testkit::process::resident_kib;
use testkit::timing::in_time;

const THREADS: usize = 5_000;
const STACK: usize = 128 * 1024;
const LONG: Option<Duration> = Some(Duration::from_secs(120));

struct Waiter {
    handle: JoinHandle<(Result<String, Error>, Instant)>,
}

/// Starts a wait on each of the threads.
fn start(client: &Client, returned: &Arc<AtomicUsize>) -> Vec<Waiter> {
    (0..THREADS)
        .map(|number| {
            let (client, returned) = (client.clone(), Arc::clone(returned));
            let wait = move || {
                let result = client.wait(&format!("scale-{number}"), LONG, None);
                returned.fetch_add(1, Ordering::SeqCst);
                (result, Instant::now())
            };
            let handle = thread::Builder::new().stack_size(STACK).spawn(wait).expect("a thread");
            Waiter { handle }
        })
        .collect()
}

/// One test, since each part needs the machine for itself.
#[test]
fn five_thousand_waits_on_one_client() {
    testkit::raise_file_limit(12_000);
    let server = LocalServer::start(&["--queue-limit", "10000"]);
    let client = server.client();
    each_gets_its_own_event(&server, &client);
    cancel_all_ends_every_wait(&server, &client);
}

fn each_gets_its_own_event(server: &LocalServer, client: &Client) {
    let returned = Arc::default();
    let waiters = start(client, &returned);
    server.until_waiting(THREADS as u64);
    assert_eq!(returned.load(Ordering::SeqCst), 0);
    println!("{} waits: {} KiB resident", THREADS, resident_kib(std::process::id()));
    let began = Instant::now();
    for number in 0..THREADS {
        client.signal(&format!("scale-{number}"), Some(&format!("{{\"n\":{number}}}"))).expect("a signal");
    }
    let signaled = began.elapsed();
    for (number, waiter) in waiters.into_iter().enumerate() {
        let event = waiter.handle.join().unwrap().0.expect("its event");
        assert_eq!(json_get(&event, "/data/n"), Some(number.to_string()));
    }
    println!("{THREADS} signals in {signaled:?}, all waits back after {:?}", began.elapsed());
    assert_eq!(server.queued(), 0, "an event was taken by nobody");
    let stats = client.stats();
    assert_eq!(
        (stats.waits, stats.answers),
        (THREADS as u64, 2 * THREADS as u64),
        "an event came twice, or not at all"
    );
    assert_eq!((stats.retries, stats.rearms, stats.failures), (0, 0, 0));
}

fn cancel_all_ends_every_wait(server: &LocalServer, client: &Client) {
    in_time("cancel_all", Duration::from_secs(1), || {
        let returned = Arc::default();
        let waiters = start(client, &returned);
        server.until_waiting(THREADS as u64);
        let began = Instant::now();
        client.cancel_all();
        let ended = waiters.into_iter().map(|waiter| {
            let (result, at) = waiter.handle.join().unwrap();
            assert_eq!(result.expect_err("cancelled").status(), Status::Cancelled);
            at
        });
        let took = ended.max().unwrap() - began;
        println!("cancel_all of {THREADS}: {took:?}");
        server.until_waiting(0);
        took
    });
}
