//! The stories that a real browser walks, and the outside judges beside them; never done without.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::console;
use crate::steps::{Desk, cargo, succeed};

/// Names under which a Chromium is usually installed.
const USUAL_NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// The test binary that holds the stories.
const STORIES: &str = "browser";
/// Where the outside judges are named, each with its version and its checksum.
const JUDGES: &str = "xtask/judges";
/// The story that takes the pictures of the README, and where they are kept.
const PICTURES: (&str, &str) = ("pictures::", "docs/pictures");
/// What a test prints that could not do its work.
const SKIPPED: &str = "SKIPPED";

/// Runs the browser's stories; at least one must run, and none may skip itself.
pub fn stories(desk: &Desk) -> Result<()> {
    let text = walked(desk, &["--show-output"], None)?;
    console::say(text.trim_end());
    ensure!(!text.contains(SKIPPED), "a story was skipped");
    ensure!(ran(&text) > 0, "no story ran");
    Ok(())
}

/// Takes the pictures of the README afresh.
pub fn pictures(desk: &Desk) -> Result<()> {
    let (story, folder) = PICTURES;
    let folder = desk.repo.root().join(folder);
    let text = walked(desk, &[story], Some(&folder))?;
    ensure!(ran(&text) > 0, "no picture was taken");
    console::say(format!("look at {} before you commit them", folder.display()));
    Ok(())
}

/// Runs the stories with `arguments` and answers what they printed.
///
/// The whole workspace is named so that Cargo builds what it built for the other tests.
fn walked(desk: &Desk, arguments: &[&str], pictures: Option<&Path>) -> Result<String> {
    let chromium = chromium(desk)?;
    let judges = judges(desk)?;
    console::say(format!("browser: {}", chromium.display()));
    let test = ["test", "--workspace", "--locked", "--test", STORIES, "--", "--test-threads=2"];
    let mut command = cargo(desk, &test);
    command.args(arguments).env("CI", "true");
    command.env("MINDSHELF_CHROMIUM", chromium).env("MINDSHELF_JUDGES", judges);
    if let Some(folder) = pictures {
        command.env("MINDSHELF_PICTURES", folder);
    }
    let answer = command.output().context("cannot run the stories")?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    if !answer.status.success() {
        console::say(format!("{text}{}", String::from_utf8_lossy(&answer.stderr)).trim_end());
    }
    ensure!(answer.status.success(), "the browser's stories ended with {}", answer.status);
    Ok(text)
}

/// How many tests passed according to what the test binary printed.
pub fn ran(text: &str) -> usize {
    let results = text.lines().filter_map(|line| line.strip_prefix("test result: ok. "));
    results.filter_map(|rest| rest.split(' ').next()?.parse::<usize>().ok()).sum()
}

/// The browser that `MINDSHELF_CHROMIUM` names, else an installed one, else one installed now.
fn chromium(desk: &Desk) -> Result<PathBuf> {
    if let Some(named) = &desk.chromium {
        return Ok(PathBuf::from(named));
    }
    if let Some(found) = installed() {
        return Ok(found);
    }
    succeed(Command::new("apt-get").arg("update"))?;
    succeed(Command::new("apt-get").args(["install", "--yes", "chromium", "chromium-driver"]))?;
    installed().context("no Chromium was found, and installing it did not help")
}

fn installed() -> Option<PathBuf> {
    USUAL_NAMES.iter().map(PathBuf::from).find(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|answer| answer.status.success())
    })
}

/// The folder of the outside judges, in the versions and with the checksums the repository names.
fn judges(desk: &Desk) -> Result<PathBuf> {
    let tool = std::env::current_exe().context("this tool does not know where it is")?;
    let folder = tool.parent().context("this tool lies in no folder")?.join("judges");
    fs::create_dir_all(&folder)?;
    let mut fresh = folder.join("node_modules").is_dir();
    for name in ["package.json", "package-lock.json"] {
        let path = format!("{JUDGES}/{name}");
        let text = desk.repo.text(&path).with_context(|| format!("{path} is missing"))?;
        let kept = folder.join(name);
        fresh &= fs::read_to_string(&kept).is_ok_and(|kept| kept == text);
        fs::write(kept, text)?;
    }
    if !fresh {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
        succeed(&mut npm)?;
    }
    Ok(folder)
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
