//! The one place that prints and reads the wall clock.
#![expect(clippy::print_stdout, reason = "a chore talks to the person who started it")]
#![expect(clippy::disallowed_methods, reason = "a chore says how long it took")]

use std::time::Instant;

use anyhow::Result;

/// Prints one line.
pub fn say(line: impl AsRef<str>) {
    println!("{}", line.as_ref());
}

/// Runs one step and prints its name, its outcome and its duration.
pub fn timed<T>(name: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("── {name}");
    let begun = Instant::now();
    let outcome = step();
    let word = if outcome.is_ok() { "ok" } else { "FAILED" };
    println!("── {name}: {word} in {:.1} s", begun.elapsed().as_secs_f64());
    outcome
}
