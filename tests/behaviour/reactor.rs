//! What started waits share: one thread, and turns to make connections. None of them delays or harms another one.

use anchor::{Client, Config, Queue, StageCount, StartedWaits, Stats, Status, Timeout};
use std::collections::HashSet;
use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};
use testkit::addresses::{BlackHole, ReservedPort};
use testkit::certificates::{Certificate, tls};
use testkit::freeze::while_started_waits_stop;
use testkit::local_server::LocalServer;
use testkit::sandbox::is_alone;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Gate, Step, after_request, answer, event};
use testkit::settings::{client, config};
use testkit::timing::{LATE, in_time};
use testkit::{PATIENCE, until};

/// How many connections a client makes at once.
const TURNS: u64 = 128;
const LONG: Option<Duration> = Some(PATIENCE);
/// More waits than turns.
const MANY: u64 = 300;

fn client_of(hole: &BlackHole) -> Client {
    client(&format!("http://{}", hole.address()))
}

/// Starts waits on a queue.
fn start(client: &Client, queue: &Queue, count: u64, timeout: Option<Duration>) {
    for tag in 0..count {
        client.start_on(queue, "e", timeout, tag).expect("a wait");
    }
}

/// Takes a completion of each wait, all of which have this status.
fn all_end(queue: &Queue, count: u64, status: Status) {
    for _ in 0..count {
        let completion = queue.next(LONG, None).unwrap();
        assert_eq!(completion.outcome().unwrap_err().status(), status, "{completion:?}");
    }
    assert_eq!(queue.running(), 0);
}

/// How many wait for their turn, and how many connect.
fn turns(stats: &Stats) -> (u64, u64) {
    (stats.started.queued.count, stats.started.connect.count)
}

fn until_turns(client: &Client, queued: u64, connecting: u64) {
    until("turns are taken", || turns(&client.stats()) == (queued, connecting));
}

#[test]
fn a_client_makes_so_many_connections_at_once_and_no_client_waits_for_another() {
    let (hole, queue) = (BlackHole::bind(), Queue::new().unwrap());
    let answering = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let (stuck, other) = (client_of(&hole), client(&answering.http()));
    start(&stuck, &queue, MANY, None);
    until_turns(&stuck, MANY - TURNS, TURNS);
    // The kernel's list may change while it is read.
    until("the kernel knows of as many", || hole.tried() as u64 == TURNS);
    in_time("a wait of another client", LATE, || {
        let began = Instant::now();
        assert_eq!(other.start("e", LONG).unwrap().finish(None).unwrap(), EVENT);
        began.elapsed()
    });
    assert_eq!(turns(&stuck.stats()), (MANY - TURNS, TURNS));
    stuck.cancel_all();
    all_end(&queue, MANY, Status::Cancelled);
    assert_eq!(turns(&stuck.stats()), (0, 0));
}

/// However the waits end that have turns or wait for one.
#[test]
fn no_turn_is_lost() {
    let (port, queue) = (ReservedPort::bind(), Queue::new().unwrap());
    let address = port.address();
    let mut config = config(&format!("http://{address}"));
    let client = Client::new(config.set_retries(0)).unwrap();
    start(&client, &queue, MANY, Some(Duration::from_secs(1)));
    all_end(&queue, MANY, Status::NotSent);
    let hole = BlackHole::at(address);
    for _ in 0..3 {
        start(&client, &queue, MANY, Some(Duration::from_millis(50)));
        all_end(&queue, MANY, Status::NotSent);
        start(&client, &queue, MANY, None);
        until_turns(&client, MANY - TURNS, TURNS);
        queue.cancel_all();
        all_end(&queue, MANY, Status::Cancelled);
    }
    drop(hole);
    let server = ScriptedServer::start_at(address, vec![vec![Step::AnswerAll(event())]]);
    start(&client, &queue, MANY, LONG);
    for _ in 0..MANY {
        assert_eq!(queue.next(LONG, None).unwrap().into_outcome().unwrap(), EVENT);
    }
    drop(server);
    assert_eq!(turns(&client.stats()), (0, 0));
}

/// The waits whose deadline comes first have the least time for a connection.
#[test]
fn the_earliest_deadline_connects_first() {
    let held = vec![Step::ReadSome, Step::Ignore];
    let connected = vec![Step::Handshake(tls(Certificate::Good)), Step::ReadRequest, Step::Hang];
    let scripts = std::iter::repeat_n(held, TURNS as usize).chain([connected]).collect();
    let server = ScriptedServer::start(scripts);
    let client = client(&server.https());
    let mut turns: Vec<_> = (0..TURNS).map(|_| client.start("holds-a-turn", None).unwrap()).collect();
    until("every turn is taken", || client.stats().started.tls.count == TURNS);
    let queue = Queue::new().unwrap();
    start_in_another_order_than_that_of_their_deadlines(&client, &queue);
    until("they wait for a turn", || client.stats().started.queued.count == 4);
    // The kernel has connected them, which is before the server has accepted them.
    server.until("the connections that hold turns", |record| record.connections == TURNS as usize);
    // Each passes the turn on once it is connected.
    drop(turns.pop());
    assert_eq!(in_the_order_of_connections(&server), ["first", "second", "third", "last"]);
}

