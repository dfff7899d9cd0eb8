//! What only Windows has: the programs of tests/c/windows, and the DLL as its linkers see it. Run with
//! `ANCHOR_TEST_TARGET=x86_64-pc-windows-gnu`, which `make cross` sets; on other systems each test says that it has nothing to run.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use testkit::c_build::compiler::{Linkage, compile};
use testkit::c_build::program::builds;
use testkit::local_server::LocalServer;
use testkit::process::{output, run, without_settings};
use testkit::target::Target;
use testkit::{library, root, scratch, skipped, tools};

fn is_windows() -> bool {
    Target::of_programs().is_windows() || skipped::note("tests/c/windows.rs", "it is about Windows")
}

/// Each case prints "ok" and its name, and the library prints nothing. `configure` returns the server.
fn passes<T>(source: &str, configure: impl Fn(&mut Command) -> T) {
    if !is_windows() {
        return;
    }
    for build in builds(source) {
        let mut command = build.command();
        let _server = configure(&mut command);
        let outcome = run(&mut command);
        let quiet = outcome.stderr.is_empty() && outcome.stdout.lines().all(|line| line.trim().starts_with("ok "));
        assert!(outcome.status.success() && quiet && !outcome.stdout.is_empty(), "{}: {outcome:#?}", build.how);
    }
}

#[test]
fn handles() {
    passes("tests/c/windows/handles.c", |command| {
        let server = LocalServer::with_faults();
        server.configure(command);
        server
    });
}

#[test]
fn trust() {
    let proxy = tunnel();
    passes("tests/c/windows/trust.c", |command| {
        // An authority of its own for each run: wine keeps what a run takes out of the store.
        let (server, ca_file) = LocalServer::with_tls();
        server.configure(command).env("ANCHOR_TEST_TLS_URL", &server.url).env("ANCHOR_TEST_CA_FILE", &ca_file);
        command.env("ANCHOR_TEST_PROXY", format!("http://{proxy}"));
        server
    });
}

#[test]
fn unload() {
    if !is_windows() {
        return;
    }
    let server = LocalServer::with_faults();
    let program = compile("cc", "tests/c/windows/unload.c", Linkage::Shared);
    let mut command = Target::of_programs().command(&program);
    without_settings(&mut command);
    let outcome = run(server.configure(&mut command).env("ANCHOR_TEST_DLL", library::debug().shared_object()));
    let cases = "ok without_a_thread_it_goes ok with_a_thread_it_stays";
    assert_eq!(outcome.stdout.split_whitespace().collect::<Vec<_>>().join(" "), cases, "{outcome:#?}");
    assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:#?}");
}

/// A proxy that connects wherever a CONNECT asks for.
fn tunnel() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || carry(client));
        }
    });
    address
}

fn carry(mut client: TcpStream) -> Option<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let mut service = TcpStream::connect(head.strip_prefix("CONNECT ")?.split(' ').next()?).ok()?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    let (mut from_client, mut to_service) = (client.try_clone().ok()?, service.try_clone().ok()?);
    std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_service));
    std::io::copy(&mut service, &mut client).ok().map(drop)
}

/// The functions of the header, no more and no less, in the DLL and in both of its import libraries.
#[test]
fn the_dll_and_its_import_libraries_have_the_functions_of_the_header() {
    if !is_windows() || !tools::has("llvm-dlltool") {
        return;
    }
    let dll = library::debug().shared_object();
    let exported = exports(&dll);
    assert_eq!(exported, declared());
    let folder = scratch("import");
    output(Command::new(root().join("packaging/cross/windows-import.sh")).arg(&dll).arg(&folder));
    for library in [dll.with_file_name("libanchor.dll.a"), folder.join("anchor.lib")] {
        let symbols = output(Command::new("x86_64-w64-mingw32-nm").arg(&library));
        let functions = symbols.lines().filter_map(|line| line.split_once(" T ")).map(|(_, name)| name);
        // Names of sections begin with a dot.
        let functions: BTreeSet<String> = functions.filter(|name| !name.starts_with('.')).map(str::to_owned).collect();
        assert_eq!(functions, exported, "{}", library.display());
    }
}

fn declared() -> BTreeSet<String> {
    let header = std::fs::read_to_string(root().join("include/anchor.h")).expect("the header");
    let declarations = header.split("ANCHOR_API").skip(1).filter_map(|rest| rest.split_once('(')).map(|(it, _)| it);
    let names = declarations.filter_map(|it| it.rsplit([' ', '*', '\n']).next());
    names.filter(|name| name.starts_with("anchor_")).map(str::to_owned).collect()
}

