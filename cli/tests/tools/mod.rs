//! Programs that some tests need and a machine may lack, from `testkit`.
#![allow(unused_imports, reason = "every test file uses its own part")]

pub use testkit::tools::{has, missing};
