//! A client in a child after fork: the child gets connections of its own, and those of the parent go on undisturbed, TLS
//! sessions above all. Waits that run stay the parent's. A process with one thread must fork, so this program is without cargo's
//! harness: it starts itself again for each case, and is the server that parent and child call.

use anchor::{Client, Config, Queue, StartedWait, Status, Trust, json_get};
use std::process::Command;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use testkit::PATIENCE;
use testkit::certificates::{Certificate, authority_file, tls};
use testkit::scripted::ScriptedServer;
use testkit::scripted::script::{EVENT, Gate, Step, answer, event};
use testkit::settings::config;

const LONG: Option<Duration> = Some(PATIENCE);

fn main() {
    match std::env::var("FORK_PROGRAM").as_deref() {
        Ok("one client") => child_and_parent_use_one_client(),
        Ok("cancel_all") => cancel_all_in_a_child(),
        Ok("authorities") => child_after_the_files_are_gone(),
        Ok("started waits") => child_starts_waits_of_its_own(),
        Ok("log callback") => fork_in_a_log_callback(),
        Ok("callback returns") => child_returns_from_a_log_callback(),
        Ok("descriptors") => every_descriptor_is_closed_by_exec(),
        Ok(other) => panic!("no program {other}"),
        // A test runner asks which tests there are.
        Err(_) if std::env::args().any(|argument| argument == "--list") => {}
        Err(_) => {
            a_child_and_its_parent_use_one_client();
            cancel_all_in_a_child_leaves_the_parents_wait_alone();
            a_child_trusts_whom_its_parent_read();
            for program in ["started waits", "log callback", "callback returns", "descriptors"] {
                with_started_waits(program);
            }
            println!("test fork ... ok");
        }
    }
}

fn run(program: &str, url: &str) {
    let mut run = testkit::sandbox::this_program();
    run.env("FORK_PROGRAM", program).env("TEST_URL", url).env("TEST_CA", authority_file());
    assert!(run.status().unwrap().success(), "{program} with {url}");
}

/// Runs `work` in a child, whose exit status says whether it succeeded.
fn fork(work: impl FnOnce() -> bool) -> libc::pid_t {
    assert_eq!(threads(), 1, "a fork of many threads is another matter");
    fork_beside_threads(work)
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// The other threads are those of the library, and a test may do in the child what the library promises.
fn fork_beside_threads(work: impl FnOnce() -> bool) -> libc::pid_t {
    // SAFETY: glibc's allocator can be used in the child, and no lock of this program is held by another thread.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let went_well = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or(false);
        // SAFETY: ends the child and nothing of its parent's.
        unsafe { libc::_exit(i32::from(!went_well)) };
    }
    child
}

fn expect_well(child: libc::pid_t) {
    let mut status = -1;
    // SAFETY: the pointer is to a local int.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child's call failed");
}

/// A client that trusts the authority of the process outside.
fn client() -> Client {
    let mut config = config(&std::env::var("TEST_URL").unwrap());
    config.set_ca_file(std::env::var("TEST_CA").unwrap()).unwrap();
    Client::new(&config).unwrap()
}

fn takes_the_event(client: &Client) -> bool {
    client.wait("e", LONG, None).is_ok_and(|answer| answer == EVENT)
}

fn child_and_parent_use_one_client() {
    let client = client();
    assert!(takes_the_event(&client));
    let child = fork(|| {
        let grandchild = fork(|| takes_the_event(&client));
        expect_well(grandchild);
        takes_the_event(&client) && takes_the_event(&client)
    });
    expect_well(child);
    assert!(takes_the_event(&client), "the parent's session did not survive");
    // This child drops its client, and with it what it inherited of the parent's connections.
    let mut dropped = Some(client.clone());
    drop(client);
    let child = fork(|| {
        let client = dropped.take().expect("the only handle");
        takes_the_event(&client)
    });
    expect_well(child);
    let client = dropped.expect("the parent's handle");
    assert!(takes_the_event(&client), "the parent's session did not survive");
    let stats = client.stats();
    assert_eq!((stats.connections_made, stats.connections_reused), (1, 2), "of the parent");
}

