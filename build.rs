//! Writes `include/anchor.h` and `include/anchor.cdef` from the sources, chooses the cipher suites, and gives the shared library its soname, its install
//! name on macOS, or its version on Windows.

use std::path::Path;
use std::process::Stdio;
use std::{env, fs};

fn main() {
    for input in ["src", "cbindgen.toml", "build.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    if !is_packaged(&root) {
        let header = generate(&root);
        write_if_changed(&Path::new(&root).join("include/anchor.cdef"), &declarations(&header));
        write_if_changed(&Path::new(&root).join("include/anchor.h"), &header);
    }
    choose_algorithms();
    link();
}

/// Whether cargo has made a package of the sources, in which the headers are. To make them again, cbindgen asks cargo for every
/// crate of Cargo.lock. Where crates.io's documentation is built there is no network for that, and a vendored crate may be in
/// the folder of another workspace.
fn is_packaged(root: &str) -> bool {
    Path::new(root).join("Cargo.toml.orig").exists()
}

/// The sources may be read-only, and a new timestamp would rebuild other programs.
fn write_if_changed(file: &Path, text: &str) {
    if fs::read_to_string(file).ok().as_deref() != Some(text) {
        fs::write(file, text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }
}

/// ChaCha20-Poly1305 is for processors that may have no AES instructions. Those of x86-64 have had them for a decade.
fn choose_algorithms() {
    println!("cargo::rustc-check-cfg=cfg(anchor_chacha20)");
    let has_aes = env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64");
    if !has_aes || env::var_os("CARGO_FEATURE_CHACHA20").is_some() {
        println!("cargo::rustc-cfg=anchor_chacha20");
    }
}

fn generate(root: &str) -> String {
    let mut config = cbindgen::Config::from_file(Path::new(root).join("cbindgen.toml")).expect("cbindgen.toml");
    config.after_includes = Some(version_and_attributes());
    let mut text = Vec::new();
    cbindgen::generate_with_config(root, config).expect("the exports can be parsed").write(&mut text);
    as_c89(&String::from_utf8(text).expect("UTF-8"))
}

/// Shortens the names of statuses, and replaces what cbindgen writes that C89 does not have: a comma after the last enumerator,
/// an unsigned number without its suffix, and comments to the end of the line.
fn as_c89(header: &str) -> String {
    let header = header
        .replace("ANCHOR_STATUS_", "ANCHOR_")
        .replace("ANCHOR_API\nANCHOR_MUST_USE", "ANCHOR_API ANCHOR_MUST_USE")
        .replace(",\n}", "\n}")
        .replace("__STDC_VERSION__ >=", "(defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >=")
        .replace("ANCHOR_NO_TIMEOUT -1", "ANCHOR_NO_TIMEOUT (-1)")
        .replace("ANCHOR_REQUEST_TIMEOUT -2", "ANCHOR_REQUEST_TIMEOUT (-2)")
        .replace("ANCHOR_RETRY_ALWAYS 4294967295", "ANCHOR_RETRY_ALWAYS 4294967295u");
    let mut lines: Vec<String> = header.trim_start().lines().map(str::to_owned).collect();
    for line in lines.iter_mut().filter(|line| line.starts_with('#') || line.starts_with('}')) {
        if let Some((code, comment)) = line.split_once(" // ") {
            *line = format!("{} /* {comment} */", code.trim_end());
        }
    }
    lines.join("\n") + "\n"
}

/// What the header declares to a C compiler, a declaration a line, for tools that cannot read macros. The constants become
/// enumerators, apart by their sign: no C type has all of their values.
fn declarations(header: &str) -> String {
    let code = without_directives(&without_comments(header)).replace("ANCHOR_API", "").replace("ANCHOR_MUST_USE", "");
    let (mut text, mut depth) = (CDEF_HEAD.to_owned(), 0);
    for sign in [|value: &i64| *value < 0, |value: &i64| *value >= 0] {
        let of_sign = constants(header).into_iter().filter(|(_, value)| sign(value));
        let list: Vec<String> = of_sign.map(|(name, value)| format!("{name} = {value}")).collect();
        text += &format!("enum {{ {} }};\n", list.join(", "));
    }
    for word in code.split_whitespace() {
        depth += word.matches('{').count();
        depth -= word.matches('}').count();
        text += word;
        text += if depth == 0 && word.ends_with(';') { "\n" } else { " " };
    }
    text
}

const CDEF_HEAD: &str = "/* anchor.h as declarations alone, for cffi, LuaJIT, PHP and other tools that cannot read macros. It is \
                         generated too. */\n";

fn without_comments(header: &str) -> String {
    let parts = header.split("/*").enumerate();
    parts.map(|(at, part)| if at == 0 { part } else { part.split_once("*/").expect("its end").1 }).collect()
}

/// The lines that a C99 compiler on Linux other than gcc sees: of the header's conditions, those of `#ifndef` hold.
fn without_directives(code: &str) -> String {
    let (mut kept, mut holds, mut is_continued) = (String::new(), Vec::new(), false);
    for line in code.lines() {
        let is_directive = is_continued || line.starts_with('#');
        is_continued = is_directive && line.ends_with('\\');
        match line.split_whitespace().next() {
            Some("#ifndef") => holds.push(true),
            Some("#if" | "#ifdef") => holds.push(false),
            Some("#else") => {
                let last = holds.last_mut().expect("its #if");
                *last = !*last;
            }
            Some("#endif") => drop(holds.pop()),
            _ if !is_directive && holds.iter().all(|holds| *holds) => {
                kept += line;
                kept.push('\n');
            }
            _ => {}
        }
    }
    kept
}

/// The macros that are numbers.
fn constants(header: &str) -> Vec<(&str, i64)> {
    let macros = header.lines().filter_map(|line| line.strip_prefix("#define ")?.split_once(' '));
    let number = |value: &str| value.trim_matches(['(', ')']).trim_end_matches('u').parse().ok();
    macros.filter_map(|(name, value)| Some((name, number(value)?))).collect()
}

fn version_and_attributes() -> String {
    let part = |name: &str| env::var(format!("CARGO_PKG_VERSION_{name}")).expect("cargo sets it");
    let (major, minor, patch) = (part("MAJOR"), part("MINOR"), part("PATCH"));
    format!(
        "\n/** The version of this header. anchor_version() returns that of the library that is loaded. */\n\
         #define ANCHOR_VERSION \"{major}.{minor}.{patch}\"\n\
         #define ANCHOR_VERSION_MAJOR {major}\n\
         #define ANCHOR_VERSION_MINOR {minor}\n\
         #define ANCHOR_VERSION_PATCH {patch}\n\
         #define ANCHOR_VERSION_NUMBER \\\n    \
             ((ANCHOR_VERSION_MAJOR << 16) | (ANCHOR_VERSION_MINOR << 8) | ANCHOR_VERSION_PATCH)\n\n\
         /** The compiler warns if a program ignores a status, or a value that it has to free. */\n\
         #if defined(__GNUC__) || defined(__clang__)\n\
         #define ANCHOR_MUST_USE __attribute__((warn_unused_result))\n\
         #else\n\
         #define ANCHOR_MUST_USE\n\
         #endif\n\n\
         /** On Windows a program that links the static library defines ANCHOR_STATIC. Other programs import the functions of\n \
         * anchor.dll. */\n\
         #if defined(_WIN32) && !defined(ANCHOR_STATIC)\n\
         #define ANCHOR_API __declspec(dllimport)\n\
         #else\n\
         #define ANCHOR_API\n\
         #endif"
    )
}

/// The soname has the ABI's number, which changes when programs that are linked already could break. The library stays mapped
/// after dlclose (nodelete), because a name lookup that a call abandoned may still run in it.
fn link() {
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    match target("OS").as_str() {
        "linux" | "freebsd" => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libanchor.so.0");
            println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
        }
        "macos" => println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libanchor.0.dylib"),
        "windows" => return link_for_windows(&target("ENV")),
        _ => return,
    }
    if target("ENV") == "gnu" && env::var("HOST") == env::var("TARGET") && glibc_takes_packed_relocations() {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,pack-relative-relocs");
    }
    if target("OS") == "linux" && env::var("PROFILE").is_ok_and(|profile| profile == "release") && linker_takes(FOLD) {
        println!("cargo::rustc-cdylib-link-arg={FOLD}");
    }
}

