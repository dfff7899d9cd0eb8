#![doc = include_str!("../README.md")]

#[cfg(doctest)]
mod refused_tests;
