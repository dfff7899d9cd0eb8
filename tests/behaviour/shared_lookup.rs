//! Lookups that calls share, and that they give up. Each test runs in a namespace with a name server of its own, whose answers come
//! when the test wants them.

use super::lookup::settings;
use anchor::{Client, Phase, Queue, Status, Timeout};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;
use testkit::freeze::Freezable;
use testkit::sandbox::is_inside;
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Step, event};
use testkit::way::{Waiting, Way};
use testkit::{PATIENCE, until};

const LONG: Option<Duration> = Some(PATIENCE);
/// The resolver repeats a question only after 30 s, so that what a test counts are lookups.
const RESOLVER: (&str, &str) = ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:30\n");
const DNS_ONLY: (&str, &str) = ("nsswitch.conf", "hosts: dns\n");

type Question = (Vec<u8>, SocketAddr);

struct NameServer(UdpSocket);

impl NameServer {
    fn bind() -> NameServer {
        NameServer(UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap())
    }

    fn question(&self) -> Question {
        let mut bytes = vec![0; 512];
        let (length, from) = self.0.recv_from(&mut bytes).expect("a question");
        bytes.truncate(length);
        (bytes, from)
    }

    /// The two questions of one lookup, for the addresses of both families of the name that begins like this.
    fn questions(&self, beginning: &str) -> Vec<Question> {
        // A head of 12 bytes and the length of the first label come before it.
        std::iter::repeat_with(|| self.question())
            .filter(|(bytes, _)| bytes[13..].starts_with(beginning.as_bytes()))
            .take(2)
            .collect()
    }

    /// The name has this address, and none of the other family.
    fn answer(&self, questions: &[Question], address: Ipv4Addr) {
        for (question, from) in questions {
            let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
            let is_v4 = question[end - 4..end - 2] == [0, 1];
            let mut answer = question[..end].to_vec();
            answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, u8::from(is_v4), 0, 0, 0, 0]);
            if is_v4 {
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
                answer.extend(address.octets());
            }
            self.0.send_to(&answer, from).expect("loopback");
        }
    }

    /// Answers all questions that come.
    fn answer_from_now_on(self) {
        thread::spawn(move || {
            loop {
                self.answer(&[self.question()], Ipv4Addr::LOCALHOST);
            }
        });
    }

    fn has_a_question(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        self.0.recv(&mut [0; 512]).is_ok()
    }
}

fn threads(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten().map(|task| task.path().join("comm"));
    tasks.filter(|comm| std::fs::read_to_string(comm).is_ok_and(|comm| comm.trim() == name)).count()
}

fn lookup_threads() -> usize {
    threads("anchor-dns")
}

fn until_threads(name: &str, count: usize) {
    until("the threads of this name are so many", || threads(name) == count);
}

fn serve(address: Ipv4Addr, port: u16) -> ScriptedServer {
    ScriptedServer::start_at((address, port).into(), vec![vec![Step::AnswerAll(event())]])
}

/// Blocking calls, started waits and waits on queues, of two clients with different ports. Those that leave are the first, which
/// began the lookup.
#[test]
fn calls_that_need_one_host_share_a_lookup() {
    if !is_inside("shared_lookup::calls_that_need_one_host_share_a_lookup", &[RESOLVER, DNS_ONLY]) {
        return;
    }
    let names = NameServer::bind();
    let servers = [8001, 8002].map(|port| serve(Ipv4Addr::LOCALHOST, port));
    let clients = [8001, 8002].map(|port| {
        let mut config = settings("one.test", port);
        Client::new(config.set_connect_timeout(PATIENCE).unwrap()).unwrap()
    });
    let ways = [Way::Blocking, Way::Started, Way::Queued];
    let begin = || -> Vec<Waiting> {
        let begun: Vec<Waiting> =
            clients.iter().flat_map(|client| ways.map(|way| way.begin(client, "e", None))).collect();
        begun.iter().for_each(Waiting::until_asleep);
        begun
    };
    let leaving = begin();
    let questions = names.questions("one");
    let staying = begin();
    let signaller = clients[0].clone();
    let signal = Freezable::spawn(move || signaller.signal("e", None, Timeout::Never, None));
    signal.until_asleep();
    assert_eq!(lookup_threads(), 1);
    for way in ways {
        let error = way.wait(&clients[0], "e", Some(Duration::from_millis(100))).unwrap_err();
        assert_eq!((error.status(), error.phase()), (Status::NotSent, Some(Phase::Dns)), "{error:?}");
        assert!(error.timed_out(), "{error:?}");
    }
    for waiting in leaving {
        waiting.cancel();
        let error = waiting.end().unwrap_err();
        assert_eq!((error.status(), error.phase()), (Status::Cancelled, Some(Phase::Dns)), "{error:?}");
    }
    assert_eq!(lookup_threads(), 1);
    names.answer(&questions, Ipv4Addr::LOCALHOST);
    for waiting in staying {
        assert_eq!(waiting.end().unwrap(), EVENT);
    }
    assert_eq!(signal.join().unwrap(), EVENT);
    assert!(servers.iter().all(|server| server.connections() > 0), "each has the port of its client");
    assert!(!names.has_a_question(), "there was another lookup");
}

