//! include/anchor.h: it is generated from the sources, compiles in every dialect of C and C++, and declares exactly what the
//! library exports. include/anchor.cdef declares the same; package/cdef.rs loads it.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use testkit::{library, process, root, scratch, tools};

const HEADER: &str = "include/anchor.h";
const CDEF: &str = "include/anchor.cdef";

fn header() -> String {
    fs::read_to_string(root().join(HEADER)).expect("the header")
}

/// Each build writes the headers again, so the committed ones are those that somebody looked at last.
#[test]
fn the_committed_header_is_what_the_build_generates() {
    for file in [HEADER, CDEF] {
        let git = Command::new("git").current_dir(root()).args(["show", &format!(":./{file}")]).output();
        let Some(committed) = git.ok().filter(|git| git.status.success()).map(|git| process::text(&git.stdout)) else {
            tools::missing("a git repository to compare with");
            return;
        };
        let generated = fs::read_to_string(root().join(file)).expect("it was generated");
        let lines = committed.lines().zip(generated.lines()).enumerate();
        let first = lines.into_iter().find(|(_, (old, new))| old != new);
        assert!(
            committed == generated,
            "{file} has changed with src/capi. Look at it, and commit it. First difference: {first:?}"
        );
    }
}

/// The dialects that every compiler must know, and those that newer ones know.
const C: [&str; 6] = ["c89", "c99", "c11", "c17", "c2x", "gnu17"];
const CPP: [&str; 5] = ["c++11", "c++14", "c++17", "c++20", "gnu++20"];
const NEWER_C: [&str; 1] = ["c23"];
const NEWER_CPP: [&str; 3] = ["c++2b", "c++23", "c++26"];

const WARNINGS: [&str; 9] = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-pedantic-errors",
    "-Werror",
    "-Wconversion",
    "-Wshadow",
    "-Wundef",
    "-Wdocumentation",
];
const C_WARNINGS: [&str; 2] = ["-Wstrict-prototypes", "-Wmissing-prototypes"];
const CPP_WARNINGS: [&str; 1] = ["-Wold-style-cast"];

#[test]
fn it_compiles_alone_with_gcc() {
    compiles_alone("gcc", &C, &NEWER_C, "c");
    compiles_alone("g++", &CPP, &NEWER_CPP, "c++");
}

#[test]
fn it_compiles_alone_with_clang() {
    compiles_alone("clang", &C, &NEWER_C, "c");
    compiles_alone("clang++", &CPP, &NEWER_CPP, "c++");
}

fn compiles_alone(compiler: &str, standards: &[&str], newer: &[&str], language: &str) {
    if !tools::has(compiler) {
        return;
    }
    let folder = scratch(&format!("header-{compiler}"));
    // It is included twice, for the guard. The macros are used, since they are not checked otherwise.
    let source = folder.join("alone");
    let text = "#include <anchor.h>\n#include <anchor.h>\n\
                int number(void);\nint number(void) { return ANCHOR_VERSION_NUMBER + (sizeof ANCHOR_VERSION > 1); }\n\
                int limit(void);\nint limit(void) { return ANCHOR_NO_TIMEOUT + ANCHOR_DEFAULT_TIMEOUT_MS; }\n\
                unsigned retries(void);\nunsigned retries(void) { return ANCHOR_RETRY_ALWAYS; }\n\
                int status(void);\nint status(void) { return ANCHOR_OK + ANCHOR_HTTP_ERROR; }\n";
    fs::write(&source, text).expect("a file of this test");
    let own: &[&str] = if language == "c" { &C_WARNINGS } else { &CPP_WARNINGS };
    let known = newer.iter().filter(|standard| knows(compiler, standard, language));
    for standard in standards.iter().chain(known) {
        let mut command = Command::new(compiler);
        command.arg(format!("-std={standard}")).args(warnings_of(compiler)).args(own).args(["-x", language, "-c"]);
        command.arg("-I").arg(root().join("include")).arg(&source).arg("-o").arg(folder.join("alone.o"));
        process::output(&mut command);
    }
}

/// Only clang reads documentation comments.
fn warnings_of(compiler: &str) -> impl Iterator<Item = &'static str> {
    let is_clang = compiler.starts_with("clang");
    WARNINGS.into_iter().filter(move |warning| is_clang || *warning != "-Wdocumentation")
}

fn knows(compiler: &str, standard: &str, language: &str) -> bool {
    let mut command = Command::new(compiler);
    command.arg(format!("-std={standard}")).args(["-x", language, "-fsyntax-only", "/dev/null"]);
    command.output().is_ok_and(|output| output.status.success())
}

