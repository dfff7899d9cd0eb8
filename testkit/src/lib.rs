//! What the test programs of the workspace share: the local server and a scripted one, C programs and how they are built, the
//! rule for what is missing on a machine, and how long to wait. No test is here.

#![allow(missing_docs, reason = "it is read by those who write tests, beside its source")]

pub mod addresses;
pub mod c_build;
pub mod certificates;
#[cfg_attr(not(target_os = "linux"), path = "freeze/elsewhere.rs")]
pub mod freeze;
pub mod http;
pub mod library;
pub mod local_server;
pub mod process;
pub mod relay;
pub mod sandbox;
pub mod scripted;
pub mod settings;
pub mod skipped;
pub mod target;
pub mod timing;
pub mod tools;
pub mod way;

use std::path::{Path, PathBuf};
use std::sync::Once;
use std::thread;
use std::time::{Duration, Instant};

/// The longest that a test waits for something that must happen. The slowest is a C program under valgrind on a busy machine;
/// a test that waits longer has found a defect.
pub const PATIENCE: Duration = Duration::from_secs(240);

/// Blocks until the condition holds.
#[track_caller]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "waited too long: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("testkit is a folder of the repository")
}

/// The names of the files in a folder of the repository that end so, in order.
pub fn files(folder: &str, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).expect("a folder of the repository");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let mut names: Vec<String> = names.filter(|name| name.ends_with(ending)).collect();
    names.sort();
    names
}

/// A folder of this name for what a test makes, in the target directory.
pub fn scratch(name: &str) -> PathBuf {
    let folder = target_dir().join("tmp").join(name);
    std::fs::create_dir_all(&folder).expect("the target directory can be written");
    folder
}

/// The same, with nothing in it.
pub fn empty_scratch(name: &str) -> PathBuf {
    let _ = std::fs::remove_dir_all(target_dir().join("tmp").join(name));
    scratch(name)
}

/// Where cargo builds.
pub fn target_dir() -> PathBuf {
    let above = if target_of_cargo().is_empty() { 1 } else { 2 };
    profile_dir().ancestors().nth(above).expect("the profile is in the target directory").to_owned()
}

/// What cargo was told to build the tests for: nothing, or `--target` and a system.
fn target_of_cargo() -> Vec<String> {
    let triple = target::Target::of_tests().triple;
    let is_named = profile_dir().parent().is_some_and(|folder| folder.ends_with(&triple));
    if is_named { vec!["--target".to_owned(), triple] } else { Vec::new() }
}

/// The profile that the tests are built with.
fn profile() -> String {
    let folder = profile_dir();
    let name = folder.file_name().and_then(|name| name.to_str()).expect("the profile's name");
    if name == "debug" { "dev".to_owned() } else { name.to_owned() }
}

/// This test program is target/<profile>/deps/<program>, or target/<system>/<profile>/deps/<program>.
fn profile_dir() -> PathBuf {
    let program = std::env::current_exe().expect("a running program has a path");
    program.ancestors().nth(2).expect("it is in target/<profile>/deps").to_owned()
}

/// Enough for the connections of scripted servers: each takes three descriptors, a fourth is the client's, and a shell's usual
/// limit is 1,024. It is no higher, since programs that a test starts inherit it, and some reserve memory for each.
pub(crate) fn raise_file_limit_for_connections() {
    static RAISED: Once = Once::new();
    RAISED.call_once(|| {
        rlimit::increase_nofile_limit(8_192).expect("the soft limit can be raised to the hard one");
    });
}

/// For a test that holds many connections at once. Returns how many descriptors the process may open.
pub fn raise_file_limit(needed: u64) -> u64 {
    let limit = rlimit::increase_nofile_limit(u64::MAX).expect("the soft limit can be raised to the hard one");
    assert!(limit >= needed, "this test needs {needed} file descriptors, and may open {limit}");
    limit
}
