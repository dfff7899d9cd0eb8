//! The buffers of a connection. Those of more than a kilobyte exist only while bytes are in them, so that a blocked wait holds
//! next to none.

use super::context::with_current;
use crate::sys::wipe;
use ureq::unversioned::transport::Buffers;

/// Buffers that collect output until it is sent. Emptied, they are freed, so that a blocked wait holds none; but small ones
/// are kept, which cost less to hold than to allocate for each request.
#[derive(Default)]
pub(super) struct HeldBuffers {
    /// The first `held` bytes are output; the rest is room for more.
    output: Vec<u8>,
    held: usize,
    /// From `consumed` on it is input.
    input: Vec<u8>,
    consumed: usize,
    progress: bool,
}

impl HeldBuffers {
    /// How much output is collected before it is sent without waiting for more: any head, and the beginning of a body.
    pub(super) const OUTPUT_LIMIT: usize = 32 * 1024;
    /// The largest buffer that is kept.
    const SMALL: usize = 1024;
    /// Room that is always offered, so that a header line fits.
    const OUTPUT_ROOM: usize = 128;

    /// Keeps `amount` more bytes of the output. Whether it is time to send.
    pub fn hold(&mut self, amount: usize) -> bool {
        self.held += amount;
        amount == 0 || self.held >= Self::OUTPUT_LIMIT
    }

    pub fn held(&self) -> &[u8] {
        &self.output[..self.held]
    }

    pub fn held_mut(&mut self) -> &mut [u8] {
        &mut self.output[..self.held]
    }

    pub fn are_empty(&self) -> bool {
        self.held == 0 && self.input.is_empty()
    }

    /// Where input is appended.
    pub fn input_end(&mut self) -> &mut Vec<u8> {
        self.input.drain(..self.consumed);
        self.consumed = 0;
        &mut self.input
    }

    /// The key is in the output.
    pub fn release_output(&mut self) {
        wipe(&mut self.output[..self.held]);
        self.held = 0;
        if self.output.len() > Self::SMALL {
            self.output = Vec::new();
        }
    }

    fn make_output_room(&mut self) {
        let asked = with_current(|call| call.output_size).unwrap_or_default();
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

    /// Only transports append, and ours does it by `input_end`.
    fn input_append_buf(&mut self) -> &mut [u8] {
        &mut []
    }

    fn input_appended(&mut self, _: usize) {}

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.consumed += amount;
        if self.consumed == self.input.len() {
            self.input.clear();
            self.consumed = 0;
            if self.input.capacity() > Self::SMALL {
                self.input = Vec::new();
            }
        }
    }

    /// The first slice is room for a chunked body, which libanchor never sends.
    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut [], self.output())
    }

    fn can_use_input(&self) -> bool {
        self.progress && !self.input().is_empty()
    }
}

impl Drop for HeldBuffers {
    /// Output is left where sending failed, or never began.
    fn drop(&mut self) {
        wipe(&mut self.output);
    }
}
