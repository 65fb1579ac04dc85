//! The tests of the extension of browsers, by Node alone; never done without.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::console;
use crate::steps::Desk;

/// Where the extension lies.
const EXTENSION: &str = "extension";
/// How the name of a file of tests ends.
const TESTS: &str = ".test.js";

/// Runs the extension's tests; at least one must run, and none may fail or skip itself.
pub fn prove(desk: &Desk) -> Result<()> {
    let below = format!("{EXTENSION}/");
    let files = desk.repo.paths().filter_map(|path| path.strip_prefix(&below));
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=tap"]).args(files.filter(|path| path.ends_with(TESTS)));
    let answer = node.current_dir(desk.repo.root().join(EXTENSION)).output();
    let answer = answer.context("cannot run Node: install version 20 or later")?;
    let text = String::from_utf8_lossy(&answer.stdout);
    let holds = judged(&text);
    if holds.is_err() || !answer.status.success() {
        console::say(text.trim_end());
        console::say(String::from_utf8_lossy(&answer.stderr).trim_end());
    }
    ensure!(answer.status.success(), "the extension's tests ended with {}", answer.status);
    console::say(format!("{} tests of the extension passed", holds?));
    Ok(())
}

/// How many tests passed; an error where one did not, or none ran.
fn judged(text: &str) -> Result<usize> {
    let count = |what: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("# {what} ")));
        line.and_then(|number| number.trim().parse::<usize>().ok())
    };
    for what in ["fail", "skipped", "todo", "cancelled"] {
        ensure!(count(what) == Some(0), "the extension's tests: some count as `{what}`");
    }
    let passed = count("pass").unwrap_or_default();
    ensure!(passed > 0, "the extension's tests: none ran");
    Ok(passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pass: usize, skipped: usize) -> String {
        format!("# pass {pass}\n# fail 0\n# cancelled 0\n# skipped {skipped}\n# todo 0\n")
    }

    #[test]
    fn passed_tests_are_counted_and_nothing_else_will_do() {
        assert_eq!(judged(&told(7, 0)).unwrap(), 7);
        assert!(judged(&told(0, 0)).is_err());
        assert!(judged(&told(7, 1)).is_err());
        assert!(judged("").is_err());
        assert!(judged(&told(7, 0).replace("# fail 0", "# fail 1")).is_err());
    }
}
