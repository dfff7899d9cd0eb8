//! The buffers of a connection. Buffers larger than 1 KiB exist only while they hold bytes, so that a blocked wait takes little
//! memory.

use super::blocking::with_current;
use super::request_head;
use crate::sys::wipe;
use std::io;
use ureq::unversioned::transport::Buffers;

/// Output that is collected until it is sent, and input that ureq has not read yet. A small buffer is kept when it is empty,
/// because it costs less than an allocation for each request.
#[derive(Default)]
pub(super) struct HeldBuffers {
    /// The first `held` bytes are output; the rest is free.
    output: Vec<u8>,
    held: usize,
    /// Input, from `consumed` on.
    input: Vec<u8>,
    consumed: usize,
    progress: bool,
}

impl HeldBuffers {
    /// Output is sent as soon as this much is collected: the head, and the beginning of a body.
    pub(super) const OUTPUT_LIMIT: usize = 32 * 1024;
    /// The largest buffer that is kept when it is empty.
    const SMALL: usize = 1024;
    /// The least free space that ureq gets, so that a header line fits.
    const OUTPUT_ROOM: usize = 128;

    /// Collects `amount` more bytes of output. Returns whether to send now.
    pub fn hold(&mut self, amount: usize) -> bool {
        self.held += amount;
        amount == 0 || self.held >= Self::OUTPUT_LIMIT
    }

    pub fn held(&self) -> &[u8] {
        &self.output[..self.held]
    }

    /// Completes the head of the request with what ureq does not write of it.
    pub fn complete_head(&mut self, target: [&str; 2], lines: [&str; 3]) -> io::Result<()> {
        let held = request_head::complete(&mut self.output, self.held, target, lines);
        self.held = held.ok_or_else(|| io::Error::other("the request has another head than was expected"))?;
        Ok(())
    }

    pub fn are_empty(&self) -> bool {
        self.held == 0 && self.input.is_empty()
    }

    /// The buffer to append input to.
    pub fn input_end(&mut self) -> &mut Vec<u8> {
        self.input.drain(..self.consumed);
        self.consumed = 0;
        // At once as large as most answers: a buffer that grows leaves a copy behind.
        self.input.reserve(Self::SMALL);
        &mut self.input
    }

    /// Drops the output, and wipes it, since the key is in it.
    pub fn release_output(&mut self) {
        wipe(&mut self.output[..self.held]);
        self.held = 0;
        if self.output.len() > Self::SMALL {
            self.output = Vec::new();
        }
    }

    fn make_output_room(&mut self) {
        let asked = with_current(|call| Ok(call.output_size)).unwrap_or_default();
        let needed = if self.held == 0 { asked } else { Self::OUTPUT_ROOM };
        if self.output.len() - self.held >= needed.max(Self::OUTPUT_ROOM) {
            return;
        }
        let mut larger = vec![0; asked.max(2 * self.held) + 2 * Self::OUTPUT_ROOM];
        larger[..self.held].copy_from_slice(self.held());
        wipe(&mut self.output[..self.held]);
        self.output = larger;
    }
}

impl Buffers for HeldBuffers {
    fn output(&mut self) -> &mut [u8] {
        self.make_output_room();
        &mut self.output[self.held..]
    }

    fn input(&self) -> &[u8] {
        &self.input[self.consumed..]
    }

    /// Not used: the connection appends by `input_end`.
    fn input_append_buf(&mut self) -> &mut [u8] {
        &mut []
    }

    fn input_appended(&mut self, _: usize) {}

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.consumed += amount;
        if self.consumed == self.input.len() {
            // A service may quote the key.
            wipe(&mut self.input);
            self.input.clear();
            self.consumed = 0;
            if self.input.capacity() > Self::SMALL {
                self.input = Vec::new();
            }
        }
    }

    /// The first slice would be for a chunked body, which libanchor never sends.
    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut [], self.output())
    }

    fn can_use_input(&self) -> bool {
        self.progress && !self.input().is_empty()
    }
}

impl Drop for HeldBuffers {
    /// Output is left if sending failed or never began, input if the answer was not read to its end.
    fn drop(&mut self) {
        wipe(&mut self.output);
        wipe(&mut self.input);
    }
}
