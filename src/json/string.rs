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

    pub fn is_escaped(self) -> bool {
        self.is_escaped
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
            let Some((character, length)) = leading_escape(&rest[at..]) else { break };
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
            let escape = if first == '\\' { leading_escape(rest) } else { None };
            let (character, length) = escape.unwrap_or((first, first.len_utf8()));
            rest = &rest[length..];
            Some(character)
        })
    }
}

/// The character that the escape at the beginning of `text` stands for, and the length of the escape. `None` if there is
/// no well-formed one.
pub(crate) fn leading_escape(text: &str) -> Option<(char, usize)> {
    let character = match text.as_bytes() {
        [b'\\', b'b', ..] => '\u{8}',
        [b'\\', b'f', ..] => '\u{c}',
        [b'\\', b'n', ..] => '\n',
        [b'\\', b'r', ..] => '\r',
        [b'\\', b't', ..] => '\t',
        [b'\\', itself @ (b'"' | b'\\' | b'/'), ..] => char::from(*itself),
        _ => return code_point(text),
    };
    Some((character, 2))
}

/// One `\uXXXX`, or the two of a surrogate pair.
fn code_point(text: &str) -> Option<(char, usize)> {
    let unit = |at| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u").filter(|digits| !digits.starts_with('+'))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let first = unit(0)?;
    if let (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) = (first, unit(6)) {
        let pair = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return Some((char::from_u32(pair)?, 12));
    }
    Some((char::from_u32(first).unwrap_or(REPLACEMENT_CHARACTER), 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_an_escape_stands_for_nothing() {
        for text in ["", "\\", r"\x", r"\u", r"\u12", r"\u12g4", r"\u+123", "\\é", "n", r"\uü123"] {
            assert_eq!(leading_escape(text), None, "{text}");
        }
    }

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
