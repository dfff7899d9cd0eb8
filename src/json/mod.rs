//! The JSON that libanchor needs: whether a text is one object, the value at a pointer, and the strings and numbers of a text.
//! It reads the text and keeps it as it is, so numbers of any size and members in any order come through unchanged. It
//! builds no tree.

mod cursor;
mod nesting;
mod object;
mod pointer;
mod scanner;
mod string;

pub(crate) use nesting::Container;
pub(crate) use object::Object;
pub(crate) use pointer::json_find;
pub use pointer::json_get;
pub(crate) use scanner::{Fault, Scanner, Token};
use std::collections::TryReserveError;
pub(crate) use string::leading_escape;

/// Why a text is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    OutOfMemory,
    /// The caller did not want to go on.
    Stopped,
    /// What is wrong with the text and where, without quoting it: to be put after 'is'.
    Malformed(String),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutOfMemory;

impl From<TryReserveError> for OutOfMemory {
    fn from(_: TryReserveError) -> Self {
        OutOfMemory
    }
}

/// The text, if it is exactly one JSON object in UTF-8.
pub(crate) fn one_object(text: Vec<u8>) -> Result<String, Refusal> {
    let text = String::from_utf8(text)
        .map_err(|e| Refusal::Malformed(format!("not UTF-8 at byte {}", e.utf8_error().valid_up_to())))?;
    check_one_object(&text, &mut || true)?;
    Ok(text)
}

/// The same for what is UTF-8 already. `keep_on` is asked after every 64 KiB.
pub(crate) fn check_one_object(text: &str, keep_on: &mut dyn FnMut() -> bool) -> Result<(), Refusal> {
    let mut scanner = Scanner::new(text, keep_on);
    match scanner.next() {
        Ok(Some(Token::Open(Container::Object))) => {}
        Ok(_) | Err(Fault::Malformed) => return Err(Refusal::Malformed("not a JSON object".to_owned())),
        Err(fault) => return Err(refusal(fault, text, &scanner)),
    }
    let end = scanner.skip().and_then(|()| scanner.next());
    end.map(|_| ()).map_err(|fault| refusal(fault, text, &scanner))
}

fn refusal(fault: Fault, text: &str, scanner: &Scanner<'_, '_>) -> Refusal {
    match fault {
        Fault::OutOfMemory => Refusal::OutOfMemory,
        Fault::Stopped => Refusal::Stopped,
        Fault::Malformed => {
            let before = &text.as_bytes()[..scanner.position()];
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
            Refusal::Malformed(format!("not JSON at line {line} column {column}"))
        }
    }
}

