//! Builds C and C++ programs against the library as its users do, and says how each is run.

pub mod compiler;
pub mod program;
pub mod sanitizer;
