//! A place in a JSON text, and how it moves over what has no structure: white space, strings, numbers, words. It asks
//! whether to go on after every 64 KiB, also within one of them.

pub(super) struct Cursor<'a, 'k> {
    pub text: &'a str,
    /// The text as far as it may be read without asking whether to go on.
    window: &'a [u8],
    pub at: usize,
    pub keep_on: &'k mut dyn FnMut() -> bool,
    pub is_stopped: bool,
}

const WINDOW: usize = 64 * 1024;

/// Stands for the byte that is not there, at the end of the text or where it was stopped. In a JSON text it is malformed
/// wherever it stands.
const NONE: u8 = 0;

impl<'a, 'k> Cursor<'a, 'k> {
    pub fn new(text: &'a str, keep_on: &'k mut dyn FnMut() -> bool) -> Self {
        let window = &text.as_bytes()[..text.len().min(WINDOW)];
        Cursor { text, window, at: 0, keep_on, is_stopped: false }
    }

    pub fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// The next byte that is not white space.
    #[inline]
    pub fn after_space(&mut self) -> u8 {
        loop {
            match self.byte() {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return byte,
            }
        }
    }

    /// Over `word`. `None`, here and below: it does not stand there.
    pub fn word(&mut self, word: &str) -> Option<()> {
        let is_there = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += if is_there { word.len() } else { 0 };
        is_there.then_some(())
    }

    pub fn number(&mut self) -> Option<()> {
        self.skip_if(|byte| byte == b'-');
        if !self.skip_if(|byte| byte == b'0') {
            self.digits()?;
        }
        if self.skip_if(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.skip_if(|byte| matches!(byte, b'e' | b'E')) {
            self.skip_if(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        Some(())
    }

    /// Over a string, from quote to quote. Whether there is an escape in it.
    pub fn string(&mut self) -> Option<bool> {
        let mut is_escaped = false;
        self.at += 1;
        loop {
            self.at += plain_length(self.window.get(self.at..).unwrap_or_default());
            match self.byte() {
                b'"' => break,
                b'\\' => {
                    is_escaped = true;
                    self.escape()?;
                }
                NONE..b' ' => return None,
                _ => {}
            }
        }
        self.at += 1;
        Some(is_escaped)
    }

    fn escape(&mut self) -> Option<()> {
        self.at += match &self.text.as_bytes()[self.at + 1..] {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            [b'u', digits @ ..] if digits.len() >= 4 && digits[..4].iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return None,
        };
        Some(())
    }

    /// One digit or more.
    #[inline]
    fn digits(&mut self) -> Option<()> {
        let begin = self.at;
        while self.skip_if(|byte| byte.is_ascii_digit()) {}
        (self.at > begin).then_some(())
    }

    #[inline]
    fn skip_if(&mut self, is_wanted: impl Fn(u8) -> bool) -> bool {
        let is_there = is_wanted(self.byte());
        self.at += usize::from(is_there);
        is_there
    }

    #[inline]
    fn byte(&mut self) -> u8 {
        match self.window.get(self.at) {
            Some(byte) => *byte,
            None => self.byte_beyond_the_window(),
        }
    }

    #[cold]
    fn byte_beyond_the_window(&mut self) -> u8 {
        if self.is_at_end() || self.is_stopped {
            return NONE;
        }
        if !(self.keep_on)() {
            self.is_stopped = true;
            return NONE;
        }
        self.window = &self.text.as_bytes()[..self.text.len().min(self.at + WINDOW)];
        self.window[self.at]
    }
}

/// How many bytes of a string come before the first one that is a quote, a backslash or a control character.
#[inline]
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    let mut length = 0;
    for word in bytes.chunks_exact(8) {
        let word = u64::from_le_bytes(word.try_into().unwrap_or_default());
        // Sets the high bit of each byte that is less than `bound`; exact up to the first one.
        let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGHS;
        let found = below(word, 0x20) | below(word ^ (ONES * 0x22), 1) | below(word ^ (ONES * 0x5c), 1);
        if found != 0 {
            return length + found.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let rest = bytes[length..].iter().position(|byte| matches!(byte, 0..0x20 | b'"' | b'\\'));
    rest.map_or(bytes.len(), |at| length + at)
}
