//! The stories that a real browser walks, and the outside judges beside them; never done without.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::console;
use crate::steps::{Desk, cargo, succeed};
use crate::testing::every_one;

/// Names under which a Chromium is usually installed.
const USUAL_NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// The test binary that holds the stories.
const STORIES: &str = "browser";
/// Where the outside judges are named, each with its version and its checksum.
const JUDGES: &str = "xtask/judges";
/// The story that takes the pictures of the README, and where they are kept.
const PICTURES: (&str, &str) = ("pictures::", "docs/pictures");

/// Runs the browser's stories.
pub fn stories(desk: &Desk) -> Result<()> {
    walk(desk, &[], None)
}

/// Takes the pictures of the README afresh.
pub fn pictures(desk: &Desk) -> Result<()> {
    let (story, folder) = PICTURES;
    let folder = desk.repo.root().join(folder);
    walk(desk, &[story], Some(&folder))?;
    console::say(format!("look at {} before you commit them", folder.display()));
    Ok(())
}

/// Runs the stories with `arguments`; at least one must run, and none may skip itself.
///
/// The whole workspace is named so that Cargo builds what it built for the other tests.
fn walk(desk: &Desk, arguments: &[&str], pictures: Option<&Path>) -> Result<()> {
    let chromium = chromium(desk)?;
    let judges = judges(desk)?;
    console::say(format!("browser: {}", chromium.display()));
    let test = ["test", "--workspace", "--locked", "--test", STORIES, "--", "--test-threads=2"];
    let mut command = cargo(desk, &test);
    command.arg("--show-output");
    command.args(arguments).env("CI", "true");
    command.env("MINDSHELF_CHROMIUM", chromium).env("MINDSHELF_JUDGES", judges);
    if let Some(folder) = pictures {
        command.env("MINDSHELF_PICTURES", folder);
    }
    every_one(&mut command, "the browser's stories")
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