/// One copy of functions that are the same, which saves 17 KB. LLVM's linker has it, which Rust uses on x86-64 by default; GNU ld
/// does not. No function of the library compares addresses of functions.
const FOLD: &str = "-Wl,--icf=all";

/// Links an empty library as cargo would, to see whether the linker knows an option.
fn linker_takes(option: &str) -> bool {
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let mut rustc = std::process::Command::new(variable("RUSTC"));
    rustc.args(["--crate-name", "probe", "--crate-type", "cdylib", "--target", &variable("TARGET"), "-"]);
    rustc.args(["--out-dir", &variable("OUT_DIR"), "-C", &format!("link-arg={option}")]);
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        rustc.arg(format!("-Clinker={linker}"));
    }
    rustc.args(variable("CARGO_ENCODED_RUSTFLAGS").split('\x1f').filter(|flag| !flag.is_empty()));
    let linked = rustc.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    linked.is_ok_and(|status| status.success())
}

/// GNU's linker writes the time into a DLL, so that no two builds would be the same.
fn link_for_windows(environment: &str) {
    if environment == "gnu" {
        println!("cargo::rustc-cdylib-link-arg=-Wl,--no-insert-timestamp");
    }
    add_version_resource();
}

/// What Windows shows as the details of anchor.dll. Without windres the DLL has none, and works as well.
fn add_version_resource() {
    let folder = env::var("OUT_DIR").expect("cargo sets it");
    let (source, object) = (Path::new(&folder).join("version.rc"), Path::new(&folder).join("version.o"));
    fs::write(&source, version_resource()).expect("OUT_DIR can be written");
    let prefix = env::var("TARGET").unwrap_or_default().replace("pc-windows-gnu", "w64-mingw32");
    let compiles = |windres: &String| {
        let made = std::process::Command::new(windres).arg(&source).arg(&object).status();
        made.is_ok_and(|status| status.success())
    };
    if [format!("{prefix}-windres"), "windres".to_owned()].iter().any(compiles) {
        println!("cargo::rustc-cdylib-link-arg={}", object.display());
    } else {
        println!("cargo::warning=anchor.dll has no version resource, since there is no windres");
    }
}

