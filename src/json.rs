//! The little JSON that libanchor needs: is this one object, and what stands at a pointer. It reads the text and keeps
//! it as it is, so numbers of any size and members in any order come through unchanged; it builds no tree.

use serde_core::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The text, if it is exactly one JSON object in UTF-8.
///
/// # Errors
///
/// What is wrong with it and where, without quoting it.
pub(crate) fn one_object(text: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(text).map_err(|e| format!("not UTF-8 at byte {}", e.utf8_error().valid_up_to()))?;
    check_one_object(&text)?;
    Ok(text)
}

/// The same for what is UTF-8 already.
pub(crate) fn check_one_object(text: &str) -> Result<(), String> {
    if !text.trim_ascii_start().starts_with('{') {
        return Err("not a JSON object".to_owned());
    }
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(e) => Err(format!("not JSON at line {} column {}", e.line(), e.column())),
    }
}

/// What stands at a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)) in a JSON text.
///
/// A string comes unescaped, anything else as its JSON text, unchanged. `pointer` is empty for the whole text, or
/// begins with `/`, with `~1` for `/` and `~0` for `~` in a member's name. `None` if nothing stands there, or if
/// `json` or `pointer` is malformed. An unpaired surrogate in a string becomes U+FFFD.
#[must_use]
pub fn json_get(json: &str, pointer: &str) -> Option<String> {
    json_find(json, pointer).map(Cow::into_owned)
}

/// The same without a copy, unless something is to be unescaped.
pub(crate) fn json_find<'a>(json: &'a str, pointer: &str) -> Option<Cow<'a, str>> {
    if pointer.is_empty() {
        return text_of(serde_json::from_str::<&RawValue>(json).ok()?.get());
    }
    let mut value = json.trim_ascii_start();
    for token in pointer.strip_prefix('/')?.split('/') {
        value = child(value, &unescape_token(token)?)?;
    }
    text_of(value)
}

/// Every string and number that a JSON text holds, members' names aside. One pass, however deep the text is nested.
pub(crate) fn leaves(json: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = json;
    while let Some(begin) = rest.find(|c: char| matches!(c, '"' | '-' | '0'..='9')) {
        let (leaf, after) = rest[begin..].split_at(leaf_length(&rest[begin..]));
        rest = after;
        let is_name = leaf.starts_with('"') && rest.trim_start().starts_with(':');
        if !is_name && let Some(text) = json_find(leaf, "") {
            found.push(text.into_owned());
        }
    }
    found
}

/// The length of the string or number that `text` begins with.
fn leaf_length(text: &str) -> usize {
    let end = if text.starts_with('"') {
        let mut is_escaped = false;
        let closing = text.bytes().skip(1).position(|byte| {
            let closes = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            closes
        });
        closing.map(|at| at + 2)
    } else {
        text.find(|c: char| !matches!(c, '-' | '+' | '.' | 'e' | 'E' | '0'..='9'))
    };
    end.unwrap_or(text.len())
}

/// The text as a JSON string, with its quotes.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// A string's characters, or the text of any other value.
fn text_of(value: &str) -> Option<Cow<'_, str>> {
    match value.strip_prefix('"') {
        None => Some(Cow::Borrowed(value)),
        Some(rest) if !rest.contains('\\') => rest.strip_suffix('"').map(Cow::Borrowed),
        Some(_) => serde_json::from_str(value).ok().map(|AnyString(text)| Cow::Owned(text)),
    }
}

/// `~1` and `~0` are the only escapes; anything else after `~` is malformed.
fn unescape_token(token: &str) -> Option<Cow<'_, str>> {
    if !token.contains('~') {
        return Some(Cow::Borrowed(token));
    }
    let mut parts = token.split('~');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        name.push(match part.as_bytes().first()? {
            b'0' => '~',
            b'1' => '/',
            _ => return None,
        });
        name.push_str(&part[1..]);
    }
    Some(Cow::Owned(name))
}

