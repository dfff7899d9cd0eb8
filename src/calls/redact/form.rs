//! A message in a form in which quotes are found however they are spelled: escapes and white space made equal. It knows
//! where each byte of the form comes from.

use crate::json::leading_escape;
use crate::secret::Wiped;
use std::iter;
use std::ops::Range;

/// What becomes of white space.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// Each run of it becomes one space.
    One,
    None,
}

pub(super) struct Form {
    pub text: Wiped<String>,
    /// For each byte of the text.
    origins: Vec<Origin>,
    /// For each byte, and for the end, the next place where the service may have cut off a quote.
    next_cuts: Vec<u32>,
}

/// Of which part of the message a byte was made.
#[derive(Clone, Copy)]
struct Origin {
    begin: u32,
    end: u32,
    /// Whether the characters on both sides of its beginning are letters or digits.
    is_in_a_word: bool,
}

pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

impl Form {
    /// `None` if memory ran out.
    pub fn new(said: &str, is_unescaped: bool, space: Space) -> Option<Form> {
        let mut form = Form { text: Wiped::new(String::new()), origins: Vec::new(), next_cuts: Vec::new() };
        form.text.try_reserve_exact(said.len()).ok()?;
        form.origins.try_reserve_exact(said.len()).ok()?;
        let (mut at, mut before) = (0, ' ');
        while let Some(first) = said[at..].chars().next() {
            let escape = if is_unescaped && first == '\\' { leading_escape(&said[at..]) } else { None };
            let (mut character, length) = escape.unwrap_or((first, first.len_utf8()));
            if is_space(character) {
                character = ' ';
            }
            if character != ' ' || (space == Space::One && !form.text.ends_with(' ')) {
                let is_in_a_word = before.is_alphanumeric() && character.is_alphanumeric();
                let origin = Origin { begin: at as u32, end: (at + length) as u32, is_in_a_word };
                form.text.push(character);
                form.origins.resize(form.text.len(), origin);
            }
            before = character;
            at += length;
        }
        form.find_cuts()?;
        Some(form)
    }

    /// A cut is before "...", or at the end; quotes and opening brackets may come between.
    fn find_cuts(&mut self) -> Option<()> {
        let end = self.text.len();
        self.next_cuts.try_reserve_exact(end + 1).ok()?;
        self.next_cuts.resize(end + 1, end as u32);
        for (at, character) in self.text.char_indices().rev() {
            let after = at + character.len_utf8();
            let stands_between = matches!(character, ' ' | '"' | '\'' | '`' | '[' | '(' | '<' | '\\');
            let next = self.next_cuts[after];
            let is_cut =
                character == '…' || self.text[at..].starts_with("...") || (stands_between && next == after as u32);
            self.next_cuts[at..after].fill(next);
            if is_cut {
                self.next_cuts[at] = at as u32;
            }
        }
        Some(())
    }

    /// Whether a word cannot go on over this place.
    pub fn is_boundary(&self, at: usize) -> bool {
        self.origins.get(at).is_none_or(|origin| !origin.is_in_a_word)
    }

    pub fn next_cut(&self, at: usize) -> Option<usize> {
        self.next_cuts.get(at).map(|cut| *cut as usize)
    }

    pub fn last_cut(&self, first: usize, last: usize) -> Option<usize> {
        let cuts = iter::successors(self.next_cut(first), |cut| self.next_cut(cut + 1));
        cuts.take_while(|cut| *cut <= last).last()
    }

    /// The part of the message that a part of the text was made of.
    pub fn origin(&self, part: Range<usize>) -> Range<usize> {
        self.origins[part.start].begin as usize..self.origins[part.end - 1].end as usize
    }
}
