//! The `mindshelf` command.

#![allow(unused)]
fn main() {}