/// The grandchild, the child and the second child have a connection each; the parent keeps its first.
fn a_child_and_its_parent_use_one_client() {
    for handshake in [None, Some(Step::Handshake(tls(Certificate::Good)))] {
        let is_tls = handshake.is_some();
        let server = ScriptedServer::always(handshake.into_iter().chain([Step::AnswerAll(event())]).collect());
        run("one client", &if is_tls { server.https() } else { server.http() });
        let connections: Vec<usize> = server.requests().iter().map(|request| request.connection).collect();
        assert_eq!(connections, [0, 1, 2, 2, 0, 3, 0]);
    }
}

/// `cancel_all` in a child ends the child's calls, of which there are none, and not the parent's.
fn cancel_all_in_a_child_leaves_the_parents_wait_alone() {
    let (parent_waits, child_is_done) = (Gate::default(), Gate::default());
    let parents = vec![
        Step::ReadRequest,
        Step::Send(event()),
        Step::ReadRequest,
        Step::Open(parent_waits.clone()),
        Step::Await(child_is_done.clone()),
        Step::Send(answer(200, "", r#"{"data":{"for":"parent"}}"#)),
        Step::Hang,
    ];
    let childs = vec![
        Step::ReadRequest,
        Step::Await(parent_waits),
        Step::Send(event()),
        Step::ReadRequest,
        Step::Open(child_is_done),
        Step::Send(event()),
        Step::Hang,
    ];
    let server = ScriptedServer::start(vec![parents, childs]);
    run("cancel_all", &server.http());
    assert_eq!(server.connections(), 2);
}

fn cancel_all_in_a_child() {
    let client = client();
    assert!(takes_the_event(&client));
    let child = fork(|| {
        let before = takes_the_event(&client);
        client.cancel_all();
        before && takes_the_event(&client)
    });
    let answer = client.wait("parents", LONG, None).expect("no cancel");
    assert_eq!(json_get(&answer, "/data/for").as_deref(), Some("parent"));
    expect_well(child);
}

/// What `Client::new` read is what counts: the child neither misses the files nor reads what stands there now.
fn a_child_trusts_whom_its_parent_read() {
    let server = ScriptedServer::always(vec![Step::Handshake(tls(Certificate::Good)), Step::AnswerAll(event())]);
    run("authorities", &server.https());
    assert_eq!(server.connections(), 4);
}

fn child_after_the_files_are_gone() {
    let pem = std::fs::read(std::env::var("TEST_CA").unwrap()).unwrap();
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fork-ca-{}.pem", std::process::id()));
    let by_setting = |config: &mut Config| {
        config.set_ca_file(&file).unwrap();
    };
    let by_variable = |config: &mut Config| {
        // SAFETY: the process has one thread.
        unsafe { std::env::set_var("SSL_CERT_FILE", &file) };
        config.set_trust(Trust::System);
    };
    for name in [&by_setting as &dyn Fn(&mut Config), &by_variable] {
        std::fs::write(&file, &pem).unwrap();
        let mut config = Config::bare();
        config.set_api_key("key").unwrap().set_base_url(&std::env::var("TEST_URL").unwrap()).unwrap();
        config.set_trust(Trust::Bundled);
        name(&mut config);
        let client = Client::new(&config).unwrap();
        std::fs::write(&file, "another file by now").unwrap();
        expect_well(fork(|| takes_the_event(&client)));
        std::fs::remove_file(&file).unwrap();
        expect_well(fork(|| takes_the_event(&client)));
    }
}

/// One server answers every wait with an event, the other one with nothing.
fn with_started_waits(program: &str) {
    let answering = ScriptedServer::always(vec![Step::AnswerAll(event())]);
    let silent = ScriptedServer::always(vec![Step::ReadRequest, Step::Hang]);
    run(program, &format!("{} {}", answering.http(), silent.http()));
}

fn urls() -> (String, String) {
    let urls = std::env::var("TEST_URL").unwrap();
    let (answering, silent) = urls.split_once(' ').unwrap();
    (answering.to_owned(), silent.to_owned())
}

/// What a process has that started waits, and its child inherits.
struct Parents {
    answering: Client,
    silent: Client,
    queue: Queue,
    wait: StartedWait,
}

impl Parents {
    fn new() -> Parents {
        let (answering, silent) = urls();
        let client = |url| Client::new(&config(url)).unwrap();
        let (answering, silent) = (client(&answering), client(&silent));
        let queue = Queue::new().unwrap();
        silent.start_on(&queue, "parents", None, 1).unwrap();
        let wait = silent.start("parents", None).unwrap();
        testkit::until("both wait", || silent.stats().started.wait.count == 2);
        Parents { answering, silent, queue, wait }
    }

    /// In a child: what it inherited is not its own, and what it starts is.
    fn can_be_used_in_a_child(&self) -> bool {
        let look = Some(Duration::ZERO);
        assert_eq!(self.wait.finish(LONG).unwrap_err().status(), Status::InvalidArgument);
        assert_eq!((self.queue.running(), self.queue.next(look, None).unwrap_err().status()), (0, Status::Pending));
        self.wait.cancel();
        self.queue.cancel_all();
        for tag in 0..20 {
            self.answering.start_on(&self.queue, "childs", LONG, tag).unwrap();
            let completion = self.queue.next(LONG, None).unwrap();
            assert_eq!((completion.tag(), completion.outcome().unwrap()), (tag, EVENT));
            assert_eq!(self.answering.start("childs", LONG).unwrap().finish(None).unwrap(), EVENT);
        }
        self.what_is_freed_has_ended()
    }

    /// Freeing returns when the wait has ended, so that the counts show it.
    fn what_is_freed_has_ended(&self) -> bool {
        let before = self.silent.stats().cancels;
        for round in 1..=20 {
            drop(self.silent.start("childs", None).unwrap());
            assert_eq!(self.silent.stats().cancels, before + 2 * round - 1, "a wait runs on after it was freed");
            let queue = Queue::new().unwrap();
            self.silent.start_on(&queue, "childs", None, 1).unwrap();
            drop(queue);
            assert_eq!(self.silent.stats().cancels, before + 2 * round, "a wait runs on after its queue was freed");
        }
        true
    }

    /// In the parent: the child has changed nothing.
    fn go_on(self) {
        assert_eq!(self.wait.finish(Some(Duration::ZERO)).unwrap_err().status(), Status::Pending);
        assert_eq!((self.queue.running(), self.silent.stats().cancels), (1, 0));
        self.silent.cancel_all();
        assert_eq!(self.wait.finish(LONG).unwrap_err().status(), Status::Cancelled);
        assert_eq!(self.queue.next(LONG, None).unwrap().outcome().unwrap_err().status(), Status::Cancelled);
        drop(self);
        // A thread is there for a moment after it was joined.
        testkit::until("the reactor's thread ends with the last wait", || threads() == 1);
    }
}

fn child_starts_waits_of_its_own() {
    let parents = Parents::new();
    expect_well(fork_beside_threads(|| {
        let grandchild = fork_beside_threads(|| parents.can_be_used_in_a_child());
        expect_well(grandchild);
        parents.can_be_used_in_a_child()
    }));
    parents.go_on();
}

/// On the reactor's thread, which is then the child's only thread.
fn fork_in_a_log_callback() {
    static CHILD: AtomicI32 = AtomicI32::new(0);
    let parents = Arc::new(OnceLock::<Parents>::new());
    let theirs = Arc::clone(&parents);
    let mut config = config(&urls().0);
    config.set_log(move |_, _| {
        let parents = theirs.get().expect("they are there before this client");
        CHILD.store(fork_beside_threads(|| parents.can_be_used_in_a_child()), Ordering::SeqCst);
    });
    assert!(parents.set(Parents::new()).is_ok());
    let client = Client::new(&config).unwrap();
    drop(config);
    assert_eq!(client.start("logged", LONG).unwrap().finish(None).unwrap(), EVENT);
    expect_well(CHILD.load(Ordering::SeqCst));
    drop(client);
    Arc::into_inner(parents).expect("the only one").into_inner().expect("they are there").go_on();
}

/// The child must not run the parent's waits, whose sockets and epoll it has as well. Its only thread ends, and so does it.
fn child_returns_from_a_log_callback() {
    const COUNT: u64 = 100;
    static CHILD: AtomicI32 = AtomicI32::new(0);
    let gate = Gate::default();
    let held =
        ScriptedServer::always(vec![Step::ReadRequest, Step::Await(gate.clone()), Step::Send(event()), Step::Hang]);
    let (waiting, queue) = (Client::new(&config(&held.http())).unwrap(), Queue::new().unwrap());
    for tag in 0..COUNT {
        waiting.start_on(&queue, "parents", LONG, tag).unwrap();
    }
    held.until_requests(COUNT as usize);
    let mut config = config(&urls().0);
    config.set_log(|_, _| {
        // SAFETY: the child returns from here on the reactor's thread, and no lock is held by another one.
        let child = unsafe { libc::fork() };
        if child > 0 {
            CHILD.store(child, Ordering::SeqCst);
        }
    });
    let wait = Client::new(&config).unwrap().start("logged", LONG).unwrap();
    assert_eq!(wait.finish(LONG).unwrap(), EVENT);
    expect_well(CHILD.load(Ordering::SeqCst));
    gate.open();
    for _ in 0..COUNT {
        assert_eq!(queue.next(LONG, None).unwrap().into_outcome().unwrap(), EVENT);
    }
}

/// So a program that is started while waits run inherits nothing of them, by fork or by vfork.
fn every_descriptor_is_closed_by_exec() {
    let before = descriptors();
    let parents = Parents::new();
    parents.wait.event_fd().unwrap();
    let _token = anchor::CancelToken::new().unwrap();
    assert!(takes_the_event(&parents.answering));
    let made: Vec<i32> = descriptors().into_iter().filter(|fd| !before.contains(fd)).collect();
    assert!(made.len() >= 9, "two of the reactor, two connections, one in the pool, the queue, the wait, two tokens");
    // SAFETY: no pointers are passed.
    let is_open = |fd: &&i32| unsafe { libc::fcntl(**fd, libc::F_GETFD) } & libc::FD_CLOEXEC == 0;
    assert_eq!(made.iter().filter(is_open).collect::<Vec<_>>(), Vec::<&i32>::new(), "a program would inherit them");
    // The shell itself looks: a program that lists a folder has it open.
    let look = "for fd; do if [ -e /proc/$$/fd/$fd ]; then echo $fd; fi; done";
    let numbers = made.iter().map(i32::to_string);
    let inherited = Command::new("sh").args(["-c", look, "sh"]).args(numbers).output().unwrap();
    assert!(inherited.status.success() && inherited.stdout.is_empty(), "{inherited:?} of {made:?}");
    parents.go_on();
}

/// Those of this process.
fn descriptors() -> Vec<i32> {
    let entries = std::fs::read_dir("/proc/self/fd").unwrap();
    let fds: Vec<i32> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap().parse().unwrap()).collect();
    // SAFETY: no pointers are passed. The one of the directory is closed by now.
    fds.into_iter().filter(|fd| unsafe { libc::fcntl(*fd, libc::F_GETFD) } != -1).collect()
}
