//! The reference documentation: it builds without a warning, and each C and C++ example in it compiles. Examples in Rust are
//! compiled by cargo, as doctests; those of README.md and docs/ by pages.rs; those of the manual by manual/.

use crate::installed::{self, beside, outside, prefix};
use std::fmt::Write;
use testkit::{empty_scratch, process, root, tools};

/// A function without a description, a missing parameter or a broken link is a warning, and fails.
#[test]
fn make_docs() {
    if tools::has("doxygen") {
        process::output(outside("make").current_dir(root()).arg("docs"));
        let c = ["anchor_wait_for_event", "anchor_wait_fd", "ANCHOR_CONNECTION_LOST", "ANCHOR_VERSION_NUMBER"];
        names_all("c/html/anchor_8h.html", &c);
        let cpp =
            ["wait", "signal", "drain", "start", "start_on", "set_api_key", "stats", "cancel_all", "std::nothrow_t"];
        names_all("cpp/html/classanchor_1_1client.html", &cpp);
        let queue = ["next", "set_callback", "running", "cancel_all", "native_handle"];
        names_all("cpp/html/classanchor_1_1queue.html", &queue);
        names_all("cpp/html/classanchor_1_1cancellation.html", &["cancel_source", "std::stop_token"]);
        names_all("cpp/html/classanchor_1_1options.html", &["retries", "rearm", "slice", "add_header", "request_id"]);
    }
}

fn names_all(page: &str, names: &[&str]) {
    let text = std::fs::read_to_string(root().join("target/doc").join(page)).expect("it was made");
    for name in names {
        assert!(text.contains(name), "{name} is not in {page}");
    }
}

/// What a doc comment of the header shows: the paragraphs that are indented by four.
fn examples(header: &str) -> Vec<String> {
    let (_, functions) = header.split_once("extern \"C\" {").expect("the header has a C part");
    let paragraphs = functions.split("\n *\n").filter(|paragraph| paragraph.starts_with(" *     "));
    let code = |paragraph: &str| {
        paragraph.lines().map_while(|line| line.strip_prefix(" *     ")).collect::<Vec<_>>().join("\n")
    };
    paragraphs.map(code).collect()
}

#[test]
fn the_examples_of_the_header_compile() {
    let examples = examples(include_str!("../../include/anchor.h"));
    assert!(examples.len() >= 3, "{examples:?}");
    let mut source = "#include <anchor.h>\n#include <poll.h>\n#include <stdio.h>\n".to_owned();
    for (index, example) in examples.iter().enumerate() {
        // Each is a part of a program that has a client, and the outcome of an earlier call.
        let place = "anchor_client *client, const char *json, anchor_status status";
        // After three dots there may be prose for the reader to fill in.
        let code: String =
            example.lines().map(|line| line.split("...").next().unwrap_or(line).to_owned() + "\n").collect();
        writeln!(source, "void example_{index}({place});\nvoid example_{index}({place})\n{{\n(void)client, (void)json, (void)status;\n{{\n{code}}}\n}}")
            .expect("a string grows");
    }
    let folder = empty_scratch("documentation/examples");
    std::fs::write(folder.join("examples.c"), source).expect("the target directory can be written");
    let warnings =
        "-std=c11 -Wall -Wextra -Wno-unused -Wno-discarded-qualifiers -Wno-incompatible-pointer-types -Werror";
    let line = format!("cc {warnings} -c examples.c -I{}/include", prefix().display());
    process::output(beside(prefix(), "sh").current_dir(&folder).args(["-ec", &line]));
}

/// The example that anchor.hpp opens with.
#[test]
fn the_example_of_the_cpp_header_compiles() {
    if tools::has("c++") {
        let (head, _) =
            include_str!("../../include/anchor.hpp").split_once("\n#ifndef ").expect("it opens with a comment");
        let example: Vec<&str> = head.lines().filter_map(|line| line.strip_prefix("//     ")).collect();
        assert!(example.len() >= 3, "{example:?}");
        let source =
            format!("#include <anchor.hpp>\nint main()\n{{\n{}\nreturn code.empty();\n}}\n", example.join("\n"));
        let folder = empty_scratch("documentation/cpp");
        std::fs::write(folder.join("example.cpp"), source).expect("the target directory can be written");
        let warnings = "-std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only";
        let line = format!("c++ {warnings} example.cpp -I{}/include", prefix().display());
        process::output(beside(prefix(), "sh").current_dir(&folder).args(["-ec", &line]));
    }
}

/// The page's example, which is a whole program.
#[test]
fn the_example_of_the_manual_page_compiles() {
    let page = include_str!("../../docs/man/anchor.3");
    let example = page.split_once(".SH EXAMPLES\n.nf\n").expect("it has one").1.split_once("\n.fi").expect("it ends").0;
    let folder = empty_scratch("documentation/manual");
    std::fs::write(folder.join("example.c"), example.replace("\\e", "\\"))
        .expect("the target directory can be written");
    let line = format!("cc -Wall -Wextra -Werror example.c {} -o example", installed::flags());
    process::output(beside(prefix(), "sh").current_dir(&folder).args(["-ec", &line]));
}

/// A promise is as good as its test.
#[test]
fn the_tests_that_security_md_names_are_there() {
    let page = include_str!("../../SECURITY.md");
    let mut cited = 0;
    for citation in page.split("[`").skip(1) {
        let (name, rest) = citation.split_once("`](").expect("a link");
        let file = rest.split_once(')').expect("its end").0;
        let source = std::fs::read_to_string(root().join(file)).expect(file);
        let in_rust = source.contains(&format!("#[test]\nfn {name}()"))
            || source.contains(&format!("    #[test]\n    fn {name}()"))
            || source.contains(&format!("#[each_way]\nfn {name}(way: Way)"));
        assert!(in_rust || source.contains(&format!("CASE({name})")), "{name} is not a test of {file}");
        cited += 1;
    }
    assert!(cited > 20, "{cited}");
}
