//! Started waits: several clients start waits, alone and on queues, and cancel, take and free them in any order, while peers
//! answer, trickle, cut, reset, hang and refuse. Time is simulated, and so is the order of the threads. `records` states what
//! must hold for any sequence.
#![no_main]

mod peers;
mod records;

use anchor::{CancelToken, Client, Config, Queue, QueuedWait, StartedWait, Status, Trust};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use peers::{Peer, pause};
use records::{Place, Records};
use simulation::report::KEY;
use simulation::world::{self, Lookup};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

fuzz_target!(|input: Input| run(&input));

#[derive(Arbitrary, Debug)]
struct Input {
    actions: Vec<Action>,
    /// A proxy forwards the plain requests, and the first reply is to the CONNECT of what is encrypted.
    is_proxied: bool,
    clients: [Settings; 2],
    peers: [Peer; 6],
    lookups: [(u8, u8); 3],
    yields: u64,
    /// Whether all is freed at once at the end, or each outcome is taken.
    is_abrupt: bool,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Settings {
    has_name: bool,
    retries: u8,
    rearm: bool,
    slice: u8,
    grace: u8,
    connect_timeout: u8,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Timeout {
    Once,
    Short(u8),
    Long(u8),
    Endless,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Action {
    Start { client: u8, timeout: Timeout, slot: u8 },
    StartOn { client: u8, timeout: Timeout, queue: u8 },
    Several { client: u8, timeout: Timeout, queue: u8, count: u8 },
    Next { queue: u8, pause: u8, token: u8 },
    NextOfAny { queue: u8 },
    Finish { slot: u8, pause: u8 },
    Select { pause: u8 },
    Cancel { slot: u8, after: u8 },
    CancelQueued { at: u8, after: u8 },
    CancelQueue { queue: u8, after: u8 },
    CancelClient { client: u8, after: u8 },
    Free { slot: u8 },
    FreeQueued { at: u8 },
    FreeQueue { queue: u8 },
    Wait { client: u8, timeout: Timeout },
    Sleep { pause: u8 },
    Yield,
    Stats { client: u8 },
}

/// Of the waits of one input, so that a run is short.
const MOST_WAITS: usize = 16;
const MOST_ACTIONS: usize = 40;
/// The index of the client that uses TLS, which no peer speaks.
const TLS: usize = 2;

impl Timeout {
    fn duration(self) -> Option<Duration> {
        match self {
            Timeout::Once => Some(Duration::ZERO),
            Timeout::Short(choice) => Some(pause(choice)),
            Timeout::Long(choice) => Some(Duration::from_secs(u64::from(choice) * 4)),
            Timeout::Endless => None,
        }
    }
}

impl Settings {
    fn grace(self) -> Duration {
        pause(self.grace % 13)
    }

    fn client(self, is_proxied: bool, is_tls: bool) -> Client {
        let mut config = Config::bare();
        config.set_api_key(KEY).unwrap().set_trust(Trust::Bundled).set_rearm(self.rearm);
        let host = if self.has_name { "localhost" } else { "127.0.0.1" };
        config.set_base_url(&format!("{}://{host}", if is_tls { "https" } else { "http" })).unwrap();
        config.set_slice(pause(self.slice).max(Duration::from_millis(1))).unwrap().set_grace(self.grace()).unwrap();
        config.set_connect_timeout(pause(self.connect_timeout).max(Duration::from_millis(1))).unwrap();
        if self.retries < 0x80 {
            config.set_retries(u32::from(self.retries % 8));
        }
        if is_proxied {
            config.set_allow_http(true).set_proxy("http://user:word@127.0.0.1:3128").unwrap();
        }
        config.set_log(|_, line| assert!(!line.contains(KEY) && !line.contains("payload-"), "a secret is in the log"));
        Client::new(&config).unwrap()
    }
}

fn run(input: &Input) {
    /// Made once, since reading certificates is slow.
    static HTTPS: LazyLock<[Client; 2]> = LazyLock::new(|| {
        let (slice, grace, connect_timeout) = (12, 11, 14);
        let settings = Settings { has_name: false, retries: 0xff, rearm: true, slice, grace, connect_timeout };
        [false, true].map(|is_proxied| settings.client(is_proxied, true))
    });
    LazyLock::force(&HTTPS);
    let before = descriptors();
    let peers = input.peers.clone();
    world::install((0..).map(move |number| peers[number % peers.len()].script(number)));
    world::set_yields(input.yields);
    world::set_lookups(input.lookups.map(|(after, found)| {
        let errors = [libc::EAI_NONAME, libc::EAI_AGAIN, libc::EAI_MEMORY];
        Lookup {
            after: pause(after),
            found: if found < 0xc0 { Ok(found % 4) } else { Err(errors[usize::from(found % 3)]) },
        }
    }));
    let mut held = Held::new(input, HTTPS[usize::from(input.is_proxied)].clone());
    input.actions.iter().take(MOST_ACTIONS).for_each(|action| held.act(*action));
    if !input.is_abrupt {
        held.take_all();
    }
    let records = held.free();
    let network = world::take_down();
    records.check(input, &network);
    assert_eq!(descriptors(), before, "descriptors are left");
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// What the program holds.
struct Held {
    clients: [Client; 3],
    graces: [Duration; 3],
    slots: [Option<(usize, Arc<StartedWait>)>; 4],
    queues: [Arc<HeldQueue>; 2],
    queued: Vec<(usize, Arc<QueuedWait>)>,
    token: CancelToken,
    records: Records,
}

struct HeldQueue {
    queue: Queue,
    callbacks: Arc<AtomicUsize>,
}

impl HeldQueue {
    fn new() -> Arc<HeldQueue> {
        let callbacks = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&callbacks);
        let queue = Queue::new().unwrap();
        queue.set_callback(Some(Box::new(move || _ = count.fetch_add(1, Ordering::Relaxed)))).unwrap();
        Arc::new(HeldQueue { queue, callbacks })
    }
}

impl Held {
    fn new(input: &Input, https: Client) -> Held {
        let [first, second] = input.clients;
        let clients = [first.client(input.is_proxied, false), second.client(input.is_proxied, false), https];
        let graces = [first.grace(), second.grace(), pause(11)];
        let (slots, queues) = ([const { None }; 4], [HeldQueue::new(), HeldQueue::new()]);
        let token = CancelToken::new().unwrap();
        Held { clients, graces, slots, queues, queued: Vec::new(), token, records: Records::default() }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Start { client, timeout, slot } => self.start(client, timeout, usize::from(slot) % 4),
            Action::StartOn { client, timeout, queue } => self.start_on(client, timeout, usize::from(queue) % 2),
            Action::Several { client, timeout, queue, count } => {
                (0..count % 6).for_each(|_| self.start_on(client, timeout, usize::from(queue) % 2));
            }
            Action::Next { queue, pause: choice, token } => {
                if token & 0xf0 == 0 {
                    let token = self.token.clone();
                    world::call_after(pause(token_pause(choice)), move || token.cancel());
                }
                self.next(usize::from(queue) % 2, Some(pause(choice)));
                self.token.reset();
            }
            Action::NextOfAny { queue } => self.next(usize::from(queue) % 2, None),
            Action::Finish { slot, pause: choice } => self.finish(usize::from(slot) % 4, Some(pause(choice))),
            Action::Select { pause: choice } => self.select(pause(choice)),
            Action::Cancel { slot, after } => {
                let Some((at, wait)) = &self.slots[usize::from(slot) % 4] else { return };
                let (at, wait, records) = (*at, Arc::downgrade(wait), self.records.clone());
                later(after, move || {
                    if let Some(wait) = wait.upgrade() {
                        records.note_cancel(|number, _| number == at);
                        wait.cancel();
                    }
                });
            }
            Action::CancelQueued { at, after } => {
                if self.queued.is_empty() {
                    return;
                }
                let (at, wait) = &self.queued[usize::from(at) % self.queued.len()];
                let (at, wait, records) = (*at, Arc::downgrade(wait), self.records.clone());
                later(after, move || {
                    if let Some(wait) = wait.upgrade() {
                        records.note_cancel(|number, _| number == at);
                        wait.cancel();
                    }
                });
            }
            Action::CancelQueue { queue, after } => {
                let at = usize::from(queue) % 2;
                let (queue, records) = (Arc::downgrade(&self.queues[at]), self.records.clone());
                later(after, move || {
                    if let Some(held) = queue.upgrade() {
                        records.note_cancel(|_, record| record.place == Place::Queue(at));
                        held.queue.cancel_all();
                    }
                });
            }
            Action::CancelClient { client, after } => {
                let at = usize::from(client) % 3;
                let (client, records) = (self.clients[at].clone(), self.records.clone());
                later(after, move || {
                    records.note_cancel(|_, record| record.client == at);
                    client.cancel_all();
                });
            }
            Action::Free { slot } => self.free_slot(usize::from(slot) % 4),
            Action::FreeQueued { at } => {
                if !self.queued.is_empty() {
                    self.queued.swap_remove(usize::from(at) % self.queued.len());
                }
            }
            Action::FreeQueue { queue } => self.free_queue(usize::from(queue) % 2),
            Action::Wait { client, timeout } => self.wait(client, timeout),
            Action::Sleep { .. } if is_spent() => {}
            Action::Sleep { pause: choice } => world::sleep(pause(choice)),
            Action::Yield => world::let_others_run(),
            Action::Stats { client } => self.count(usize::from(client) % 3),
        }
    }

    fn begin(&mut self, client: u8, timeout: Timeout, place: Place) -> Option<(usize, Client)> {
        let client = usize::from(client) % 3;
        let is_full = self.records.len() == MOST_WAITS;
        (!is_full).then(|| {
            (self.records.begin(client, timeout.duration(), self.graces[client], place), self.clients[client].clone())
        })
    }

    fn start(&mut self, client: u8, timeout: Timeout, slot: usize) {
        self.free_slot(slot);
        let Some((at, client)) = self.begin(client, timeout, Place::Slot) else { return };
        let wait = client.start(&Records::name(at), timeout.duration()).expect("a wait starts");
        self.slots[slot] = Some((at, Arc::new(wait)));
    }

    fn start_on(&mut self, client: u8, timeout: Timeout, queue: usize) {
        let Some((at, client)) = self.begin(client, timeout, Place::Queue(queue)) else { return };
        let wait = client.start_on(&self.queues[queue].queue, &Records::name(at), timeout.duration(), at as u64);
        self.queued.push((at, Arc::new(wait.expect("a wait starts"))));
        self.check_running(queue);
    }

    fn next(&mut self, at: usize, timeout: Option<Duration>) {
        let HeldQueue { queue, callbacks } = &*self.queues[at];
        if timeout.is_none() && queue.running() == 0 {
            return;
        }
        let (began, is_ready) = (world::now(), is_readable(queue));
        let before = callbacks.load(Ordering::Relaxed);
        // Some wait may have no end.
        if timeout.is_none() && (self.records.is_endless(at) || is_spent()) {
            self.records.note_cancel(|_, record| record.place == Place::Queue(at));
            queue.cancel_all();
        }
        let is_blocking = timeout.is_none();
        match queue.next(timeout, if is_blocking { None } else { Some(&self.token) }) {
            Ok(completion) => {
                let number = usize::try_from(completion.tag()).unwrap();
                self.records.end(number, Place::Queue(at), completion.outcome(), began, is_ready);
                let calls = callbacks.load(Ordering::Relaxed) - before;
                assert_eq!(calls, usize::from(!is_ready), "the callback is called once for each change");
            }
            Err(e) => {
                assert!(!is_ready && !is_blocking, "there was one");
                let is_over = world::now() - began >= timeout.unwrap();
                assert!(e.status() == Status::Cancelled || (e.status() == Status::Pending && is_over), "{e:?}");
            }
        }
        self.check_running(at);
    }

    fn finish(&mut self, slot: usize, timeout: Option<Duration>) {
        let Some((at, wait)) = &self.slots[slot] else { return };
        let began = world::now();
        let has_ended = StartedWait::select(&[wait], Some(Duration::ZERO)).is_ok();
        let outcome = wait.finish(timeout);
        if self.records.is_taken(*at) {
            assert_eq!(outcome.unwrap_err().status(), Status::InvalidArgument);
        } else if !matches!(&outcome, Err(e) if e.status() == Status::Pending) {
            self.records.end(*at, Place::Slot, outcome.as_deref(), began, has_ended);
        } else {
            assert!(!has_ended && timeout.is_some_and(|timeout| world::now() - began >= timeout), "pending too early");
        }
    }

    fn select(&mut self, timeout: Duration) {
        let (numbers, waits): (Vec<usize>, Vec<&StartedWait>) =
            self.slots.iter().flatten().map(|(at, wait)| (*at, &**wait)).unzip();
        match StartedWait::select(&waits, Some(timeout)) {
            Ok(first) => assert!(!self.records.is_taken(numbers[first])),
            Err(e) => {
                let all_taken = numbers.iter().all(|at| self.records.is_taken(*at));
                assert_eq!(e.status(), if all_taken { Status::InvalidArgument } else { Status::Pending });
            }
        }
    }

    /// Freeing blocks until the wait has ended, which takes no time.
    fn free_slot(&mut self, slot: usize) {
        if let Some((at, wait)) = self.slots[slot].take() {
            let began = world::now();
            drop(wait);
            assert_eq!(world::now(), began, "freeing took time");
            self.records.free(|number, _| number == at);
        }
    }

    fn free_queue(&mut self, at: usize) {
        let began = world::now();
        self.queues[at] = HeldQueue::new();
        assert_eq!(world::now(), began, "freeing took time");
        self.records.free(|_, record| record.place == Place::Queue(at));
    }

    fn wait(&mut self, client: u8, timeout: Timeout) {
        let timeout = if matches!(timeout, Timeout::Endless) { Timeout::Once } else { timeout };
        let Some((at, client)) = self.begin(client, timeout, Place::Call) else { return };
        let began = world::now();
        let outcome = client.wait(&Records::name(at), timeout.duration(), None);
        self.records.end(at, Place::Call, outcome.as_deref(), began, false);
    }

    fn check_running(&self, queue: usize) {
        let running = self.records.running(|record| record.place == Place::Queue(queue));
        assert_eq!(self.queues[queue].queue.running(), running);
    }

    fn count(&self, client: usize) {
        let stats = self.clients[client].stats();
        let started = stats.started;
        let stages = [
            started.queued,
            started.dns,
            started.connect,
            started.tls,
            started.send,
            started.wait,
            started.receive,
            started.paused,
        ];
        let running: u64 = stages.iter().map(|stage| stage.count).sum();
        let untaken = self.records.running(|record| record.client == client);
        assert!(running <= untaken as u64, "{running} run, of {untaken}");
    }

    fn take_all(&mut self) {
        for at in 0..2 {
            while self.queues[at].queue.running() > 0 {
                self.next(at, None);
            }
        }
        for slot in 0..4 {
            let Some((at, wait)) = &self.slots[slot] else { continue };
            if self.records.is_long(*at) || is_spent() {
                self.records.note_cancel(|number, _| number == *at);
                wait.cancel();
            }
            self.finish(slot, None);
        }
    }

    fn free(mut self) -> Records {
        (0..4).for_each(|slot| self.free_slot(slot));
        (0..2).for_each(|queue| self.free_queue(queue));
        for (at, client) in self.clients.iter().enumerate().filter(|(at, _)| *at != TLS) {
            self.records.note_stats(at, client.stats());
        }
        self.clients[TLS].cancel_all();
        self.records
    }
}

/// So much has happened that the run had better end.
fn is_spent() -> bool {
    world::network(|network| network.connections().len() > 200) == Some(true)
}

fn token_pause(choice: u8) -> u8 {
    choice.saturating_sub(1)
}

/// At once, or on the thread that blocks at that time, as the handler of a signal is called.
fn later(after: u8, act: impl FnOnce() + Send + 'static) {
    if after & 3 == 0 { act() } else { world::call_after(pause(after / 4), act) }
}

fn is_readable(queue: &Queue) -> bool {
    use std::os::fd::{AsFd, AsRawFd};
    let mut watched = libc::pollfd { fd: queue.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: the pointer is to a local.
    unsafe { libc::poll(&raw mut watched, 1, 0) > 0 }
}
