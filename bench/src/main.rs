//! Benchmarks of the whole server over HTTP, and of search quality.

fn main() {}
