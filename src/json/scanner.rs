//! A strict scanner of JSON texts (RFC 8259). It reports the tokens of a text one after the other and builds nothing. It
//! allocates one bit for each level of nesting, and can be stopped while it works.

use super::OutOfMemory;
use super::cursor::Cursor;
use super::nesting::{Container, Nesting};
use super::string::JsonString;

/// Why there are no more tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    OutOfMemory,
    /// The caller did not want to go on.
    Stopped,
    /// The text is not JSON at [`Scanner::position`].
    Malformed,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Token<'a> {
    Open(Container),
    Close,
    /// The name of a member, whose value comes next.
    Name(JsonString<'a>),
    String(JsonString<'a>),
    Number(&'a str),
    /// `true`, `false` or `null`.
    Word,
}

pub(crate) struct Scanner<'a, 'k> {
    cursor: Cursor<'a, 'k>,
    /// Where the last token begins.
    began: usize,
    /// Whether there is an escape in it.
    is_escaped: bool,
    expected: Expected,
    nesting: Nesting,
    is_out_of_memory: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    ValueOrClose,
    Name,
    NameOrClose,
    /// A colon, and the value of a member.
    Colon,
    /// A comma, the end of the container, or that of the text.
    AfterValue,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Name,
    String,
    Number,
    Word,
    End,
}

impl<'a, 'k> Scanner<'a, 'k> {
    /// `keep_on` is asked after every 64 KiB of the text.
    pub fn new(text: &'a str, keep_on: &'k mut dyn FnMut() -> bool) -> Self {
        Scanner {
            cursor: Cursor::new(text, keep_on),
            began: 0,
            is_escaped: false,
            expected: Expected::Value,
            nesting: Nesting::default(),
            is_out_of_memory: false,
        }
    }

    /// How much of the text has been read.
    pub fn position(&self) -> usize {
        self.cursor.at
    }

    /// The position at which the last token begins.
    pub fn token_position(&self) -> usize {
        self.began
    }

    /// The next token. `None` at the end of a text that is JSON as a whole.
    pub fn next(&mut self) -> Result<Option<Token<'a>>, Fault> {
        let Some(kind) = self.advance() else { return Err(self.fault()) };
        let text = self.cursor.text;
        let string = || JsonString::new(&text[self.began + 1..self.cursor.at - 1], self.is_escaped);
        Ok(Some(match kind {
            Kind::End => return Ok(None),
            Kind::Open => Token::Open(self.nesting.innermost().unwrap_or(Container::Array)),
            Kind::Close => Token::Close,
            Kind::Name => Token::Name(string()),
            Kind::String => Token::String(string()),
            Kind::Number => Token::Number(&text[self.began..self.cursor.at]),
            Kind::Word => Token::Word,
        }))
    }

    /// Asks whether to go on, for a caller who has much to do between tokens.
    pub fn ask(&mut self) -> Result<(), Fault> {
        self.cursor.is_stopped |= !(self.cursor.keep_on)();
        if self.cursor.is_stopped { Err(Fault::Stopped) } else { Ok(()) }
    }

    /// Goes to the end of the container whose opening was the last token.
    pub fn skip(&mut self) -> Result<(), Fault> {
        let outside = self.nesting.depth() - 1;
        while self.nesting.depth() > outside {
            if self.advance().is_none() {
                return Err(self.fault());
            }
        }
        Ok(())
    }

    #[cold]
    fn fault(&self) -> Fault {
        match (self.is_out_of_memory, self.cursor.is_stopped) {
            (true, _) => Fault::OutOfMemory,
            (_, true) => Fault::Stopped,
            _ => Fault::Malformed,
        }
    }

    /// To the end of the next token. `None` stands for a fault, here and below.
    #[inline(always)] // in the two loops over tokens that are worth it
    fn advance(&mut self) -> Option<Kind> {
        let mut byte = self.cursor.after_space();
        if self.expected == Expected::AfterValue {
            match (byte, self.nesting.innermost()) {
                (b',', Some(container)) => {
                    self.cursor.at += 1;
                    byte = self.cursor.after_space();
                    self.expected = if container == Container::Object { Expected::Name } else { Expected::Value };
                }
                (b'}', Some(Container::Object)) | (b']', Some(Container::Array)) => return Some(self.close()),
                (_, None) if self.cursor.is_at_end() => return Some(Kind::End),
                _ => return None,
            }
        } else if self.expected == Expected::Colon {
            if byte != b':' {
                return None;
            }
            self.cursor.at += 1;
            byte = self.cursor.after_space();
            self.expected = Expected::Value;
        }
        self.began = self.cursor.at;
        match (self.expected, byte) {
            (Expected::Value | Expected::ValueOrClose, b'"') => self.string(Kind::String, Expected::AfterValue),
            (Expected::Name | Expected::NameOrClose, b'"') => self.string(Kind::Name, Expected::Colon),
            (Expected::ValueOrClose, b']') | (Expected::NameOrClose, b'}') => Some(self.close()),
            (Expected::Value | Expected::ValueOrClose, _) => self.other_value(byte),
            _ => None,
        }
    }

    fn other_value(&mut self, first: u8) -> Option<Kind> {
        let kind = match first {
            b'{' => return self.open(Container::Object, Expected::NameOrClose),
            b'[' => return self.open(Container::Array, Expected::ValueOrClose),
            b't' => self.cursor.word("true").map(|()| Kind::Word),
            b'f' => self.cursor.word("false").map(|()| Kind::Word),
            b'n' => self.cursor.word("null").map(|()| Kind::Word),
            _ => self.cursor.number().map(|()| Kind::Number),
        };
        self.expected = Expected::AfterValue;
        kind
    }

    #[inline]
    fn open(&mut self, container: Container, expected: Expected) -> Option<Kind> {
        if let Err(OutOfMemory) = self.nesting.open(container) {
            self.is_out_of_memory = true;
            return None;
        }
        self.cursor.at += 1;
        self.expected = expected;
        Some(Kind::Open)
    }

    #[inline]
    fn close(&mut self) -> Kind {
        self.nesting.close();
        self.cursor.at += 1;
        self.expected = Expected::AfterValue;
        Kind::Close
    }

    fn string(&mut self, kind: Kind, expected: Expected) -> Option<Kind> {
        self.is_escaped = self.cursor.string()?;
        self.expected = expected;
        Some(kind)
    }
}
