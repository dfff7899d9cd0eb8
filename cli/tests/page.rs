//! The page in a real browser: headless Chromium, driven by `page/page.mjs`.

mod server;
mod tools;

use std::path::Path;
use std::process::Command;

use server::Server;

/// With characters that a URL, an attribute and a form treat in their own ways.
const TOKEN: &str = r#"a+b/c==&d%41?#"<~"#;

#[test]
fn the_page_works_in_a_browser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page");
    let has_modules = || folder.join("node_modules/playwright-core").is_dir() || tools::missing("playwright-core");
    if !(tools::has("node") && tools::has("chromium") && has_modules()) {
        return;
    }
    let server = Server::start(&["--admin-token", TOKEN, "--page-host", "devbox.test"]);
    let process = server.child.id().to_string();
    let output = Command::new("node")
        .args(["page.mjs", &server.url, &process, TOKEN])
        .current_dir(&folder)
        .output()
        .expect("node runs");
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "what failed is listed above\n{}", String::from_utf8_lossy(&output.stderr));
}
