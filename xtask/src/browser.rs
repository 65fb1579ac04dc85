//! The stories that a real browser walks; it is found or installed, never done without.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::console;
use crate::steps::{Desk, cargo, succeed};

/// Names under which a Chromium is usually installed.
const USUAL_NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// The test binary that holds the stories, and where it is.
const STORIES: (&str, &str) = ("browser", "crates/mindshelf/tests/browser");

/// Runs the browser's stories; at least one must run, and none may skip itself.
pub fn stories(desk: &Desk) -> Result<()> {
    let (binary, place) = STORIES;
    if !desk.repo.has(place) && !desk.repo.has(&format!("{place}.rs")) {
        console::say("no story is written for a browser yet");
        return Ok(());
    }
    let chromium = chromium(desk)?;
    console::say(format!("browser: {}", chromium.display()));
    let mut command = cargo(desk, &["test", "--package", "mindshelf", "--test", binary]);
    command.env("CI", "true").env("MINDSHELF_CHROMIUM", chromium);
    let answer = command.output().context("cannot run the stories")?;
    let text = String::from_utf8_lossy(&answer.stdout);
    console::say(format!("{text}{}", String::from_utf8_lossy(&answer.stderr)).trim_end());
    ensure!(answer.status.success(), "the browser's stories ended with {}", answer.status);
    ensure!(ran(&text) > 0, "no story ran");
    Ok(())
}

/// How many tests passed according to what the test binary printed.
fn ran(text: &str) -> usize {
    let results = text.lines().filter_map(|line| line.strip_prefix("test result: ok. "));
    results.filter_map(|rest| rest.split(' ').next()?.parse::<usize>().ok()).sum()
}

/// The browser named by the environment, else an installed one, else one installed now.
fn chromium(desk: &Desk) -> Result<PathBuf> {
    if let Some(named) = &desk.chromium {
        return Ok(PathBuf::from(named));
    }
    if let Some(found) = installed() {
        return Ok(found);
    }
    succeed(Command::new("apt-get").arg("update"))?;
    succeed(Command::new("apt-get").args(["install", "--yes", "chromium"]))?;
    installed().context("no Chromium was found, and installing it did not help")
}

fn installed() -> Option<PathBuf> {
    USUAL_NAMES.iter().map(PathBuf::from).find(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|answer| answer.status.success())
    })
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
}