/// Also if the thread sees the cancel before it has looked at the waits that had started by then: here by an event of the
/// cancelled wait's socket, in the handshake that holds the turn.
#[test]
fn a_turn_that_a_cancel_gives_back_goes_to_the_earliest_deadline() {
    if !is_alone("reactor::a_turn_that_a_cancel_gives_back_goes_to_the_earliest_deadline", &[]) {
        return;
    }
    let (ask, delivered) = (Gate::default(), Gate::default());
    let held = vec![Step::ReadSome, Step::Ignore];
    let stirred = vec![
        Step::ReadSome,
        Step::Await(ask.clone()),
        Step::Send(vec![22]),
        Step::Delivered,
        Step::Open(delivered.clone()),
        Step::Ignore,
    ];
    let connected = vec![Step::Handshake(tls(Certificate::Good)), Step::ReadRequest, Step::Hang];
    let scripts = std::iter::repeat_n(held, TURNS as usize - 1).chain([stirred, connected]).collect();
    let server = ScriptedServer::start(scripts);
    let client = client(&server.https());
    let _turns: Vec<_> = (1..TURNS).map(|_| client.start("holds-a-turn", None).unwrap()).collect();
    server.until("all connections but one", |record| record.connections == TURNS as usize - 1);
    let cancelled = client.start("holds-a-turn", None).unwrap();
    until("every turn is taken", || client.stats().started.tls.count == TURNS);
    server.until("the last connection", |record| record.connections == TURNS as usize);
    let queue = Queue::new().unwrap();
    while_started_waits_stop(|| {
        ask.open();
        delivered.pass();
        start_in_another_order_than_that_of_their_deadlines(&client, &queue);
        cancelled.cancel();
    });
    assert_eq!(in_the_order_of_connections(&server), ["first", "second", "third", "last"]);
}

fn start_in_another_order_than_that_of_their_deadlines(client: &Client, queue: &Queue) {
    for (name, seconds) in [("last", None), ("third", Some(900)), ("first", Some(600)), ("second", Some(700))] {
        client.start_on(queue, name, seconds.map(Duration::from_secs), 0).unwrap();
    }
}

/// The names of the events of four requests.
fn in_the_order_of_connections(server: &ScriptedServer) -> Vec<String> {
    server.until_requests(4);
    let mut requests = server.requests();
    requests.sort_by_key(|request| request.connection);
    requests.iter().map(|request| request.path().split('/').nth(3).unwrap().to_owned()).collect()
}

#[test]
fn a_wait_that_gets_no_turn_ends_at_its_deadline() {
    let (hole, queue) = (BlackHole::bind(), Queue::new().unwrap());
    let client = client_of(&hole);
    start(&client, &queue, TURNS, None);
    until_turns(&client, 0, TURNS);
    let timeout = Duration::from_millis(300);
    in_time("a wait without a turn", LATE, || {
        let began = Instant::now();
        let wait = client.start("e", Some(timeout)).unwrap();
        until("it waits for a turn", || began.elapsed() >= timeout || client.stats().started.queued.count == 1);
        let error = wait.finish(None).unwrap_err();
        let took = began.elapsed();
        assert_eq!((error.status(), error.attempts()), (Status::NotSent, 0), "{error:?}");
        assert!(error.timed_out() && !error.maybe_consumed() && took >= timeout, "{took:?}: {error:?}");
        took - timeout
    });
    assert_eq!(turns(&client.stats()), (0, TURNS));
}

#[test]
fn waits_that_started_together_do_not_ask_again_together() {
    const COUNT: usize = 200;
    let server = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    let mut config = config(&server.http());
    let client = Client::new(config.set_slice(Duration::from_secs(50)).unwrap()).unwrap();
    let queue = Queue::new().unwrap();
    start(&client, &queue, COUNT as u64, None);
    server.until_requests(COUNT);
    let asked: Vec<u64> = server.requests().iter().map(testkit::scripted::Request::timeout_ms).collect();
    assert!(asked.iter().all(|millis| (45_000..=50_000).contains(millis)), "{asked:?}");
    let different: HashSet<u64> = asked.iter().copied().collect();
    assert!(different.len() > COUNT * 3 / 4, "{} of {COUNT}", different.len());
    let (first, last) = (different.iter().min().unwrap(), different.iter().max().unwrap());
    assert!(last - first > 4_000, "{first} to {last}");
}

