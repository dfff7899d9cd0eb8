//! Which containers of a JSON text are open: a bit for each.

use super::OutOfMemory;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Object,
    Array,
}

/// A bit is set for an object.
#[derive(Default)]
pub(super) struct Nesting {
    depth: usize,
    /// The innermost ones, up to 64, the last one in the lowest bit.
    inner: u64,
    /// Those around them, 64 in each.
    outer: Vec<u64>,
}

impl Nesting {
    #[inline]
    pub fn open(&mut self, container: Container) -> Result<(), OutOfMemory> {
        if self.depth > 0 && self.depth % 64 == 0 {
            self.outer.try_reserve(1)?;
            self.outer.push(self.inner);
        }
        self.inner = self.inner << 1 | u64::from(container == Container::Object);
        self.depth += 1;
        Ok(())
    }

    #[inline]
    pub fn close(&mut self) {
        self.depth -= 1;
        self.inner >>= 1;
        if self.depth > 0 && self.depth % 64 == 0 {
            self.inner = self.outer.pop().unwrap_or_default();
        }
    }

    pub fn depth(&self) -> usize {
        self.depth
    }

    #[inline]
    pub fn innermost(&self) -> Option<Container> {
        match (self.depth, self.inner & 1) {
            (0, _) => None,
            (_, 0) => Some(Container::Array),
            _ => Some(Container::Object),
        }
    }
}
