//! One module for each command. `serve` is large and has a folder of its own beside this one.

pub mod completions;
pub mod drain;
pub mod help;
pub mod man;
pub mod probe;
pub mod signal;
pub mod wait;
