//! What the commands that talk to a service share: the library's client, Ctrl-C, and the line that shows that a wait lives.

mod connect;
pub mod interrupt;
pub mod spinner;

pub use connect::{client, config};
