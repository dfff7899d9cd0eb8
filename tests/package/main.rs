//! What is shipped, and programs built against it: the ABI, the shared library, installing, the documentation, and other
//! languages. `ANCHOR_TEST_PROFILE=dev` is quicker, and nearly the same.

#[path = "../c_build/mod.rs"]
mod c_build;
mod installed;

mod abi;
mod arrows;
mod artifacts;
mod documentation;
mod ffi;
mod install;
