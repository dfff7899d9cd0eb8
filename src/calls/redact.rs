//! Hides the credentials and a signal's data in what the service said, which may quote what it was sent. The reason stays
//! readable: a quote is masked where it stands. What a service has transformed by more than escapes and white space is
//! not found.

mod form;
mod index;

use crate::credentials::{Credentials, Lines};
use crate::json::{Scanner, Token};
use crate::secret::Wiped;
use crate::session::SentCredentials;
use form::{Form, Space, is_space};
use index::Index;
use std::ops::Range;

/// What is hidden.
pub(crate) struct Redactor<'a> {
    /// Also those that were replaced: a service may quote an earlier request.
    pub credentials: &'a SentCredentials,
    /// The headers of this call alone.
    pub lines: Option<&'a Lines>,
    /// One JSON object.
    pub data: Option<&'a str>,
}

/// No more of a message is looked at.
const LOOKED_AT: usize = 64 * 1024;
/// No more of a message is shown, in characters.
const LONGEST: usize = 500;
/// A shorter key may be part of any word, in bytes.
const SHORTEST_KEY: usize = 8;
/// A shorter value may be any word, in characters.
const SHORTEST_VALUE: usize = 4;
/// So much of a text is recognized where the service has cut off the rest, in characters.
const SHORTEST_BEGINNING: usize = 16;

/// In bytes of UTF-8.
const LARGEST_CHARACTER: usize = 4;

impl Redactor<'_> {
    /// The words of the service, fit for a message or a log: `[key]` and `[data]` instead of quotes, on one line, not too
    /// many. `None` if they are to be left out, because `keep_on` said no or memory ran out.
    pub fn service_words(&self, said: &str, keep_on: &mut dyn FnMut() -> bool) -> Option<String> {
        let mut length = said.len().min(LOOKED_AT);
        while !said.is_char_boundary(length) {
            length -= 1;
        }
        let looked_at = &said[..length];
        let mut masks = Masks::new(looked_at.len())?;
        self.hide(looked_at, false, &mut masks, keep_on)?;
        if looked_at.contains('\\') {
            self.hide(looked_at, true, &mut masks, keep_on)?;
        }
        masks.apply(looked_at, looked_at.len() < said.len())
    }

    /// What is found with the message as it is, or without its escapes.
    fn hide(&self, said: &str, is_unescaped: bool, masks: &mut Masks, keep_on: &mut dyn FnMut() -> bool) -> Option<()> {
        let form = Form::new(said, is_unescaped, Space::One)?;
        let credentials = self.credentials.get();
        let lines = self.lines.into_iter().flat_map(Lines::values);
        let secrets = credentials.all().flat_map(Credentials::values).chain(lines);
        for secret in secrets.filter(|secret| secret.len() >= SHORTEST_KEY) {
            hide_anywhere(&form, secret, Space::One, Mask::Key, masks, keep_on)?;
        }
        if let Some(data) = self.data.filter(|data| data.len() > "{}".len()) {
            hide_values(&form, data, masks, keep_on)?;
            let without_space = Form::new(said, is_unescaped, Space::None)?;
            hide_anywhere(&without_space, data, Space::None, Mask::Data, masks, keep_on)?;
        }
        Some(())
    }
}

/// Hides a text as a whole, and its beginning where the rest was cut off, also within words.
fn hide_anywhere(
    form: &Form,
    secret: &str,
    space: Space,
    mask: Mask,
    masks: &mut Masks,
    keep_on: &mut dyn FnMut() -> bool,
) -> Option<()> {
    let mut needle = Needle::new(form)?;
    needle.set(secret.chars(), space);
    let shortest = if mask == Mask::Key { SHORTEST_KEY } else { SHORTEST_BEGINNING };
    let head = head(&needle.text, shortest);
    let mut from = 0;
    while let Some(at) = form.text[from..].find(head).filter(|_| !head.is_empty()).map(|at| from + at) {
        if !keep_on() {
            return None;
        }
        if let Some(end) = end_of_quote(form, at, &needle.text, head.len()) {
            masks.add(form.origin(at..end), mask);
        }
        from = at + form.text[at..].chars().next().map_or(1, char::len_utf8);
    }
    Some(())
}