#[test]
fn many_started_waits_make_one_lookup() {
    if !is_inside("shared_lookup::many_started_waits_make_one_lookup", &[RESOLVER, DNS_ONLY]) {
        return;
    }
    const COUNT: u64 = 100;
    let (names, queue) = (NameServer::bind(), Queue::new().unwrap());
    let server = serve(Ipv4Addr::LOCALHOST, 8001);
    let client = Client::new(&settings("many.test", 8001)).unwrap();
    for tag in 0..COUNT {
        client.start_on(&queue, "e", LONG, tag).unwrap();
    }
    until("all of them look it up", || client.stats().started.dns.count == COUNT);
    let questions = names.questions("many");
    assert_eq!(lookup_threads(), 1);
    names.answer(&questions, Ipv4Addr::LOCALHOST);
    names.answer_from_now_on();
    for _ in 0..COUNT {
        assert_eq!(queue.next(LONG, None).unwrap().into_outcome().unwrap(), EVENT);
    }
    // One that was made may not have been accepted yet.
    let made = client.stats().connections_made;
    server.until("each connection", |record| record.connections as u64 == made);
}

/// The lookup goes on while the wait gives up and tries again.
#[test]
fn a_lookup_that_outlasts_the_connect_timeout_gives_one_connection() {
    const TEST: &str = "shared_lookup::a_lookup_that_outlasts_the_connect_timeout_gives_one_connection";
    if !is_inside(TEST, &[RESOLVER, DNS_ONLY]) {
        return;
    }
    let names = NameServer::bind();
    let server = serve(Ipv4Addr::LOCALHOST, 8001);
    let mut config = settings("slow.test", 8001);
    let client = Client::new(config.set_connect_timeout(Duration::from_secs(1)).unwrap()).unwrap();
    let wait = client.start("e", None).unwrap();
    let questions = names.questions("slow");
    until("it has tried again", || client.stats().retries >= 2 && client.stats().started.dns.count == 1);
    assert_eq!(lookup_threads(), 1);
    names.answer(&questions, Ipv4Addr::LOCALHOST);
    assert_eq!(wait.finish(None).unwrap(), EVENT);
    assert_eq!((server.connections(), client.stats().connections_made), (1, 1));
}

/// The first host's lookup ends after its wait has, when all started waits have ended and a new one has begun.
#[test]
fn a_late_answer_to_an_abandoned_lookup_is_not_taken_for_another_host() {
    const TEST: &str = "shared_lookup::a_late_answer_to_an_abandoned_lookup_is_not_taken_for_another_host";
    if !is_inside(TEST, &[RESOLVER, DNS_ONLY]) {
        return;
    }
    let names = NameServer::bind();
    let addresses = [1, 2].map(|n| Ipv4Addr::new(127, 0, 3, n));
    let servers = addresses.map(|address| serve(address, 8001));
    let start = |host| Client::new(&settings(host, 8001)).unwrap().start("e", LONG).unwrap();
    let abandoned = start("first.test");
    let late = names.questions("first");
    abandoned.cancel();
    assert_eq!(abandoned.finish(LONG).unwrap_err().status(), Status::Cancelled);
    drop(abandoned);
    until_threads("anchor-reactor", 0);
    let wait = start("second.test");
    let current = names.questions("second");
    names.answer(&late, addresses[0]);
    until_threads("anchor-dns", 1);
    names.answer(&current, addresses[1]);
    assert_eq!(wait.finish(LONG).unwrap(), EVENT);
    assert_eq!(servers.map(|server| server.connections()), [0, 1]);
}

/// One that comes while a lookup runs takes its result, though the one that began it is gone. A lookup that is over gives nothing to
/// the next call.
#[test]
fn a_lookup_is_joined_while_it_runs_and_not_kept_afterwards() {
    const TEST: &str = "shared_lookup::a_lookup_is_joined_while_it_runs_and_not_kept_afterwards";
    if !is_inside(TEST, &[RESOLVER, DNS_ONLY]) {
        return;
    }
    let names = NameServer::bind();
    let addresses = [1, 2].map(|n| Ipv4Addr::new(127, 0, 3, n));
    let servers = addresses.map(|address| serve(address, 8001));
    let client = || Client::new(&settings("again.test", 8001)).unwrap();
    let gone = Way::Blocking.begin(&client(), "e", None);
    let first = names.questions("again");
    gone.cancel();
    assert_eq!(gone.end().unwrap_err().status(), Status::Cancelled);
    let joined = Way::Blocking.begin(&client(), "e", None);
    joined.until_asleep();
    names.answer(&first, addresses[0]);
    assert_eq!(joined.end().unwrap(), EVENT);
    assert_eq!(servers.each_ref().map(ScriptedServer::connections), [1, 0]);
    let later = Way::Blocking.begin(&client(), "e", None);
    let second = names.questions("again");
    names.answer(&second, addresses[1]);
    assert_eq!(later.end().unwrap(), EVENT);
    assert_eq!(servers.map(|server| server.connections()), [1, 1]);
}
