//! libanchor by the plain foreign-function interface of other languages: the programs of docs/languages.md, each compiled or run
//! against the event server. The packages for languages are in bindings/, with tests of their own.

use crate::installed::{beside, prefix};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use testkit::local_server::LocalServer;
use testkit::{PATIENCE, empty_scratch, library, process, root, scratch, tools};

/// The program can load the installed library, and has this server as the service.
fn command(server: &LocalServer, program: &str) -> Command {
    let mut command = beside(prefix(), program);
    server.configure(&mut command);
    command
}

/// Some compile their library before.
fn succeeds(command: &mut Command) -> String {
    let outcome = process::run_within(command, 5 * PATIENCE);
    assert!(outcome.status.success(), "{command:?}: {outcome:#?}");
    println!("{}", outcome.stdout);
    outcome.stdout + &outcome.stderr
}

/// Go keeps what it compiles in the target directory, and fetches nothing.
fn offline(command: &mut Command) -> &mut Command {
    let cache = scratch("go");
    command.env("GOCACHE", cache.join("cache")).env("GOPATH", cache.join("path"));
    command.env("GOTOOLCHAIN", "local").env("GOPROXY", "off")
}

fn has_platypus() -> bool {
    tools::has_when("FFI::Platypus for Perl", succeeds_silently("perl", &["-MFFI::Platypus", "-e", "1"]))
}

/// Zig as a package of Python.
fn has_ziglang() -> bool {
    tools::has_when("ziglang for Python", succeeds_silently("python3", &["-m", "ziglang", "version"]))
}

fn succeeds_silently(program: &str, arguments: &[&str]) -> bool {
    let mut ask = Command::new(program);
    ask.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    ask.status().is_ok_and(|status| status.success())
}

/// A folder with koffi, which npm fetches once.
fn node_folder() -> Option<PathBuf> {
    if !(tools::has("node") && tools::has("npm")) {
        return None;
    }
    let folder = empty_scratch("ffi/node");
    let list = root().join("tests/package/ffi/package.json");
    std::fs::copy(list, folder.join("package.json")).expect("the list of packages");
    let mut npm = Command::new("npm");
    npm.current_dir(&folder).args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]);
    npm.arg("--cache").arg(scratch("npm")).stdout(Stdio::null()).stderr(Stdio::null());
    tools::has_when("koffi for Node.js", npm.status().is_ok_and(|status| status.success())).then_some(folder)
}

/// The snippets below `## From other languages`, by the language that their fence names.
fn snippets(page: &str) -> Option<Vec<(&str, &str)>> {
    let (_, section) = page.split_once("\n## From other languages\n")?;
    let section = section.split("\n## ").next()?;
    let fenced = section.split("\n```").skip(1).step_by(2);
    Some(fenced.filter_map(|fence| fence.split_once('\n')).collect())
}

/// A language of which the page has a snippet, and how it is run.
pub struct Snippet {
    /// As its fence names it.
    pub language: &'static str,
    ending: &'static str,
    tool: &'static str,
    /// For a shell, in the folder of the snippet: $FILE is the snippet, $LIB the folder of the library.
    run: &'static str,
}

pub const SNIPPETS: [Snippet; 13] = [
    Snippet { language: "python", ending: "py", tool: "python3", run: "python3 $FILE" },
    Snippet { language: "js", ending: "js", tool: "node", run: "node $FILE" },
    Snippet { language: "go", ending: "go", tool: "go", run: "go run $FILE" },
    Snippet { language: "lua", ending: "lua", tool: "luajit", run: "luajit $FILE" },
    Snippet { language: "ruby", ending: "rb", tool: "ruby", run: "ruby $FILE" },
    Snippet { language: "perl", ending: "pl", tool: "perl", run: "perl $FILE" },
    Snippet {
        language: "d",
        ending: "d",
        tool: "gdc",
        run: "gdc -Wall -Werror $FILE -o of_d -L$LIB -lanchor && ./of_d",
    },
    Snippet {
        language: "pascal",
        ending: "pas",
        tool: "fpc",
        run: "fpc -l- -v0 -Fl$LIB -oof_pascal $FILE && ./of_pascal",
    },
    Snippet {
        language: "fortran",
        ending: "f90",
        tool: "gfortran",
        run: "gfortran -Wall -Wextra -Werror $FILE -o of_fortran -L$LIB -lanchor && ./of_fortran",
    },
    Snippet { language: "scheme", ending: "scm", tool: "guile", run: "guile --no-auto-compile $FILE" },
    Snippet {
        language: "lisp",
        ending: "lisp",
        tool: "sbcl",
        run: "XDG_CACHE_HOME=$PWD/lisp sbcl --noinform --non-interactive --no-userinit --load $FILE",
    },
    Snippet {
        language: "nim",
        ending: "nim",
        tool: "nim",
        run: "nim compile --hints:off --nimcache:nim --out:of_nim $FILE && ./of_nim",
    },
    Snippet {
        language: "zig",
        ending: "zig",
        tool: "python3",
        run: "python3 -m ziglang build-exe $FILE -lc -L$LIB -lanchor -femit-bin=of_zig --cache-dir zig \
              --global-cache-dir zig && ./of_zig",
    },
];

/// Each snippet waits for `login_done`, and prints the data of the event.
#[test]
fn the_snippets_of_the_documentation() {
    let page = std::fs::read_to_string(root().join("docs/languages.md")).expect("docs/languages.md");
    let snippets = snippets(&page).expect("it has the section `From other languages`");
    let languages: Vec<&str> = snippets.iter().map(|(language, _)| *language).collect();
    let known = SNIPPETS.map(|known| known.language);
    assert_eq!(languages, known, "one snippet for each language, in this order");
    for (known, (language, snippet)) in SNIPPETS.iter().zip(snippets) {
        assert!(snippet.lines().count() <= 40, "{language}: at most 40 lines");
        if let Some(folder) = snippet_folder(known) {
            let server = LocalServer::start(&[]);
            let mut signal = command(&server, library::debug().folder.join("anchor-events").to_str().expect("UTF-8"));
            process::output(signal.args(["signal", "login_done", r#"{"user":"ada"}"#]));
            let file = format!("snippet.{}", known.ending);
            std::fs::write(folder.join(&file), snippet).expect("the target directory can be written");
            let mut run = command(&server, "sh");
            run.current_dir(folder).env("FILE", file).env("LIB", prefix().join("lib"));
            let printed = succeeds(offline(&mut run).args(["-ec", known.run]));
            assert!(printed.contains("ada"), "{language}: {printed}");
        }
    }
}

/// Where it runs; nothing if a tool is missing.
fn snippet_folder(snippet: &Snippet) -> Option<PathBuf> {
    let folder = scratch("ffi/snippets");
    std::fs::create_dir_all(&folder).expect("the target directory can be written");
    match snippet.language {
        "js" => node_folder(),
        "perl" => has_platypus().then_some(folder),
        "lisp" => (tools::has(snippet.tool) && has_cffi()).then_some(folder),
        "zig" => (tools::has(snippet.tool) && has_ziglang()).then_some(folder),
        _ => tools::has(snippet.tool).then_some(folder),
    }
}

fn has_cffi() -> bool {
    tools::has_when("CFFI for Common Lisp", Path::new("/usr/share/common-lisp/source/cl-cffi").is_dir())
}