#[test]
fn it_declares_what_the_library_exports() {
    let symbols =
        process::output(Command::new("nm").args(["-D", "--defined-only"]).arg(library::debug().shared_object()));
    let exported: BTreeSet<&str> = symbols.lines().filter_map(|line| line.split_whitespace().last()).collect();
    let header = header();
    let functions = functions(&header);
    let declared: BTreeSet<&str> = functions.iter().map(|function| function.name.as_str()).collect();
    assert!(declared.len() > 20, "{declared:?}");
    assert_eq!(declared, exported, "declared by the header, and exported by the library");
}

/// A C compiler finds each function of anchor.cdef the same as in the header, and each constant of it to have the same value.
#[test]
fn the_declarations_alone_are_those_of_the_header() {
    let cdef = fs::read_to_string(root().join(CDEF)).expect("it was generated");
    let declared = |line: &&str| line.contains('(') && !line.starts_with("typedef") && !line.starts_with("/*");
    let functions: Vec<&str> = cdef.lines().filter(declared).collect();
    let enumerators = cdef.lines().filter_map(|line| line.split_once('{')?.1.strip_suffix(" };"));
    let constants: Vec<&str> = enumerators.flat_map(|list| list.trim().split(", ")).collect();
    let header = header();
    let values = header.lines().filter_map(|line| line.strip_prefix("#define ANCHOR_")?.split_once(' '));
    let numbers =
        values.filter(|(_, value)| value.trim_matches(['(', ')']).trim_end_matches('u').parse::<i64>().is_ok());
    let in_header = header.lines().filter(|line| line.starts_with("    ANCHOR_")).count() + numbers.count();
    assert!(in_header > 20, "{in_header}");
    assert_eq!((functions.len(), constants.len()), (self::functions(&header).len(), in_header));

    let checks = constants.iter().enumerate().map(|(at, constant)| {
        let (name, value) = constant.split_once(" = ").expect("a name and a value");
        format!("typedef char check_{at}[{name} == ({value}) ? 1 : -1];\n")
    });
    let source = format!("#include <anchor.h>\n{}\n{}", functions.join("\n"), checks.collect::<String>());
    let file = scratch("header-cdef").join("same.c");
    fs::write(&file, source).expect("a file of this test");
    let mut command = Command::new("cc");
    command.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"]).arg(root().join("include"));
    process::output(command.arg(&file));
}

#[test]
fn every_function_and_parameter_is_documented() {
    for function in functions(&header()) {
        let Function { name, comment, parameters, returns } = &function;
        assert!(comment.len() > 20, "{name} has no comment");
        for parameter in parameters {
            assert!(comment.contains(&format!("@param {parameter} ")), "{name}: {parameter} is not documented");
        }
        let says_what_returns = comment.contains("@return") || parameters.len() <= 1;
        assert!(*returns == "void" || says_what_returns, "{name} does not say what it returns");
    }
}

/// A reader of C cannot follow Rust's links and paths.
#[test]
fn its_comments_hold_no_rust() {
    for rust in ["[`", "`]", "::", "Option<", "Result<", "// "] {
        let line = header().lines().find(|line| line.contains(rust) && !line.contains("://")).map(str::to_owned);
        assert_eq!(line, None, "{rust}");
    }
}

/// cbindgen reads all of src/, and takes every public constant for one of the API.
#[test]
fn its_macros_have_the_prefix() {
    let header = header();
    let macros = header.lines().filter_map(|line| line.strip_prefix("#define "));
    let others: Vec<&str> = macros.filter(|rest| !rest.starts_with("ANCHOR_")).collect();
    assert!(others.is_empty(), "{others:?}");
}

struct Function {
    name: String,
    comment: String,
    parameters: Vec<String>,
    returns: String,
}

/// The functions of a header that cbindgen wrote: each is a comment and a declaration that ends with a semicolon.
fn functions(header: &str) -> Vec<Function> {
    let body = header.split_once("extern \"C\" {").expect("the guard").1;
    let mut functions = Vec::new();
    for part in body.split("/**").skip(1) {
        let (comment, rest) = part.split_once("*/").expect("the comment ends");
        let declaration =
            rest.split(';').next().expect("a declaration").replace("ANCHOR_API", "").replace("ANCHOR_MUST_USE", "");
        let Some((before, parameters)) = declaration.split_once('(') else { continue };
        let (returns, name) = before.trim().rsplit_once([' ', '*', '\n']).expect("a type and a name");
        functions.push(Function {
            name: name.to_owned(),
            comment: comment.to_owned(),
            parameters: parameter_names(parameters.trim_end().trim_end_matches(')')),
            returns: returns.trim().to_owned(),
        });
    }
    functions
}

fn parameter_names(parameters: &str) -> Vec<String> {
    let names = parameters.split(',').map(|parameter| parameter.trim().rsplit([' ', '*']).next().unwrap_or_default());
    names.filter(|name| *name != "void").map(str::to_owned).collect()
}
