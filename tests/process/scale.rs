//! As many waits at once as a process can have, against a server in its own process: five thousand threads that are blocked in
//! calls on one client, and as many started waits on one thread as the limit of descriptors allows.

#![cfg(target_os = "linux")]

use anchor::{Client, Error, Queue, StartedWaits, Status, Timeout, json_get};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use testkit::local_server::LocalServer;
use testkit::process::resident_kib;
use testkit::timing::{LATE, in_time};
use testkit::{PATIENCE, until};

const THREADS: usize = 5_000;
const STACK: usize = 128 * 1024;
/// Longer than it may take until all of them wait.
const LONG: Option<Duration> = Some(Duration::from_secs(2 * PATIENCE.as_secs()));

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
fn thousands_of_waits_on_one_client() {
    testkit::raise_file_limit(12_000);
    let before = Held::now();
    let server = LocalServer::start(&["--queue-limit", "10000"]);
    let client = patient_client(&server);
    each_gets_its_own_event(&server, &client);
    cancel_all_ends_every_wait(&server, &client);
    drop((client, server));
    before.until_again();
    as_many_started_waits_as_descriptors_allow();
}

/// However long a busy machine takes to make all the connections, none is tried twice, and no wait asks again.
fn patient_client(server: &LocalServer) -> Client {
    let mut config = server.config();
    config.set_connect_timeout(PATIENCE).unwrap().set_slice(PATIENCE * 2).unwrap();
    Client::new(&config).unwrap()
}

fn each_gets_its_own_event(server: &LocalServer, client: &Client) {
    let returned = Arc::default();
    let waiters = start(client, &returned);
    server.until_waiting(THREADS as u64);
    assert_eq!(returned.load(Ordering::SeqCst), 0);
    println!("{} waits: {} KiB resident", THREADS, resident_kib(std::process::id()));
    let began = Instant::now();
    for number in 0..THREADS {
        client
            .signal(&format!("scale-{number}"), Some(&format!("{{\"n\":{number}}}")), Timeout::Request, None)
            .expect("a signal");
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
        let (returned, before) = (Arc::default(), Instant::now());
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
        unless_slow(took, began - before)
    });
}

/// What counts of the time that a cancel of all waits took: nothing, if it is short beside the time in which the same machine has
/// started them. An idle one takes a tenth of that, and a defect as long as it likes.
fn unless_slow(took: Duration, starting: Duration) -> Duration {
    if took < starting / 4 { Duration::ZERO } else { took }
}

/// What a process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    threads: usize,
}

impl Held {
    fn now() -> Held {
        let count = |folder: &str| std::fs::read_dir(folder).expect("/proc").count();
        Held { descriptors: count("/proc/self/fd"), threads: count("/proc/self/task") }
    }

    /// A thread is there for a moment after it was joined.
    fn until_again(self) {
        until(&format!("{self:?} as before"), || Held::now() == self);
    }
}

/// The limit of descriptors, of which some are left to this process, to the server and to the calls beside the waits.
fn most_waits() -> usize {
    const LEFT: u64 = 200;
    // More than this are connections to one address for which the kernel searches long.
    const MOST: u64 = 24_000;
    usize::try_from(testkit::raise_file_limit(12_000).min(MOST) - LEFT).unwrap()
}

fn as_many_started_waits_as_descriptors_allow() {
    /// Waits that are woken up while the others are blocked.
    const WOKEN: usize = 200;
    let count = most_waits();
    let server = LocalServer::start(&["--queue-limit", "10000"]);
    let before = Held::now();
    // A second for ten thousand, of which an idle machine takes a fifth.
    let bound = Duration::from_micros(100) * u32::try_from(count).unwrap() + LATE;
    in_time("cancel_all of all of them", bound, || {
        let client = patient_client(&server);
        let resident = resident_kib(std::process::id());
        let queue = Queue::new().unwrap();
        let began = Instant::now();
        for number in 0..count {
            client.start_on(&queue, &format!("scale-{number}"), None, number as u64).expect("a wait");
        }
        until("all of them wait", || client.stats().started.wait.count == count as u64);
        let starting = began.elapsed();
        println!(
            "{count} started waits: {starting:?}, {} KiB resident more",
            resident_kib(std::process::id()).saturating_sub(resident)
        );
        server.until_waiting(count as u64);
        // Two descriptors of the reactor, one of the queue, one of cancel_all.
        let held = Held { descriptors: before.descriptors + count + 4, threads: before.threads + 1 };
        assert_eq!(Held::now(), held, "one descriptor each, and one thread");
        each_wakes_up(&client, &queue, (0..count).step_by(count / WOKEN));
        assert_eq!(client.stats().rearms, 0);
        let left = queue.running();
        let took = cancel_all_of(&client, &queue);
        println!("cancel_all of {left}: {took:?}");
        server.until_waiting(0);
        assert_eq!(client.stats().started, StartedWaits::default());
        drop(queue);
        let ended = client.stats();
        assert_eq!((ended.waits, ended.cancels), (count as u64, left as u64));
        drop(client);
        before.until_again();
        unless_slow(took, starting)
    });
    let client = server.client();
    let waits: Vec<_> = (0..2_000).map(|_| client.start("freed", None).unwrap()).collect();
    server.until_waiting(2_000);
    let began = Instant::now();
    drop(waits);
    println!("freeing 2000 waits that run: {:?}", began.elapsed());
    server.until_waiting(0);
    drop(client);
    before.until_again();
}

/// Each gets its event while thousands of others wait, as fast as if it were alone.
fn each_wakes_up(client: &Client, queue: &Queue, numbers: impl Iterator<Item = usize>) {
    let mut took: Vec<Duration> = Vec::new();
    for number in numbers {
        let began = Instant::now();
        client
            .signal(&format!("scale-{number}"), Some(&format!("{{\"n\":{number}}}")), Timeout::Request, None)
            .expect("a signal");
        let completion = queue.next(LONG, None).expect("a completion");
        took.push(began.elapsed());
        assert_eq!(completion.tag(), number as u64);
        let event = completion.into_outcome().expect("its event");
        assert_eq!(json_get(&event, "/data/n"), Some(number.to_string()));
    }
    took.sort_unstable();
    // A busy machine delays many of them, and a defect all.
    let (median, quick) = (took[took.len() / 2], took[took.len() / 20]);
    println!("from a signal to its completion: {median:?}, at most {:?}", took.last().unwrap());
    assert!(quick < Duration::from_millis(50), "{quick:?} and more, {median:?} as a rule");
}

/// Returns when the last completion was taken.
fn cancel_all_of(client: &Client, queue: &Queue) -> Duration {
    let began = Instant::now();
    client.cancel_all();
    while queue.running() > 0 {
        let completion = queue.next(LONG, None).expect("a completion");
        assert_eq!(completion.outcome().expect_err("cancelled").status(), Status::Cancelled);
    }
    began.elapsed()
}
