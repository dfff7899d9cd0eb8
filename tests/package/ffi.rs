//! libanchor by the plain foreign-function interface of other languages: the programs of docs/languages.md, each compiled or run
//! against the event server. The packages for languages are in bindings/, with tests of their own.

use crate::installed::{beside, prefix};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use testkit::local_server::LocalServer;
use testkit::{empty_scratch, process, root, scratch, tools};

/// The timeout in each program is twice as long.
const SOON: Duration = Duration::from_secs(30);

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
pub fn has_ziglang() -> bool {
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

/// A language of which the page has a snippet. Both lines are for a shell in the folder of the snippet: $FILE is the snippet, $LIB
/// the folder of the library.
pub struct Snippet {
    /// As its fence names it.
    pub language: &'static str,
    ending: &'static str,
    tool: &'static str,
    /// What compiles it, if anything does.
    build: &'static str,
    run: &'static str,
}

pub const SNIPPETS: [Snippet; 13] = [
    interpreted("python", "py", "python3", "python3 $FILE"),
    interpreted("js", "js", "node", "node $FILE"),
    compiled("go", "go", "go", "go build -o of_go $FILE", "./of_go"),
    interpreted("lua", "lua", "luajit", "luajit $FILE"),
    interpreted("ruby", "rb", "ruby", "ruby $FILE"),
    interpreted("perl", "pl", "perl", "perl $FILE"),
    compiled("d", "d", "gdc", "gdc -Wall -Werror $FILE -o of_d -L$LIB -lanchor", "./of_d"),
    compiled("pascal", "pas", "fpc", "fpc -l- -v0 -Fl$LIB -oof_pascal $FILE", "./of_pascal"),
    compiled(
        "fortran",
        "f90",
        "gfortran",
        "gfortran -Wall -Wextra -Werror $FILE -o of_fortran -L$LIB -lanchor",
        "./of_fortran",
    ),
    interpreted("scheme", "scm", "guile", "guile --no-auto-compile $FILE"),
    interpreted(
        "lisp",
        "lisp",
        "sbcl",
        "env XDG_CACHE_HOME=$PWD/lisp sbcl --noinform --non-interactive --no-userinit --load $FILE",
    ),
    compiled("nim", "nim", "nim", "nim compile --hints:off --nimcache:nim --out:of_nim $FILE", "./of_nim"),
    compiled(
        "zig",
        "zig",
        "python3",
        "python3 -m ziglang build-exe $FILE -lc -L$LIB -lanchor -femit-bin=of_zig --cache-dir zig --global-cache-dir zig",
        "./of_zig",
    ),
];

const fn interpreted(language: &'static str, ending: &'static str, tool: &'static str, run: &'static str) -> Snippet {
    compiled(language, ending, tool, "", run)
}

const fn compiled(
    language: &'static str,
    ending: &'static str,
    tool: &'static str,
    build: &'static str,
    run: &'static str,
) -> Snippet {
    Snippet { language, ending, tool, build, run }
}

/// Each waits for `login_done` for a minute.
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
            Program::built(known, snippet, folder).does_what_the_page_says();
        }
    }
}

/// The first snippet of README.md, which is a whole program in C.
#[test]
fn the_program_of_the_readme() {
    let page = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let (_, program) = page.split_once("\n```c\n").expect("it has a program");
    let (program, _) = program.split_once("\n```").expect("it ends");
    let build = "cc -Wall -Wextra -Werror -I$LIB/../include $FILE -o of_readme -L$LIB -lanchor";
    let c = compiled("c", "c", "cc", build, "./of_readme");
    Program::built(&c, program, scratch("ffi/readme")).does_what_the_page_says();
}

/// A snippet that is ready to be run.
struct Program {
    language: &'static str,
    run: &'static str,
    file: String,
    folder: PathBuf,
}

impl Program {
    fn built(snippet: &Snippet, code: &str, folder: PathBuf) -> Program {
        let file = format!("snippet.{}", snippet.ending);
        std::fs::write(folder.join(&file), code).expect("the target directory can be written");
        let program = Program { language: snippet.language, run: snippet.run, file, folder };
        process::output(&mut program.shell(snippet.build));
        program
    }

    /// The library is where the loader looks, and the environment names no service.
    fn shell(&self, line: &str) -> Command {
        let mut shell = beside(prefix(), "sh");
        shell.current_dir(&self.folder).env("FILE", &self.file).env("LIB", prefix().join("lib"));
        offline(&mut shell).args(["-ec", line]);
        shell
    }

    /// The shell is replaced, so that a signal goes to the program.
    fn command(&self, server: &LocalServer) -> Command {
        let mut command = self.shell(&format!("exec {}", self.run));
        server.configure(&mut command);
        command
    }

    fn does_what_the_page_says(&self) {
        self.prints_the_data_of_the_event();
        self.names_the_variable_of_a_missing_key();
        self.says_why_a_wait_failed();
        self.ends_by_ctrl_c();
    }

    fn prints_the_data_of_the_event(&self) {
        let server = LocalServer::start(&[]);
        server.signal("login_done", r#"{"user":"ada"}"#);
        let outcome = process::run(&mut self.command(&server));
        assert!(outcome.status.success() && outcome.stdout.contains("ada"), "{}: {outcome:#?}", self.language);
    }

    fn names_the_variable_of_a_missing_key(&self) {
        let server = LocalServer::start(&[]);
        self.fails_with("ANCHORBROWSER_API_KEY", self.command(&server).env_remove("ANCHORBROWSER_API_KEY"));
    }

    fn says_why_a_wait_failed(&self) {
        let server = LocalServer::start(&["--api-key", "another-key"]);
        self.fails_with("Invalid API key", &mut self.command(&server));
    }

    fn fails_with(&self, words: &str, command: &mut Command) {
        let outcome = process::run(command);
        let has_failed = outcome.code().is_some_and(|code| code != 0);
        assert!(has_failed && outcome.stderr.contains(words), "{}, without {words}: {outcome:#?}", self.language);
    }

    fn ends_by_ctrl_c(&self) {
        let server = LocalServer::start(&[]);
        let program = process::spawn(process::with_every_signal(&mut self.command(&server)));
        server.until_holding("login_done");
        process::until_asleep(program.id());
        let pressed = Instant::now();
        process::kill(program.id(), "-INT");
        let outcome = process::finish(program, self.language);
        let was_ended =
            outcome.status.signal().is_none_or(|signal| signal == libc::SIGINT) && !outcome.status.success();
        assert!(was_ended && pressed.elapsed() < SOON, "{}: {outcome:#?}", self.language);
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
