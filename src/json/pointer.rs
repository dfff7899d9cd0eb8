//! Finds the value at a JSON pointer (RFC 6901), in one pass over the text, without a copy of it or of the pointer.

use super::OutOfMemory;
use super::nesting::Container;
use super::scanner::{Fault, Scanner, Token};
use super::string::JsonString;
use std::borrow::Cow;

/// Returns the value at a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)) in a JSON text.
///
/// - `json`: a JSON text, such as the answer of a wait.
/// - `pointer`: empty for the whole text, or `/name/0/...`, with `~1` for `/` and `~0` for `~` in a member's name. Of members
///   with the same name, the last one counts.
///
/// Returns a JSON string without its quotes and escapes, and any other value as its JSON text, unchanged. An unpaired
/// surrogate becomes U+FFFD. `None` if the text has no such value, if `json` or `pointer` is malformed, or if memory ran out.
#[must_use]
pub fn json_get(json: &str, pointer: &str) -> Option<String> {
    match json_find(json, pointer).ok()?? {
        Cow::Owned(found) => Some(found),
        Cow::Borrowed(found) => {
            let mut copy = String::new();
            copy.try_reserve_exact(found.len()).ok()?;
            copy.push_str(found);
            Some(copy)
        }
    }
}

/// The same without a copy, unless something is to be unescaped.
pub(crate) fn json_find<'a>(json: &'a str, pointer: &str) -> Result<Option<Cow<'a, str>>, OutOfMemory> {
    let Some(path) = Path::new(pointer) else { return Ok(None) };
    match find(json, path) {
        Ok(found) => found.map(JsonString::unescape).transpose(),
        Err(Fault::OutOfMemory) => Err(OutOfMemory),
        Err(Fault::Malformed | Fault::Stopped) => Ok(None),
    }
}

/// Reads all of the text. It goes into the containers on the path and skips the others.
fn find<'a>(json: &'a str, mut path: Path<'_>) -> Result<Option<JsonString<'a>>, Fault> {
    let mut go_on = || true;
    let mut scanner = Scanner::new(json, &mut go_on);
    let mut found = None;
    // Whether the coming value is on the path: by the name before it, or as the item after so many others.
    let (mut is_named, mut items_before) = (true, None);
    while let Some(token) = scanner.next()? {
        let is_on_path = is_named || items_before == Some(0);
        match token {
            Token::Name(name) => {
                is_named = path.names(name);
                continue;
            }
            Token::Close => {
                path.step_out();
                (is_named, items_before) = (false, None);
                continue;
            }
            Token::Open(container) if is_on_path && path.step_in() => {
                found = None;
                is_named = false;
                items_before = if container == Container::Array { path.index() } else { None };
                continue;
            }
            _ => {}
        }
        let value = match token {
            Token::String(string) => string,
            _ => {
                let begin = scanner.token_position();
                if matches!(token, Token::Open(_)) {
                    scanner.skip()?;
                }
                JsonString::new(&json[begin..scanner.position()], false)
            }
        };
        if is_on_path {
            found = path.is_at_end().then_some(value);
        }
        is_named = false;
        items_before = items_before.and_then(|count: usize| count.checked_sub(1));
    }
    Ok(found)
}

/// A well-formed pointer, and the step of it that is looked for.
struct Path<'p> {
    pointer: &'p str,
    is_escaped: bool,
    /// The current step without its slash. Before the first step: 0 and 0.
    begin: usize,
    end: usize,
}

impl<'p> Path<'p> {
    fn new(pointer: &'p str) -> Option<Self> {
        let is_rooted = pointer.is_empty() || pointer.starts_with('/');
        let is_escaped = pointer.bytes().any(|byte| byte == b'~');
        let is_well_formed = !is_escaped || pointer.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
        (is_rooted && is_well_formed).then_some(Path { pointer, is_escaped, begin: 0, end: 0 })
    }

    fn is_at_end(&self) -> bool {
        self.end == self.pointer.len()
    }

    /// To the next step, if there is one.
    fn step_in(&mut self) -> bool {
        if self.is_at_end() {
            return false;
        }
        self.begin = self.end + 1;
        let step = self.pointer.as_bytes()[self.begin..].iter().take_while(|byte| **byte != b'/');
        self.end = self.begin + step.count();
        true
    }

    fn step_out(&mut self) {
        self.end = self.begin.saturating_sub(1);
        let step = self.pointer.as_bytes()[..self.end].iter().rev().take_while(|byte| **byte != b'/');
        self.begin = self.end - step.count();
    }

