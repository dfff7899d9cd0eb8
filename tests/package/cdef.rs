//! include/anchor.cdef, as FFI tools read it that cannot read macros: cffi, LuaJIT and PHP. Each program waits for an event that
//! is there, and for one that is not.

use crate::installed::{beside, prefix};
use std::process::Stdio;
use testkit::local_server::LocalServer;
use testkit::{process, root, scratch, tools};

#[test]
fn cffi() {
    if let Some(python) = python_with_cffi() {
        loads(&python, "loads.py");
    }
}

#[test]
fn luajit() {
    if tools::has("luajit") {
        loads("luajit", "loads.lua");
    }
}

#[test]
fn php() {
    if tools::has("php") {
        loads("php", "loads.php");
    }
}

/// The program prints the data of the event, and the statuses of both waits.
fn loads(program: &str, source: &str) {
    let server = LocalServer::start(&[]);
    server.signal("there", r#"{"code":"123456"}"#);
    let mut run = beside(prefix(), program);
    server.configure(&mut run).arg(root().join("tests/package/cdef").join(source));
    run.env("ANCHOR_CDEF", prefix().join("include/anchor.cdef"));
    let printed = process::output(&mut run);
    let expected = "{\"data\":{\"code\":\"123456\"}}\nANCHOR_OK\nANCHOR_TIMEOUT\n4294967295\n";
    assert_eq!(printed, expected, "{source}");
}

/// pip fetches cffi once, into an environment of the target directory.
fn python_with_cffi() -> Option<String> {
    if !tools::has("python3") {
        return None;
    }
    let folder = scratch("cdef/python");
    let python = folder.join("bin/python").to_str().expect("UTF-8").to_owned();
    let succeeds = |program: &str, arguments: &[&str]| {
        let mut command = beside(prefix(), program);
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let is_there = || succeeds(&python, &["-c", "import cffi"]);
    let folder = folder.to_str().expect("UTF-8");
    let install =
        || succeeds("python3", &["-m", "venv", folder]) && succeeds(&python, &["-m", "pip", "install", "cffi"]);
    tools::has_when("cffi for Python", is_there() || install()).then_some(python)
}
