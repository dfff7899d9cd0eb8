//! The zip for Windows. `make packages-roots` compiles a program with what is in it, and runs that under wine; here is what can be
//! read.

use std::fs;
use testkit::root;

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The same libraries as on the page, and as the programs of tests/c are linked with.
#[test]
fn a_static_program_is_linked_with_what_the_page_names() {
    let native = text("packaging/windows/native-static-libs");
    assert!(native.starts_with("-lws2_32 "), "{native}");
    for page in ["docs/windows.md", "testkit/src/target.rs"] {
        assert!(text(page).contains(native.trim_end()), "{page} does not name {native}");
    }
}