    fn step(&self) -> &'p str {
        &self.pointer[self.begin..self.end]
    }

    /// Whether the step is this member. `~1` and `~0` are the only escapes.
    fn names(&self, name: JsonString<'_>) -> bool {
        let step = self.step();
        if !name.is_escaped() && !self.is_escaped {
            return name.as_written() == step;
        }
        let mut rest = step.chars();
        let unescaped = std::iter::from_fn(|| match rest.next()? {
            '~' => rest.next().map(|escape| if escape == '0' { '~' } else { '/' }),
            character => Some(character),
        });
        unescaped.eq(name.chars())
    }

    /// The step as the index of an array: digits without a leading zero.
    fn index(&self) -> Option<usize> {
        let step = self.step();
        if step == "0" || !step.starts_with(['0', '+']) { step.parse().ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::tests::{NAME, tree};
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn pointers_of_rfc_6901() {
        let json = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
        let cases = [
            ("", Some(json)),
            ("/foo", Some(r#"["bar","baz"]"#)),
            ("/foo/0", Some("bar")),
            ("/", Some("0")),
            ("/a~1b", Some("1")),
            ("/c%d", Some("2")),
            ("/e^f", Some("3")),
            ("/g|h", Some("4")),
            ("/i\\j", Some("5")),
            ("/k\"l", Some("6")),
            ("/ ", Some("7")),
            ("/m~0n", Some("8")),
            ("/foo/2", None),
            ("/foo/-", None),
            ("/foo/00", None),
            ("/foo/+1", None),
            ("/foo/x", None),
            ("/foo/0/x", None),
            ("/m~n", None),
            ("/m~", None),
            ("foo", None),
            ("/nothing", None),
        ];
        for (pointer, expected) in cases {
            assert_eq!(json_get(json, pointer).as_deref(), expected, "{pointer:?}");
        }
    }

    #[test]
    fn values_come_through_unchanged() {
        let json = r#"{"n":1e400,"i":123456789012345678901234567890,"z":1.0,"s":"é\u00e9\ud83d\ude00","lone":"x\ud800y","nul":null,"dup":1,"dup":2}"#;
        for (pointer, expected) in [
            ("/n", "1e400"),
            ("/i", "123456789012345678901234567890"),
            ("/z", "1.0"),
            ("/s", "éé😀"),
            ("/lone", "x\u{fffd}y"),
            ("/nul", "null"),
            ("/dup", "2"),
        ] {
            assert_eq!(json_get(json, pointer).as_deref(), Some(expected), "{pointer}");
        }
    }

    #[test]
    fn nothing_stands_in_a_malformed_text() {
        for json in [
            "",
            "{",
            r#"{"a":1"#,
            r#"{"a":1}}"#,
            r#"{"a":1} x"#,
            r#"{"a":1,}"#,
            r#"{"a":1,"b":[}"#,
            "[1,2",
            "[1]]",
            "1 2",
            "\"a",
            // Found by fuzzing: a control character in a name or a string has to be escaped.
            "{\"a\":1,\"b\0\":2}",
            "{\"a\":\"\x1f\"}",
            "{\"b\":\"\n\",\"a\":1}",
        ] {
            for pointer in ["", "/a", "/0"] {
                assert_eq!(json_get(json, pointer), None, "{json} {pointer:?}");
            }
        }
    }

    #[test]
    fn pointers_go_to_any_depth() {
        let deep = format!("{}\"x\"{}", r#"[{"a":"#.repeat(300), "}]".repeat(300));
        assert_eq!(json_get(&deep, &"/0/a".repeat(300)).as_deref(), Some("x"));
    }

    #[test]
    fn an_earlier_member_of_the_name_may_be_anything() {
        for other in ["1e400", r#""\ud800""#, "{}", r#"{"b":2}"#] {
            let json = format!(r#" {{"a":{other},"a":{{"b":1}}}}"#);
            assert_eq!(json_get(&json, "/a/b").as_deref(), Some("1"), "{json}");
        }
    }

    /// A member on the path that comes again takes the place of the first one, whatever is in it.
    #[test]
    fn the_last_of_members_with_the_same_name_counts() {
        for (json, expected) in [
            (r#"{"a":{"b":1},"a":{"b":2}}"#, Some("2")),
            (r#"{"a":{"b":1},"a":{}}"#, None),
            (r#"{"a":{"b":1},"a":3}"#, None),
            (r#"{"a":{"b":1},"a":[{"b":2}]}"#, None),
            (r#"{"a":{"b":1,"b":[]},"c":{"b":2}}"#, Some("[]")),
            (r#"{"a":{"b":1},"\u0061":{"\u0062":2}}"#, Some("2")),
            (r#"{"a":[{"b":0}],"a":{"x":{"b":0},"b":1,"y":{"b":0}}}"#, Some("1")),
        ] {
            assert_eq!(json_get(json, "/a/b").as_deref(), expected, "{json}");
        }
    }

    /// Once the item on the path was entered, no later item is on it.
    #[test]
    fn an_item_of_an_array_is_counted_once() {
        let json = r#"[[1,2],[[3],4,{"0":5}],6,[7]]"#;
        for (pointer, expected) in [
            ("/0", Some("[1,2]")),
            ("/0/1", Some("2")),
            ("/1/0/0", Some("3")),
            ("/1/2/0", Some("5")),
            ("/2/0", None),
            ("/3/0", Some("7")),
        ] {
            assert_eq!(json_get(json, pointer).as_deref(), expected, "{pointer}");
        }
    }

    proptest! {
        #[test]
        fn pointers_agree_with_serde_json(tree in tree(), tokens in prop::collection::vec(NAME, 0..4), raw in "[/~01a]{0,5}") {
            let escaped = tokens.iter().map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1")));
            for pointer in [escaped.collect::<String>(), raw] {
                let is_malformed = pointer.replace("~0", "").replace("~1", "").contains('~');
                let expected = tree.pointer(&pointer).filter(|_| !is_malformed).map(|found| match found {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                });
                prop_assert_eq!(json_get(&tree.to_string(), &pointer), expected, "{}", pointer);
            }
        }
    }
}