/// What stands at one token of a pointer in an object or an array; the last one, where a name comes more than once.
/// Reads all of `parent`, which has to be one JSON text.
fn child<'a>(parent: &'a str, token: &str) -> Option<&'a str> {
    let mut reader = serde_json::Deserializer::from_str(parent);
    let found = match parent.as_bytes().first()? {
        b'{' => reader.deserialize_map(Child(token)),
        b'[' => reader.deserialize_seq(Child(token)),
        _ => return None,
    };
    reader.end().ok()?;
    found.ok()?.map(RawValue::get)
}

struct Child<'t>(&'t str);

impl<'de> Visitor<'de> for Child<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = members.next_key::<&RawValue>()? {
            if text_of(name.get()).is_some_and(|name| name == self.0) {
                found = Some(members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let index = array_index(self.0);
        let (mut at, mut found) = (0, None);
        while let Some(item) = items.next_element()? {
            if Some(at) == index {
                found = Some(item);
            }
            at += 1;
        }
        Ok(found)
    }
}

/// Digits without a leading zero, as RFC 6901 asks.
fn array_index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with(['0', '+']);
    if canonical { token.parse().ok() } else { None }
}

/// A JSON string, taken even where it holds an unpaired surrogate.
struct AnyString(String);

impl<'de> Deserialize<'de> for AnyString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lossy;

        impl Visitor<'_> for Lossy {
            type Value = AnyString;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(AnyString(String::from_utf8_lossy(bytes).into_owned()))
            }
        }

        deserializer.deserialize_bytes(Lossy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn one_object_takes_exactly_one_object() {
        assert!(one_object(b" {\"a\":[1,{}]} \n".to_vec()).is_ok());
        for bad in [&b""[..], b"[]", b"null", b"{", b"{} {}", b"{\"a\":1,}", b"{'a':1}", b"<html>", b"{\"a\":\"\x01\"}"]
        {
            assert!(one_object(bad.to_vec()).is_err(), "{bad:?}");
        }
        assert_eq!(one_object(b"{\"a\":\"\xff\"}".to_vec()).unwrap_err(), "not UTF-8 at byte 6");
    }

    #[test]
    fn one_object_takes_deep_nesting() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(check_one_object(&deep).is_ok());
    }

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
    fn leaves_are_strings_and_numbers() {
        let found = leaves(r#"{"a":"x","b" : [1.50,true,null,{"c\\":"y\n\\"},-2e+9],"d":{},"\"":"\":"}"#);
        assert_eq!(found, ["x", "1.50", "y\n\\", "-2e+9", "\":"]);
        for nonsense in ["nonsense", "\"", "\"\\", "-", "1..2"] {
            assert!(leaves(nonsense).is_empty(), "{nonsense}");
        }
    }

    #[test]
    fn leaves_are_found_at_any_depth_in_one_pass() {
        let depth = 500_000;
        let deep = format!("{{\"a\":{}\"x\"{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(leaves(&deep), ["x"]);
    }

    #[test]
    fn values_come_through_unchanged() {
        let json = r#"{"n":1e400,"i":123456789012345678901234567890,"z":1.0,"s":"é\u00e9\ud83d\ude00","lone":"x\ud800y","nul":null,"dup":1,"dup":2}"#;
        for (pointer, expected) in [
            ("/n", "1e400"),
            ("/i", "123456789012345678901234567890"),
            ("/z", "1.0"),
            ("/s", "éé😀"),
            ("/lone", "x\u{fffd}\u{fffd}\u{fffd}y"),
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

    /// Few names, so that pointers meet them.
    const NAME: &str = "[ab~/0é\"\\\\]{0,2}";

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
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

        #[test]
        fn leaves_agree_with_serde_json(tree in tree()) {
            fn collect(value: &Value, found: &mut Vec<String>) {
                match value {
                    Value::String(text) => found.push(text.clone()),
                    Value::Number(number) => found.push(number.to_string()),
                    Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
                    Value::Object(members) => members.values().for_each(|member| collect(member, found)),
                    Value::Null | Value::Bool(_) => {}
                }
            }
            let mut expected = Vec::new();
            collect(&tree, &mut expected);
            prop_assert_eq!(leaves(&format!("{tree:#}")), expected);
        }
    }
}