/// The table of names in what objdump prints.
fn exports(dll: &Path) -> BTreeSet<String> {
    let printed = output(Command::new("x86_64-w64-mingw32-objdump").arg("-p").arg(dll));
    let table = printed.split_once("[Ordinal/Name Pointer] Table").expect("an export table").1;
    let lines = table.lines().skip(1).take_while(|line| !line.trim().is_empty());
    lines.filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect()
}

/// Explorer shows it, and installers compare it.
#[test]
fn the_dll_has_its_version() {
    if !is_windows() {
        return;
    }
    let dll = std::fs::read(library::debug().shared_object()).expect("it is built");
    let key_and_value = format!("ProductVersion\0{}\0", env!("CARGO_PKG_VERSION"));
    let utf16: Vec<u8> = key_and_value.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(dll.windows(utf16.len()).any(|part| part == utf16), "no {key_and_value:?}");
}

/// A DLL that needs the runtime of a compiler would not load elsewhere.
#[test]
fn the_dll_needs_dlls_of_the_system_only() {
    if !is_windows() {
        return;
    }
    const SYSTEM: [&str; 12] = [
        "advapi32.dll",
        "api-ms-win-core-synch-l1-2-0.dll",
        "bcrypt.dll",
        "bcryptprimitives.dll",
        "crypt32.dll",
        "kernel32.dll",
        "msvcrt.dll",
        "ncrypt.dll",
        "ntdll.dll",
        "secur32.dll",
        "userenv.dll",
        "ws2_32.dll",
    ];
    let printed = output(Command::new("x86_64-w64-mingw32-objdump").arg("-p").arg(library::debug().shared_object()));
    let needed = printed.lines().filter_map(|line| line.trim().strip_prefix("DLL Name: ")).map(str::to_lowercase);
    assert_eq!(needed.filter(|name| !SYSTEM.contains(&name.as_str())).collect::<Vec<_>>(), [""; 0]);
}

/// What Visual C++ would warn about, as far as clang knows, with the headers of mingw. It runs on every system that has both.
#[test]
fn visual_cpp_has_no_warning_about_the_headers() {
    const HEADERS: &str = "/usr/x86_64-w64-mingw32/include";
    if !tools::has("clang") || !tools::has_when("mingw-w64", Path::new(HEADERS).exists()) {
        return;
    }
    let folder = scratch("headers");
    for (name, standards) in [("anchor.c", ["-std=c89", "-std=c11"]), ("anchor.cpp", ["-std=c++17", "-std=c++20"])] {
        std::fs::write(folder.join(name), "#include <anchor.h>\nint number = ANCHOR_VERSION_NUMBER;\n").unwrap();
        for (standard, linkage) in standards.iter().flat_map(|it| [(it, "-UANCHOR_STATIC"), (it, "-DANCHOR_STATIC")]) {
            let mut clang = Command::new("clang");
            clang.args(["--target=x86_64-pc-windows-msvc", "-fsyntax-only", "-Weverything", "-Werror"]);
            // What it says about C++98 and about the program's own variable.
            clang.args(["-Wno-c++98-compat", "-Wno-missing-variable-declarations", "-isystem", HEADERS, linkage]);
            let outcome = run(clang.arg(standard).arg("-I").arg(root().join("include")).arg(folder.join(name)));
            assert!(outcome.status.success(), "{name} {standard} {linkage}: {}", outcome.stderr);
        }
    }
}

/// anchor.hpp with mingw's compiler.
#[test]
fn the_cpp_wrapper_compiles_for_windows() {
    if !tools::has("x86_64-w64-mingw32-g++") {
        return;
    }
    let source = scratch("headers").join("wrapper.cpp");
    let program = "#include <anchor.hpp>\nvoid *handle(const anchor::queue &all, const anchor::started_wait &one)\n\
                   { return all.native_handle() ? all.native_handle() : one.native_handle(); }\n";
    std::fs::write(&source, program).unwrap();
    for standard in ["-std=c++17", "-std=c++20"] {
        let mut compile = Command::new("x86_64-w64-mingw32-g++");
        compile.args(["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", standard]);
        output(compile.arg("-I").arg(root().join("include")).arg(&source));
    }
}