/// Hides every string, number and name of the data that is not too short, as whole words.
fn hide_values(form: &Form, data: &str, masks: &mut Masks, keep_on: &mut dyn FnMut() -> bool) -> Option<()> {
    let mut values = Values { form, index: Index::new(&form.text, keep_on)?, masks, compared: 0 };
    let mut needle = Needle::new(form)?;
    let mut scanner = Scanner::new(data, keep_on);
    while let Some(token) = scanner.next().ok()? {
        let (written, string) = match token {
            Token::Name(string) | Token::String(string) => (string.as_written(), Some(string)),
            Token::Number(number) => (number, None),
            Token::Open(_) | Token::Close | Token::Word => continue,
        };
        if values.is_absent(written) {
            continue;
        }
        let Some(string) = string.filter(|string| string.is_escaped()) else {
            needle.set(written.chars(), Space::One);
            values.hide(&needle, &mut scanner)?;
            continue;
        };
        needle.set(string.chars(), Space::One);
        if values.hide(&needle, &mut scanner)? {
            needle.set(written.chars(), Space::One);
            values.hide(&needle, &mut scanner)?;
        }
    }
    Some(())
}

/// The values of the data that are looked for, one after the other.
struct Values<'f> {
    form: &'f Form,
    index: Index,
    masks: &'f mut Masks,
    /// Bytes, since it was last asked whether to go on.
    compared: usize,
}

impl Values<'_> {
    /// Whether the beginning of the value says that it is nowhere.
    fn is_absent(&self, written: &str) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
        match written.as_bytes() {
            [first, second, _, _, ..] if is_plain(*first) && is_plain(*second) => !self.index.has_pair(*first, *second),
            written => written.len() < SHORTEST_VALUE,
        }
    }

    /// Whether the value is long enough. `None`, if it was told not to go on.
    fn hide(&mut self, value: &Needle, scanner: &mut Scanner<'_, '_>) -> Option<bool> {
        const PATIENCE: usize = 100_000;
        if value.length < SHORTEST_VALUE {
            return Some(false);
        }
        let (form, text) = (self.form, &value.text);
        self.compared += 2 * text.len();
        let Some(places) = self.index.new_occurrences(&form.text, text) else { return Some(true) };
        for at in places.iter().map(|at| *at as usize) {
            if form.is_boundary(at) && form.is_boundary(at + text.len()) {
                self.masks.add(form.origin(at..at + text.len()), Mask::Data);
            }
            self.compared += 1;
        }
        let head = head(text, SHORTEST_BEGINNING);
        if head.len() < text.len() {
            for at in self.index.occurrences(&form.text, head).iter().map(|at| *at as usize) {
                let is_cut_off = form.next_cut(at + head.len()).is_some_and(|cut| cut < at + text.len());
                if is_cut_off && form.is_boundary(at) {
                    let end = end_of_quote(form, at, text, head.len()).filter(|end| form.is_boundary(*end));
                    end.into_iter().for_each(|end| self.masks.add(form.origin(at..end), Mask::Data));
                    self.compared += text.len();
                }
                self.compared += 1;
                if self.compared > PATIENCE {
                    scanner.ask().ok()?;
                    self.compared = 0;
                }
            }
        }
        if self.compared > PATIENCE {
            scanner.ask().ok()?;
            self.compared = 0;
        }
        Some(true)
    }
}

/// The beginning of the text, of so many characters.
fn head(text: &str, length: usize) -> &str {
    text.char_indices().nth(length).map_or(text, |(end, _)| &text[..end])
}

