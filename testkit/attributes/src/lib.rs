//! The attribute of a test that has one body for each way to wait. What the ways are is up to `testkit::way`.

use proc_macro::{TokenStream, TokenTree};

/// Makes tests of a function that takes a `Way`: `blocking` and `started`, in a module of the function's name.
#[proc_macro_attribute]
pub fn each_way(_: TokenStream, function: TokenStream) -> TokenStream {
    let is_fn = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word.to_string() == "fn");
    let name = function.clone().into_iter().skip_while(|token| !is_fn(token)).nth(1).expect("a function with a name");
    let test =
        |way: &str, variant: &str| format!("#[test] fn {way}() {{ super::{name}(::testkit::way::Way::{variant}); }}");
    let tests = format!("mod {name} {{ {} {} }}", test("blocking", "Blocking"), test("started", "Started"));
    function.into_iter().chain(tests.parse::<TokenStream>().expect("a module")).collect()
}
