//! The library without what its cargo features bring, as `make release FEATURES=` builds it.

use crate::installed::make;
use std::process::Command;
use testkit::{process, root, scratch, target_dir};

#[test]
fn without_client_certificates_their_setters_are_refused() {
    // A folder of its own: the other tests use what is in target.
    let target = target_dir().join("features");
    let variables = [("PROFILE", "dev"), ("COMMAND", "no"), ("FEATURES", "")];
    process::output(make("release", &variables).env("CARGO_TARGET_DIR", &target).env("CARGO_PROFILE_DEV_DEBUG", "0"));

    let program = scratch("features").join("refused");
    let mut cc = Command::new("cc");
    cc.current_dir(root()).args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Iinclude", "-o"]);
    cc.arg(&program).arg("tests/package/features/refused.c").arg(target.join("installable/dev/libanchor.a"));
    let needed = std::fs::read_to_string(root().join("packaging/native-static-libs")).expect("it is committed");
    process::output(cc.args(needed.split_whitespace()));

    let said = process::output(Command::new(program).env_remove("ANCHORBROWSER_BASE_URL"));
    let refusal = |setting| {
        format!(
            "ANCHOR_INVALID_ARGUMENT: {setting}: this libanchor was built without the feature client-certificates\n"
        )
    };
    assert_eq!(said, refusal("certificate_file") + &refusal("certificate_pem"));
}
