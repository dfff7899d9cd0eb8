//! What the README says about installing, linking and working without an account, followed to the letter by a new user: with
//! an empty home, in an empty folder.

use super::consumers::{folder_with, runs};
use crate::c_build::{library, root, tool};
use crate::installed::{empty, outside, tree};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const README: &str = include_str!("../../../README.md");

fn section(title: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("no section {title}"));
    rest.split("\n## ").next().expect("it has a text")
}

/// The fenced blocks of a section that are in this language.
fn blocks(title: &str, language: &str) -> Vec<&'static str> {
    let fenced = section(title).split("\n```").skip(1).step_by(2);
    fenced.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n')).collect()
}

/// A shell in a folder, for a user with this home. The toolchain is where it was.
fn shell(home: &Path, folder: &Path, script: &str) -> Command {
    let mut shell = outside("sh");
    let old_home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    for (variable, place) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        shell.env(variable, std::env::var_os(variable).unwrap_or_else(|| old_home.join(place).into()));
    }
    shell.current_dir(folder).env("HOME", home).args(["-ec", script]);
    shell
}

#[test]
fn install_and_link() {
    let home = empty("install/home");
    let install = blocks("Install", "sh");
    let [commands, settings] = install[..] else { panic!("{install:?}") };
    let [install, uninstall] = commands.lines().collect::<Vec<_>>()[..] else { panic!("{commands}") };
    // The debug build is there already, and is installed in the same way.
    tool::output(shell(&home, root(), install).env("MAKEFLAGS", "PROFILE=dev"));
    assert_eq!(tool::output(&mut shell(&home, &home, &format!("{settings}\nanchor --version"))).trim_end(), VERSION);

    let with_settings = |folder: &Path, line: &str| shell(&home, folder, &format!("{settings}\n{line}"));
    let link = blocks("Link", "sh");
    let [lines] = link[..] else { panic!("{link:?}") };
    assert!(lines.lines().count() >= 4, "{lines}");
    for (at, line) in lines.lines().enumerate() {
        if !line.contains("pkg-config") || tool::is_there("pkg-config") {
            let folder = app(&format!("readme-{at}"), &[]);
            tool::output(&mut with_settings(&folder, line));
            runs(with_settings(&folder, "./app"));
        }
    }
    let [cmake, meson] = ["cmake", "meson"].map(|language| blocks("Link", language)[0]);
    for (tools, file, text, build) in [
        (&["cmake"][..], "CMakeLists.txt", cmake, "cmake -S . -B build && cmake --build build"),
        (&["meson", "ninja"], "meson.build", meson, "meson setup build && meson compile -C build"),
    ] {
        if tools.iter().all(|name| tool::is_there(name)) {
            let folder = app(&format!("readme-{}", tools[0]), &[(file, text)]);
            tool::output(&mut with_settings(&folder, build));
            runs(with_settings(&folder, "build/app"));
        }
    }

    tool::output(&mut shell(&home, root(), uninstall));
    assert_eq!(tree(&home.join(".local")), [""; 0]);
}

const VERSION: &str = concat!("anchor ", env!("CARGO_PKG_VERSION"));

/// A folder with a program in app.c, and these files.
fn app(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = folder_with(name, &["round.c"]);
    std::fs::rename(folder.join("round.c"), folder.join("app.c")).expect("a file of this test");
    for (file, text) in files {
        std::fs::write(folder.join(file), text).expect("the target directory can be written");
    }
    folder
}

/// Three terminals: the server, a wait, and a signal that ends it. The port is a free one.
#[test]
fn without_an_account() {
    const SECTION: &str = "Without an account";
    let lines = blocks(SECTION, "sh");
    let serve = lines[0].lines().last().expect("the first block ends with the server");
    let signal =
        section(SECTION).split('`').find(|code| code.starts_with("anchor-events signal")).expect("it is there");
    let path = format!("{}:{}", library::debug().folder.display(), std::env::var("PATH").unwrap_or_default());
    let home = empty("install/account");
    let terminal = |script: &str| {
        let mut terminal = shell(&home, &home, script);
        terminal.env("PATH", &path);
        terminal
    };

    let mut server =
        terminal(&format!("exec {serve} --port 0 --log off")).stdout(Stdio::piped()).spawn().expect("sh runs");
    let mut url = String::new();
    BufReader::new(server.stdout.take().expect("it is piped")).read_line(&mut url).expect("the first line is the URL");
    let here = |script: &str| script.replace("http://127.0.0.1:8642", url.trim_end());
    let settings = lines[1].lines().next().expect("it begins with the variables");
    let waiting = terminal(&here(lines[1])).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh runs");
    tool::output(&mut terminal(&here(&format!("{settings}\n{signal}"))));
    let printed = waiting.wait_with_output().expect("a child of this test");
    let _ = server.kill();
    let _ = server.wait();
    assert_eq!(tool::text(&printed.stdout), "{\"code\":\"123456\"}\n", "{printed:?}");
    assert_eq!(README.matches(":8642").count(), README.matches("127.0.0.1:8642").count(), "one address");
    assert!(tool::output(&mut terminal("anchor-events serve --help")).contains("[default: 8642]"));
}