/// It reads a piece of the flood, and lets the others act.
#[test]
fn a_flood_on_one_wait_does_not_delay_others() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let chunk = b"1;an-extension-that-nobody-keeps=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n \r\n";
    let flood = after_request([Step::Send(head), Step::Flood(chunk.repeat(1_000))]);
    let (flooding, answering) = (ScriptedServer::always(flood), LocalServer::start(&[]));
    let mut flooded = config(&flooding.http());
    let flooded = Client::new(flooded.set_max_response_bytes(1 << 30).unwrap()).unwrap();
    let other = answering.client();
    other.signal("warm", None, Timeout::Request, None).unwrap();
    let flood = flooded.start("flooded", None).unwrap();
    until("the flood has begun", || flooded.stats().started.receive.count == 1);
    in_time("a wait beside a flood", LATE, || {
        let wait = other.start("e", LONG).unwrap();
        answering.until_holding("e");
        let began = Instant::now();
        other.signal("e", None, Timeout::Request, None).unwrap();
        wait.finish(None).unwrap();
        began.elapsed()
    });
    assert_eq!(flooded.stats().started.receive.count, 1, "the flood goes on");
    let began = Instant::now();
    flood.cancel();
    assert_eq!(flood.finish(LONG).unwrap_err().status(), Status::Cancelled);
    println!("the flood ended {:?} after its cancel", began.elapsed());
}

/// More often than there are turns, so that one that is lost would show.
#[test]
fn a_panic_in_a_log_callback_ends_only_its_wait() {
    let server = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let silent = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    let refusing = ReservedPort::bind();
    let (calm, waiting) = (client(&server.http()), client(&silent.http()));
    let running = waiting.start("running", None).unwrap();
    until("it runs", || waiting.stats().started.wait.count == 1);
    let panicking = |url: &str| {
        let mut config = config(url);
        Client::new(config.set_log(|_, _| resume_unwind(Box::new("a test asked for it")))).unwrap()
    };
    for client in [panicking(&server.http()), panicking(&format!("http://{}", refusing.address()))] {
        let queue = Queue::new().unwrap();
        start(&client, &queue, TURNS + 20, LONG);
        for _ in 0..TURNS + 20 {
            let error = queue.next(LONG, None).unwrap().into_outcome().unwrap_err();
            assert!(error.status() == Status::Internal && error.maybe_consumed(), "{error:?}");
        }
        assert_eq!((queue.running(), client.stats().started), (0, StartedWaits::default()));
        assert_eq!(calm.start("e", LONG).unwrap().finish(None).unwrap(), EVENT);
    }
    assert_eq!(running.finish(Some(Duration::ZERO)).unwrap_err().status(), Status::Pending);
    running.cancel();
    assert_eq!(running.finish(LONG).unwrap_err().status(), Status::Cancelled);
}

/// Each of them is at one, for as long as the statistics say.
#[test]
fn the_statistics_say_where_started_waits_are() {
    let hole = BlackHole::bind();
    let on = |script| ScriptedServer::always(script);
    let shaking_hands = on(vec![Step::ReadSome, Step::Hang]);
    let waiting = on(vec![Step::ReadRequest, Step::Hang]);
    let receiving = on(after_request([Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()), Step::Hang]));
    // It closes the connection. Otherwise a wait that begins late asks on that of the first, which says nothing more.
    let busy = "retry-after: 60\r\nconnection: close\r\n";
    let busy = answer(503, busy, r#"{"error":{"code":503,"message":"busy"}}"#);
    let pausing = on(after_request([Step::Send(busy), Step::Hang]));
    type Find = fn(&StartedWaits) -> StageCount;
    let stages: [(Config, Find); 5] = [
        (config(&format!("http://{}", hole.address())), |started| started.connect),
        (config(&shaking_hands.https()), |started| started.tls),
        (config(&waiting.http()), |started| started.wait),
        (config(&receiving.http()), |started| started.receive),
        (config(&pausing.http()), |started| started.paused),
    ];
    for (config, find) in stages {
        let client = Client::new(&config).unwrap();
        assert_eq!(client.stats().started, StartedWaits::default());
        let waits = [(); 2].map(|()| client.start("e", None).unwrap());
        until("both are there", || find(&client.stats().started).count == 2);
        let began = Instant::now();
        let there = find(&client.stats().started).oldest_ms;
        until("they are older", || find(&client.stats().started).oldest_ms >= there + 20);
        assert!(began.elapsed() >= Duration::from_millis(19), "an age grows with the time");
        client.cancel_all();
        for wait in waits {
            assert_eq!(wait.finish(LONG).unwrap_err().status(), Status::Cancelled);
        }
        assert_eq!(client.stats().started, StartedWaits::default());
    }
}

/// Waits of several threads and clients, cancelled one by one from others while they begin, connect and wait.
#[test]
fn a_cancel_at_any_moment_ends_the_wait() {
    let hole = BlackHole::bind();
    let silent = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    let clients = [client_of(&hole), client(&silent.http())];
    thread::scope(|scope| {
        for (client, seed) in clients.iter().zip(0u64..).flat_map(|pair| [pair, pair]) {
            scope.spawn(move || {
                for round in 0..300 {
                    let wait = client.start("e", None).unwrap();
                    for _ in 0..(round * 37 + seed) % 400 {
                        std::hint::spin_loop();
                    }
                    wait.cancel();
                    assert_eq!(wait.finish(LONG).unwrap_err().status(), Status::Cancelled);
                }
            });
        }
    });
    for client in &clients {
        let stats = client.stats();
        assert_eq!((stats.waits, stats.cancels, stats.started), (600, 600, StartedWaits::default()));
    }
}
