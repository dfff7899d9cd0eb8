//! Installing: the tree that `make install` makes, that of cargo-c, the source tarball, what the README says about it, and
//! a consumer for each way to build a program against it.

mod build;
mod cargo_c;
pub mod consumers;
mod oldest_glibc;
mod plugin;
mod readme;
mod reproducible;
pub mod tarball;
mod tree;