/// The text as a JSON string, with its quotes.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;
    use serde_json::value::RawValue;

    fn check(text: &str) -> Result<(), Refusal> {
        check_one_object(text, &mut || true)
    }

    fn is_object_for_serde_json(text: &str) -> bool {
        serde_json::from_str::<&RawValue>(text).is_ok_and(|value| value.get().starts_with('{'))
    }

    #[test]
    fn one_object_takes_exactly_one_object() {
        assert!(one_object(b" {\"a\":[1,{}]} \n".to_vec()).is_ok());
        for (bad, what) in [
            (&b""[..], "not a JSON object"),
            (b"[]", "not a JSON object"),
            (b"null", "not a JSON object"),
            (b"<html>", "not a JSON object"),
            (b"\x0c{}", "not a JSON object"),
            (b"{", "not JSON at line 1 column 2"),
            (b"{} {}", "not JSON at line 1 column 4"),
            (b"{\"a\":1,}", "not JSON at line 1 column 8"),
            (b"{'a':1}", "not JSON at line 1 column 2"),
            (b"{\n \"a\":\n  01}", "not JSON at line 3 column 4"),
            (b"{\"a\":\"\x01\"}", "not JSON at line 1 column 7"),
            (b"{\"a\":\"\xff\"}", "not UTF-8 at byte 6"),
        ] {
            assert_eq!(one_object(bad.to_vec()), Err(Refusal::Malformed(what.to_owned())), "{bad:?}");
        }
    }

    #[test]
    fn the_grammar_is_that_of_rfc_8259() {
        let values = "0 -0 10 1.0 -1.50e+09 1E-2 1e5 01 -01 00 - -a .5 5. 1.e1 1e 1e+ +1 1x 0x1 NaN Infinity true false null \
                      tru True nul nullx \"\" \" \"\\\" \"\\x\" \"\\u12\" \"\\u123g\" \"\\uD800\" \"\\\"\\/\\b\\f\\n\\r\\t\" \"\u{7f}\" \
                      \"\0\" \"\u{1f}\" 'a' [] [,] [1,] [1,,2] [ [1 1] ] [} {} {,} {1:2} {\"a\"} {\"a\":} {\"a\":1,} {\"a\"1} {\"a\":1 \
                      {\"a\":1]] /**/ \u{feff} \u{a0} \0 1\0 \\";
        let texts = values.split(' ').map(|value| format!(" {{ \"a\" : {value}\r\n\t,\"b\":[{value}]}} "));
        for text in texts.chain(["{}\0".to_owned(), "\0{}".to_owned(), "{\"a\":1\0}".to_owned()]) {
            assert_eq!(check(&text).is_ok(), is_object_for_serde_json(&text), "{text:?}");
        }
    }

    #[test]
    fn one_object_takes_deep_nesting() {
        for depth in [1, 62, 63, 64, 65, 127, 128, 129, 100_000] {
            let (open, close) = ("[{\"a\":".repeat(depth), "}]".repeat(depth));
            assert_eq!(check(&format!("{{\"a\":{open}1{close}}}")), Ok(()));
            let wrong = format!("{{\"a\":{open}1}}{}}}", "}]".repeat(depth - 1));
            assert!(matches!(check(&wrong), Err(Refusal::Malformed(_))), "{depth}");
        }
    }

    /// Wherever a window of the scanner ends: in a number, a string, an escape, a word, or between them.
    #[test]
    fn the_size_of_a_text_makes_no_difference() {
        let value = r#"[-12.5e+10 , true,"x\n\u00e9é\ud83d\ude00" ,{ "n" :null}]"#;
        for shift in 0..value.len() + 8 {
            let long = "y".repeat(64 * 1024 - shift);
            let text = format!("{{\"a\":\"{long}\",\"b\":{value}}}");
            assert_eq!(check(&text), Ok(()), "{shift}");
            assert_eq!(json_get(&text, "/b").as_deref(), Some(value), "{shift}");
            assert_eq!(json_get(&text, "/b/2").as_deref(), Some("x\né\u{e9}😀"), "{shift}");
            assert!(check(&text[..text.len() - 2]).is_err(), "{shift}");
        }
    }

    #[test]
    fn it_asks_whether_to_go_on_after_every_64_kib() {
        let size = 1_000_000;
        let texts = [("\"", "x", "\""), ("", " ", "1"), ("", "1", ""), ("\"", "\\n", "\""), ("[", "[],", "1]")];
        for (before, repeated, after) in texts {
            let text = format!("{{\"a\":{before}{}{after}}}", repeated.repeat(size / repeated.len()));
            let mut asked = 0;
            let mut count = || {
                asked += 1;
                true
            };
            assert_eq!(check_one_object(&text, &mut count), Ok(()));
            assert_eq!(asked, text.len() / (64 * 1024), "{repeated:?}");
            let mut left = 3;
            let mut stop = || {
                left -= 1;
                left > 0
            };
            assert_eq!(check_one_object(&text, &mut stop), Err(Refusal::Stopped), "{repeated:?}");
            assert_eq!(left, 0, "{repeated:?}");
        }
    }

    /// Few names, so that pointers meet them.
    pub(super) const NAME: &str = "[ab~/0é\"\\\\]{0,2}";

    pub(super) fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "(?s).{0,5}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((NAME, inner), 0..4).prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_an_object_is_what_serde_json_takes(
            tree in tree(),
            is_pretty in any::<bool>(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), "[\\[\\]{}:,\"\\\\0-9.eE+ a-f\n\u{1}é]{0,2}", 0usize..3), 0..3),
        ) {
            let mut text = if is_pretty { format!("{{\"a\":{tree:#}}}") } else { format!("{{\"a\":{tree}}}") };
            for (place, inserted, removed) in edits {
                let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                let at = place.index(places.len());
                let end = (at + removed).min(places.len() - 1);
                text.replace_range(places[at]..places[end], &inserted);
            }
            prop_assert_eq!(check(&text).is_ok(), is_object_for_serde_json(&text), "{}", text);
        }
    }
}