fn version_resource() -> String {
    let part = |name: &str| env::var(format!("CARGO_PKG_{name}")).expect("cargo sets it");
    let version = part("VERSION");
    let numbers = format!("{},{},{},0", part("VERSION_MAJOR"), part("VERSION_MINOR"), part("VERSION_PATCH"));
    format!(
        "1 VERSIONINFO FILEVERSION {numbers} PRODUCTVERSION {numbers} FILEOS 0x40004 FILETYPE 2\n\
         BEGIN BLOCK \"StringFileInfo\" BEGIN BLOCK \"040904b0\" BEGIN\n\
         VALUE \"FileDescription\", \"Waits for a named event, and signals one\"\n\
         VALUE \"FileVersion\", \"{version}\"\n\
         VALUE \"OriginalFilename\", \"anchor.dll\"\n\
         VALUE \"ProductName\", \"libanchor\"\n\
         VALUE \"ProductVersion\", \"{version}\"\n\
         END END BLOCK \"VarFileInfo\" BEGIN VALUE \"Translation\", 0x409, 1200 END END\n"
    )
}

/// Packed relocations need glibc 2.36 or later, and save 110 KB and the time to relocate. A library that has them does not load
/// with an older glibc; ANCHOR_PACK_RELOCATIONS=0 turns them off.
fn glibc_takes_packed_relocations() -> bool {
    println!("cargo::rerun-if-env-changed=ANCHOR_PACK_RELOCATIONS");
    if env::var("ANCHOR_PACK_RELOCATIONS").is_ok_and(|wanted| wanted == "0") {
        return false;
    }
    let version = std::process::Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let version = version.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
    let minor = version.trim().strip_prefix("glibc 2.").and_then(|minor| minor.parse::<u32>().ok());
    minor.is_some_and(|minor| minor >= 36)
}
