//! What is shipped, and programs built against it: the ABI, the shared library, installing, the documentation, and other
//! languages. `ANCHOR_TEST_PROFILE=dev` is quicker, and tests nearly the same.

mod installed;

mod abi;
mod artifacts;
mod cdef;
mod conformance;
mod contents;
mod documentation;
mod features;
mod ffi;
mod install;
mod manual;
mod oldest_rust;
mod packages;
mod pages;
mod platforms;
mod release;
mod stack;
