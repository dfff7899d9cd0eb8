//! One module for each command, but for `serve`, which is large enough to be beside them.

pub mod drain;
pub mod manual;
pub mod probe;
pub mod signal;
pub mod wait;
