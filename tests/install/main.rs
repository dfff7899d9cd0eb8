//! Installing: the tree that `make install` makes, that of cargo-c, the source tarball, what the README says about it, and
//! a consumer for each way to build a program against it. `ANCHOR_TEST_PROFILE=dev` is quicker, and nearly the same.

#[path = "../c_build/mod.rs"]
mod c_build;
#[path = "../installed/mod.rs"]
mod installed;

mod cargo_c;
mod consumers;
mod readme;
mod tarball;
mod tree;
