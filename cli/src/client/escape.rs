//! Text that comes from outside, made harmless for a terminal: it can neither move the cursor, start a line, nor change
//! the direction of what follows.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every control and bidirectional character replaced by its JSON escape.
pub fn escape(text: &str) -> Cow<'_, str> {
    escape_except(text, &[])
}

/// The same, but for the characters in `allowed`.
pub fn escape_except<'a>(text: &'a str, allowed: &[char]) -> Cow<'a, str> {
    let is_escaped = |c: char| is_harmful(c) && !allowed.contains(&c);
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_escaped(c) => escaped.push(c),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            // All of them are in the first plane, so that four digits do.
            c => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(c));
            }
        }
    }
    Cow::Owned(escaped)
}

/// Controls, Unicode's line and paragraph separators, and the characters with its property Bidi_Control.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmful_characters_are_escaped_and_others_kept() {
        for (text, expected) in [
            ("mfa_code", "mfa_code"),
            ("é 日本 👩‍💻 a\\b", "é 日本 👩‍💻 a\\b"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[2J\u{7f}\u{9b}", "\\u001b[2J\\u007f\\u009b"),
            ("a\u{202e}b\u{2069}c\u{200f}d\u{61c}", "a\\u202eb\\u2069c\\u200fd\\u061c"),
            ("a\u{2028}b\u{2029}", "a\\u2028b\\u2029"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }

    #[test]
    fn json_stays_the_same_json() {
        let json = "{\"a\":\"x\u{202e}y\",\n \"b\":1}";
        let escaped = escape_except(json, &['\n']);
        assert!(!escaped.contains('\u{202e}'));
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&escaped), value(json));
    }
}
