//! The laws of this repository as functions, so that the command line and the tests run the same ones.

pub mod verdict;
pub mod repo;
pub mod cargo;
pub mod arrows;
pub mod tidy;
pub mod manifests;
pub mod unused;
pub mod docs;
pub mod engines;
pub mod licences;
pub mod duplicates;
pub mod features;
pub mod third_party;
pub mod generated;
pub mod privacy;
pub mod parsers;
pub mod asvs;
pub mod laws;
pub mod steps;
pub mod testing;
pub mod browser;
pub mod extension;
pub mod bless;
pub mod judges;
pub mod long;
pub mod console;
