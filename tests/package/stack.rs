//! The stack that a calling thread needs, as docs/cost.md says it. stack.c makes every kind of call on a thread
//! with such a stack, and prints how much of it was touched.

use testkit::c_build::compiler::{self, Linkage};
use testkit::library::{self, Library};
use testkit::local_server::{KEY, LocalServer};
use testkit::target::Target;
use testkit::{process, tools};

/// KiB, of the release and of a debug build.
const DOCUMENTED: usize = 64;
const DOCUMENTED_DEBUG: usize = 192;

/// The share that these calls may touch. The rest is for what is not here, such as certificates of other kinds.
const USED: f64 = 0.75;

#[test]
fn the_stack_that_the_documentation_asks_for_is_enough() {
    if !tools::has("cc") {
        return;
    }
    let clear = LocalServer::start(&[]);
    let (tls, ca_file) = LocalServer::with_tls();
    for (kib, library) in [(DOCUMENTED, library::release()), (DOCUMENTED_DEBUG, library::debug())] {
        uses_at_most(kib, library, &clear, None);
        uses_at_most(kib, library, &tls, Some(&ca_file));
    }
}

#[test]
fn the_documentation_says_how_much() {
    let page = include_str!("../../docs/cost.md");
    for kib in [DOCUMENTED, DOCUMENTED_DEBUG] {
        assert!(page.contains(&format!("{kib} KiB of stack")), "docs/cost.md does not say {kib} KiB");
    }
}

fn uses_at_most(kib: usize, library: &Library, server: &LocalServer, ca_file: Option<&str>) {
    let size = kib * 1024;
    let mut program = Target::of_programs().command(compiler::compile("cc", "tests/package/stack.c", Linkage::Shared));
    process::without_settings(&mut program);
    program.env("LD_LIBRARY_PATH", &library.folder);
    // A name takes a lookup, whose thread is started on this stack.
    program.env("ANCHORBROWSER_BASE_URL", server.url.replace("127.0.0.1", "localhost"));
    program.env("ANCHORBROWSER_API_KEY", KEY).envs(ca_file.map(|file| ("ANCHOR_TEST_CA_FILE", file)));
    let outcome = process::run(program.arg(size.to_string()));
    assert!(outcome.status.success(), "{kib} KiB: {outcome:#?}");
    let used: usize = outcome.stdout.trim().parse().expect("a number");
    println!("{}: {used} of {size} bytes", server.url);
    assert!((used as f64) < USED * size as f64, "{used} bytes of {size} are used");
}