/// The end of what quotes the text: all of it, or as much as the service has left, but at least so many bytes.
fn end_of_quote(form: &Form, at: usize, text: &str, shortest: usize) -> Option<usize> {
    let equal = form.text[at..].bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
    if equal == text.len() { Some(at + equal) } else { form.last_cut(at + shortest, at + equal) }
}

/// What is looked for in a form, spelled as that is; not more of it than can be there.
struct Needle {
    text: Wiped<String>,
    /// In characters, with all the white space that is in it.
    length: usize,
    limit: usize,
}

impl Needle {
    fn new(form: &Form) -> Option<Needle> {
        let limit = form.text.len() + 1;
        let mut text = Wiped::new(String::new());
        text.try_reserve_exact(limit + 2 * LARGEST_CHARACTER).ok()?;
        Some(Needle { text, length: 0, limit })
    }

    /// White space around it does not count.
    fn set(&mut self, secret: impl Iterator<Item = char>, space: Space) {
        self.text.clear();
        self.length = 0;
        let mut spaces = 0;
        for character in secret.skip_while(|character| is_space(*character)) {
            if is_space(character) {
                spaces += 1;
                continue;
            }
            if spaces > 0 && space == Space::One {
                self.text.push(' ');
            }
            self.text.push(character);
            self.length += spaces + 1;
            spaces = 0;
            if self.text.len() >= self.limit {
                break;
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mask {
    Data,
    Key,
}

/// The parts of a message that are hidden.
struct Masks {
    /// For each byte, the end of the longest part that begins with it.
    ends: Vec<(u32, Mask)>,
}

impl Masks {
    fn new(length: usize) -> Option<Masks> {
        let mut ends = Vec::new();
        ends.try_reserve_exact(length).ok()?;
        ends.resize(length, (0, Mask::Data));
        Some(Masks { ends })
    }

    fn add(&mut self, part: Range<usize>, mask: Mask) {
        let longest = &mut self.ends[part.start];
        if part.end > longest.0 as usize {
            *longest = (part.end as u32, mask);
        }
    }

    /// The message with the masks in it. `None` if all that was looked at would be shown, but not all was looked at: what
    /// ends there may be the beginning of a quote.
    fn apply(&self, said: &str, is_cut_off: bool) -> Option<String> {
        let mut shown = String::new();
        // A mask is half as long again as the shortest value at most.
        shown.try_reserve_exact((2 * said.len()).min(LONGEST * LARGEST_CHARACTER) + "...".len()).ok()?;
        let (mut at, mut count) = (0, 0);
        while let Some(character) = said[at..].chars().next() {
            let mut room = [0; LARGEST_CHARACTER];
            let (piece, length) = match self.hidden(at) {
                Some((length, Mask::Key)) => ("[key]", length),
                Some((length, Mask::Data)) => ("[data]", length),
                None => (&*printable(character).encode_utf8(&mut room), character.len_utf8()),
            };
            count += piece.chars().count();
            if count > LONGEST {
                shown.push_str("...");
                return Some(shown);
            }
            shown.push_str(piece);
            at += length;
        }
        if is_cut_off { None } else { Some(shown) }
    }

    /// The length of what is hidden from here on, with all that overlaps it.
    fn hidden(&self, begin: usize) -> Option<(usize, Mask)> {
        let (end, mask) = self.ends[begin];
        let (mut at, mut end) = (begin, end as usize);
        while at < end {
            end = end.max(self.ends[at].0 as usize);
            at += 1;
        }
        if at > begin { Some((end - begin, mask)) } else { None }
    }
}

/// Messages go to terminals and logs: nothing moves the cursor, ends the line or turns the direction of writing.
fn printable(character: char) -> char {
    match character {
        '\u{2028}' | '\u{2029}' => ' ',
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ if character.is_control() => ' ',
        _ => character,
    }
}

#[cfg(test)]
mod tests;
