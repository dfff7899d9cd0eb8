//! What the sources may do and say: modules import in one direction, and comments and pages name what exists. Nothing is
//! built or run here.

mod arrows;
mod names;
mod prose;
