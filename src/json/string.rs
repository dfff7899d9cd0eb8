//! What a JSON string says: its text without the escapes.

use super::OutOfMemory;
use std::borrow::Cow;
use std::char::REPLACEMENT_CHARACTER;
use std::iter;

/// A well-formed string, without its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JsonString<'a> {
    text: &'a str,
    is_escaped: bool,
}

impl<'a> JsonString<'a> {
    pub(super) fn new(text: &'a str, is_escaped: bool) -> Self {
        JsonString { text, is_escaped }
    }

    /// As it is written, with its escapes.
    pub fn as_written(self) -> &'a str {
        self.text
    }

    /// The string. A surrogate that is not one of a pair becomes U+FFFD.
    pub fn unescape(self) -> Result<Cow<'a, str>, OutOfMemory> {
        if !self.is_escaped {
            return Ok(Cow::Borrowed(self.text));
        }
        let mut unescaped = String::new();
        unescaped.try_reserve_exact(self.text.len())?; // no escape is shorter than what it stands for
        let mut rest = self.text;
        while let Some(at) = rest.find('\\') {
            let (character, length) = escape(&rest[at..]);
            unescaped.push_str(&rest[..at]);
            unescaped.push(character);
            rest = &rest[at + length..];
        }
        unescaped.push_str(rest);
        Ok(Cow::Owned(unescaped))
    }

    /// The same, a character at a time and without an allocation.
    pub fn chars(self) -> impl Iterator<Item = char> {
        let mut rest = self.text;
        iter::from_fn(move || {
            let first = rest.chars().next()?;
            let (character, length) = if first == '\\' { escape(rest) } else { (first, first.len_utf8()) };
            rest = &rest[length..];
            Some(character)
        })
    }
}

/// The character for the escape that `text` begins with, and the length of that escape.
fn escape(text: &str) -> (char, usize) {
    let character = match text.as_bytes()[1] {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return code_point(text),
        itself => char::from(itself),
    };
    (character, 2)
}

/// One `\uXXXX`, or the two of a surrogate pair.
fn code_point(text: &str) -> (char, usize) {
    let unit = |at| text.get(at..at + 6)?.strip_prefix("\\u").and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let Some(first) = unit(0) else { return (REPLACEMENT_CHARACTER, text.len()) };
    if let (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) = (first, unit(6)) {
        let pair = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(pair).unwrap_or(REPLACEMENT_CHARACTER), 12);
    }
    (char::from_u32(first).unwrap_or(REPLACEMENT_CHARACTER), 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_what_they_stand_for() {
        for (written, expected) in [
            (r"plain é", "plain é"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u0041\u00e9\u20ac\u0000", "Aé€\0"),
            (r"\ud83d\ude00\uD83D\uDE00", "😀😀"),
            (r"x\ud800y", "x\u{fffd}y"),
            (r"\ud800", "\u{fffd}"),
            (r"\udc00\ud800", "\u{fffd}\u{fffd}"),
            (r"\ud800\ud83d\ude00", "\u{fffd}😀"),
            (r"\ud800\u0041", "\u{fffd}A"),
            (r"\ud800\n", "\u{fffd}\n"),
        ] {
            let string = JsonString::new(written, true);
            assert_eq!(string.unescape().unwrap(), expected, "{written}");
            assert_eq!(string.chars().collect::<String>(), expected, "{written}");
        }
    }
}
