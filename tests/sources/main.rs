//! What the repository says of itself: its comments and pages name what exists. Nothing is built or run here.

mod names;
mod prose;
