//! A plugin with libanchor.a linked into it. Its host may unload it while a name is looked up: a cancelled wait does not wait
//! for the lookup, so a thread of the library outlives the call.

use super::consumers::{folder_with, shell};
use crate::installed::{self, prefix};
use std::path::Path;
use testkit::{process, tools};

/// ANCHOR_CANCELLED of anchor.h.
const CANCELLED: i32 = 2;

fn build(folder: &Path) {
    let (prefix, native) = (prefix(), include_str!("../../../packaging/native-static-libs").trim_end());
    let library = format!("-I{0}/include {0}/lib/libanchor.a {native}", prefix.display());
    let line = format!(
        "cc -shared -fPIC -Wall -Wextra -Werror plugin.c {library} -o plugin.so
        cc -rdynamic -pthread -Wall -Wextra -Werror plugin_host.c -ldl -o host"
    );
    shell(prefix, folder, &line);
}

/// What the host printed. It must not crash.
fn load_wait_and_unload(folder: &Path, url: &str) -> String {
    let mut host = installed::outside("./host");
    let outcome = process::run(host.current_dir(folder).args(["./plugin.so", url]));
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{url}: {outcome:#?}");
    outcome.stdout
}

#[test]
fn a_host_unloads_a_plugin() {
    if !tools::has("cc") {
        return;
    }
    let folder = folder_with("plugin", &["plugin.c", "plugin_host.c"]);
    build(&folder);
    // A thread looks up the name, so the plugin stays.
    assert_eq!(load_wait_and_unload(&folder, "https://hangs.test"), format!("{CANCELLED} mapped\n"));
    // An address takes no thread, so the plugin goes.
    assert_eq!(load_wait_and_unload(&folder, "http://127.0.0.1:9"), format!("{CANCELLED} unloaded\n"));
}
