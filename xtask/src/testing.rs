//! Runs tests that need more than cargo, so that a skip or an empty run is a failure.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::console;

/// What a test prints that could not do its work.
const SKIPPED: &str = "SKIPPED";

/// Runs the tests of `command` (a `cargo test` that shows their output) and prints what they said;
/// fails when one failed or skipped itself, or when none ran. `what` they are is for the message.
pub fn every_one(command: &mut Command, what: &str) -> Result<()> {
    let answer = command.output().with_context(|| format!("cannot run {what}"))?;
    let text = String::from_utf8_lossy(&answer.stdout);
    console::say(text.trim_end());
    if !answer.status.success() {
        console::say(String::from_utf8_lossy(&answer.stderr).trim_end());
    }
    ensure!(answer.status.success(), "{what} ended with {}", answer.status);
    ensure!(!text.contains(SKIPPED), "{what}: one was skipped");
    ensure!(ran(&text) > 0, "{what}: none ran");
    Ok(())
}

/// How many tests passed according to what the test binary printed.
fn ran(text: &str) -> usize {
    let results = text.lines().filter_map(|line| line.strip_prefix("test result: ok. "));
    results.filter_map(|rest| rest.split(' ').next()?.parse::<usize>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_counted_over_all_binaries() {
        let text = "test result: ok. 3 passed; 0 failed\nx\ntest result: ok. 4 passed; 0 failed\n";
        assert_eq!(ran(text), 7);
        assert_eq!(ran("running 0 tests"), 0);
    }

    fn printing(text: &str) -> Command {
        let mut command = Command::new("printf");
        command.arg(text);
        command
    }

    #[test]
    fn a_skipped_test_an_empty_run_and_a_failed_one_are_failures() {
        let whole = "test result: ok. 1 passed; 0 failed\n";
        every_one(&mut printing(whole), "tests").unwrap();
        let skipped = format!("SKIPPED: no engine\n{whole}");
        assert!(every_one(&mut printing(&skipped), "tests").is_err());
        assert!(every_one(&mut printing("running 0 tests\n"), "tests").is_err());
        assert!(every_one(&mut Command::new("false"), "tests").is_err());
    }
}
