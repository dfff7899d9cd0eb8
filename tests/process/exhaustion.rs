//! Exhausted resources: each allocation of each function of the C API fails once (tests/process/exhaustion/memory.c), large
//! ones fail (large.c), no address space is left (address_space.c), no descriptor or thread is left for started waits (started.c),
//! no file can be written. Blocking calls run out of descriptors and threads in tests/c/limits.c.

#![cfg(target_os = "linux")]

use anchor::{Client, Status, Timeout};
use std::panic::resume_unwind;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use testkit::PATIENCE;
use testkit::c_build::compiler::{Linkage, compile};
use testkit::local_server::LocalServer;
use testkit::process::{run, without_settings};
use testkit::target::Target;
use testkit::tools;

/// Functions that return a string, so that their last allocation is made by the C boundary.
const WITH_STRING: [&str; 10] = [
    "take_an_event",
    "take_an_error",
    "signal_an_event",
    "refuse_an_argument",
    "read_stats",
    "get_from_json",
    "start_a_wait",
    "get_an_escaped_string",
    "get_a_nested_value",
    "take_a_refusal_of_data",
];

#[test]
fn a_failed_allocation_is_an_error_or_a_clean_abort() {
    if !tools::has("cc") {
        return;
    }
    let server = LocalServer::with_faults();
    let mut program =
        Target::of_programs().command(compile("cc", "tests/process/exhaustion/memory.c", Linkage::Shared));
    without_settings(&mut program);
    let outcome = run(server.configure(&mut program));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:#?}");
    println!("{}", outcome.stdout);
    for name in WITH_STRING {
        let line = outcome.stdout.lines().find(|line| line.starts_with(&format!("{name}:"))).expect("it was called");
        assert!(line.ends_with("the last is answered"), "{line}");
    }
    let aborting = |line: &&str| line.starts_with("get_") && !line.contains(" 0 aborted");
    assert_eq!(outcome.stdout.lines().find(aborting), None, "a value of a JSON text is NULL without memory");
    assert_eq!(outcome.stdout.lines().count(), 12, "{}", outcome.stdout);
}

/// Where the service or the caller decides the size, a failed allocation is a status and not an abort.
#[test]
fn running_out_of_memory_for_an_answer_or_data_is_an_error() {
    if !tools::has("cc") {
        return;
    }
    let server = LocalServer::with_faults();
    let mut program = Target::of_programs().command(compile("cc", "tests/process/exhaustion/large.c", Linkage::Shared));
    without_settings(&mut program);
    let outcome = run(server.configure(&mut program));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:#?}");
}

#[test]
fn running_out_of_address_space_is_an_error() {
    if !tools::has("cc") {
        return;
    }
    let server = LocalServer::with_faults();
    let mut program =
        Target::of_programs().command(compile("cc", "tests/process/exhaustion/address_space.c", Linkage::Shared));
    without_settings(&mut program);
    let outcome = run(server.configure(&mut program));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:#?}");
}

#[test]
fn running_out_of_descriptors_or_threads_for_started_waits_is_an_error() {
    if !tools::has("cc") {
        return;
    }
    let server = LocalServer::with_faults();
    let mut program =
        Target::of_programs().command(compile("cc", "tests/process/exhaustion/started.c", Linkage::Shared));
    without_settings(&mut program);
    let outcome = run(server.configure(&mut program));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:#?}");
}

/// While it is set, the kernel has no room for another socket in an epoll. Its own limit is the whole machine's.
static WATCHES_NOTHING: AtomicBool = AtomicBool::new(false);

/// The function of the C library, for everything in this process.
///
/// # Safety
///
/// As for the function.
#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_ctl(
    epoll: libc::c_int,
    operation: libc::c_int,
    fd: libc::c_int,
    event: *mut libc::epoll_event,
) -> libc::c_int {
    if operation == libc::EPOLL_CTL_ADD && WATCHES_NOTHING.load(Ordering::SeqCst) {
        // SAFETY: errno's location is valid for the thread.
        unsafe { *libc::__errno_location() = libc::ENOSPC };
        return -1;
    }
    // SAFETY: the arguments are the caller's.
    unsafe { libc::syscall(libc::SYS_epoll_ctl, epoll, operation, fd, event) as libc::c_int }
}

/// What fails is this wait, even if its log callback panics then: the others of the process run on.
#[test]
fn a_wait_whose_socket_cannot_be_watched_fails_alone() {
    let server = LocalServer::start(&[]);
    let client = server.client();
    let mut config = server.config();
    let panicking =
        Client::new(config.set_retries(0).set_log(|_, _| resume_unwind(Box::new("a test asked for it")))).unwrap();
    let failing = Client::new(server.config().set_retries(0)).unwrap();
    let running = client.start("running", None).unwrap();
    server.until_waiting(1);
    WATCHES_NOTHING.store(true, Ordering::SeqCst);
    for (client, expected) in [(&failing, Status::OutOfMemory), (&panicking, Status::Internal)] {
        let error = client.start("failing", None).unwrap().finish(Some(PATIENCE)).unwrap_err();
        assert_eq!(error.status(), expected, "{error:?}");
    }
    WATCHES_NOTHING.store(false, Ordering::SeqCst);
    client.signal("running", None, Timeout::Request, None).unwrap();
    running.finish(Some(PATIENCE)).expect("its event");
    failing.signal("later", None, Timeout::Request, None).unwrap();
    failing.start("later", None).unwrap().finish(Some(PATIENCE)).expect("its event");
}

/// In a mount namespace of its own, where every mount is read-only: the library writes no files.
#[test]
fn a_read_only_file_system_is_enough() {
    let namespace = ["--map-root-user", "--mount", "--"];
    let may = Command::new("unshare").args(namespace).arg("true").output().is_ok_and(|run| run.status.success());
    if !tools::has("cc") || !tools::has_when("unshare, with leave to make namespaces", may) {
        return;
    }
    let script = r#"
        cut -d " " -f 2 /proc/self/mounts | while read -r mounted; do
            mount -o remount,bind,ro "$mounted" 2>/dev/null || :
        done
        for folder in . /tmp "$HOME" "$(dirname "$0")"; do
            ! touch "$folder/anchor-writes" 2>/dev/null || { rm "$folder/anchor-writes"; echo "$folder can be written"; exit 1; }
        done
        exec "$0""#;
    let (secure, ca_file) = LocalServer::with_tls();
    let mut program = Command::new("unshare");
    without_settings(&mut program);
    program.args(namespace).args(["sh", "-c", script]).arg(compile("cc", "tests/c/tls.c", Linkage::Shared));
    let plain = LocalServer::with_faults();
    program.env("ANCHOR_TEST_TLS_URL", &secure.url);
    program.env("ANCHOR_TEST_CA_FILE", ca_file);
    let outcome = run(plain.configure(&mut program));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:#?}");
    assert!(outcome.stdout.lines().count() > 0, "no case ran");
}
