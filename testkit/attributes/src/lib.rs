//! The attribute of a test that has one body for each way to wait. What the ways are is up to `testkit::way`.

use proc_macro::{TokenStream, TokenTree};

/// Makes tests of a function that takes a `Way`: `blocking`, `started` and `queued`, in a module of the function's name.
#[proc_macro_attribute]
pub fn each_way(_: TokenStream, function: TokenStream) -> TokenStream {
    let is_fn = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word.to_string() == "fn");
    let name = function.clone().into_iter().skip_while(|token| !is_fn(token)).nth(1).expect("a function with a name");
    let test = |(way, variant)| format!("#[test] fn {way}() {{ super::{name}(::testkit::way::Way::{variant}); }}");
    let tests = [("blocking", "Blocking"), ("started", "Started"), ("queued", "Queued")].map(test).concat();
    let module: TokenStream = format!("mod {name} {{ {tests} }}").parse().expect("a module");
    function.into_iter().chain(module).collect()
}
