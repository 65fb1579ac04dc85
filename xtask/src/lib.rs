//! The laws of this repository as functions, so that the command line and the tests run the same ones.

pub mod verdict;
pub mod repo;
pub mod cargo;
pub mod arrows;
pub mod tidy;
pub mod manifests;
pub mod laws;
pub mod steps;
pub mod console;
